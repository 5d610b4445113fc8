"""Ports for servers that are still to start. The standard library alone: Flink's Python needs it too."""

import secrets
import socket
from contextlib import suppress

# No system gives these to outgoing connections. A server that takes seconds to start, or starts again after a kill,
# would else find its port taken by a connection, which may keep it for minutes.
_PORTS = range(10_000, 32_768)


def free_port() -> int:
    """Return a port that nothing is bound to now, by chance: whoever asks at the same moment gets another."""
    while True:
        port = secrets.choice(_PORTS)
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
