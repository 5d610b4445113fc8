"""Leads the laptop's process group and kills it when the laptop is gone. A script of its own: nothing to import.

It reads its standard input, on which nothing ever comes but the end, which the kernel sends even after SIGKILL.
"""

import os
import signal
import sys


def main() -> None:
    """Wait for the end of the parent, then kill the group, this process included."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
