"""Ports for servers that are still to start."""

import random
import socket

from laptop.ports import free_port

ASKED = 50


def test_a_free_port_is_none_that_a_connection_may_be_given():
    """A connection may keep its port for minutes: a server that starts after it could not."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as one:
        given = (server.getsockname()[1], one.getsockname()[1])
    assert max(free_port() for _ in range(ASKED)) < min(given)


def test_a_free_port_can_be_bound_and_is_another_one_each_time():
    """Also where all who ask have set chance to the same seed, as tests side by side do."""
    asked = []
    for _ in range(ASKED):
        random.seed(1)
        asked.append(free_port())
        socket.create_server(("127.0.0.1", asked[-1])).close()
    assert len(set(asked)) > ASKED // 2
