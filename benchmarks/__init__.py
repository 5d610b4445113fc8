"""How fast it is, measured: nothing imports this room, and no test asserts a time."""
