"""What a SQL file says about itself: comment lines `-- name: text` before the query."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Header:
    """The lines of one file, in order; a name may come more than once."""

    lines: tuple[tuple[str, str], ...]

    def one(self, name: str, default: str | None = None) -> str:
        """Return the text of the first line of that name. Raises KeyError where there is none and no default."""
        for found, text in self.lines:
            if found == name:
                return text
        if default is None:
            raise KeyError(name)
        return default

    def every(self, name: str) -> tuple[str, ...]:
        """Return the texts of all lines of that name."""
        return tuple(text for found, text in self.lines if found == name)


def read_header(sql: str) -> Header:
    """Read the comment lines of a query that have the form `-- name: text`."""
    comments = (line.removeprefix("-- ") for line in sql.splitlines() if line.startswith("-- "))
    parts = (comment.partition(": ") for comment in comments)
    return Header(tuple((name, text.strip()) for name, colon, text in parts if colon))
