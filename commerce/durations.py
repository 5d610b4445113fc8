"""Lengths of time in the words that a person would use."""

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


def in_words(seconds: int) -> str:
    """Return the largest unit that measures it evenly, as `6 hours`; up to two minutes in seconds."""
    for length, unit in _UNITS:
        if seconds > 120 and seconds % length == 0:
            count = seconds // length
            return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
    return f"{seconds} seconds"
