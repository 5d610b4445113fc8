"""The object names of Firehose: prefix expressions and what follows them."""

import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

_EXPRESSION = re.compile(r"!\{(\w+):([^}]*)\}")
# The letters of Java's DateTimeFormatter that the documentation of Firehose uses.
_LETTERS = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S", "DDD": "%j"}
_LETTER = re.compile("|".join(sorted(_LETTERS, key=len, reverse=True)))


def prefix_at(prefix: str, *, arrived_at: datetime, error_type: str = "") -> str:
    """Return the prefix with its expressions evaluated, in UTC; without any, the hour is put behind it."""
    moment = arrived_at.astimezone(UTC)
    if "!{" not in prefix:
        return prefix + moment.strftime("%Y/%m/%d/%H/")
    values: dict[str, Callable[[str], str]] = {
        "timestamp": lambda pattern: _formatted(pattern, moment),
        "firehose": lambda name: error_type if name == "error-output-type" else uuid.uuid4().hex[:11],
    }

    def evaluated(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise ValueError(f"{match[0]} is no prefix expression that Firehose knows without partitioning")
        return values[match[1]](match[2])

    return _EXPRESSION.sub(evaluated, prefix)


def _formatted(pattern: str, moment: datetime) -> str:
    plain = pattern.replace("'", "")
    return _LETTER.sub(lambda letters: moment.strftime(_LETTERS[letters[0]]), plain)


def object_name(stream: str, *, version: str, arrived_at: datetime, shard: str, first: str, last: str) -> str:
    """Return the name behind the prefix. The same range of the same shard has the same name."""
    moment = arrived_at.astimezone(UTC).strftime("%Y-%m-%d-%H-%M-%S")
    return f"{stream}-{version}-{moment}-{uuid.uuid5(uuid.NAMESPACE_OID, f'{shard}/{first}/{last}')}"
