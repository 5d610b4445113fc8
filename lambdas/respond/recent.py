"""What a container has lately done, so that a batch delivered again does not make it do it again."""

REMEMBERED = 10_000


class Recent:
    """The latest names noted. A container that is started in between knows none of them."""

    def __init__(self) -> None:
        self._names: dict[str, None] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def note(self, name: str) -> None:
        """Remember the name; of too many the oldest are forgotten."""
        self._names[name] = None
        if len(self._names) > REMEMBERED:
            del self._names[next(iter(self._names))]
