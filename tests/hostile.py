"""Input as somebody writes it who wants something else to happen, and what a command has to make of it."""

from pathlib import Path

from click.testing import Result

# Each would leave the file `pwned` behind where a shell or Python ran it, or change what a statement says.
SQL = (
    "'; DROP TABLE events; --",
    "' OR '1'='1",
    '" OR 1=1 --',
    "x' UNION SELECT line FROM rejects --",
    "`events`; DELETE FROM events",
    "%' ESCAPE '\\",
    "{user}?:name$1",
)
SHELL = ("$(touch pwned)", "`touch pwned`", "; touch pwned", "| touch pwned", "&& touch pwned", "\n touch pwned\n")
PYTHON = ("__import__('pathlib').Path('pwned').touch()", "{0.__class__}", "%(name)s%n%s")
STRANGE = ("", " ", "a" * 10_000, "\u202e\u0000", "\ud800", "\uff12\uff10\uff11\uff19-10-01")
WORDS = (*SQL, *SHELL, *PYTHON, *STRANGE)
DAYS = (*WORDS, "2019-10-01' OR 1=1 --", "2019-02-30", "0000-00-00", "10000-01-01", "-1", "2019-10-01T00:00:00; x")
# The calendar has no hour before the first and after the last of these.
HOURS = (*(day for day in DAYS if day), "9999-12-31", "9999-12-31T23", "0001-01-01", "0001-01-01T00", "2019-10-01T24")
# What a file of JSON may hold: a number for a list, nothing, or more brackets than a reader has room for.
DOCUMENTS = ("", "null", "[]", "3", "[" * 100_000, '{"a":' * 100_000, "1" * 5_000, "NaN", "\x00", '"\\ud800"')
PATHS = (
    *SQL[:2],
    *SHELL,
    *PYTHON[:1],
    "../../../../../../etc/passwd/x",
    "/proc/self/mem",
    "/dev/full/x",
    "",
    "a" * 300,
)


def refused_in_one_line(result: Result) -> str:
    """Return what the command said; it must have refused, in one line, without falling over."""
    assert isinstance(result.exception, SystemExit), repr(result.exception)
    assert result.exit_code in (1, 2), result.output
    said = result.stderr.strip()
    assert said and "Traceback" not in said
    errors = [line for line in said.splitlines() if line.strip()]
    assert len(errors) == 1 or errors[0].startswith("Usage:"), said
    return said


def left_alone(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder with its bytes, to compare before and after."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
