"""Lines of a raw object as Arrow columns: the exact bytes, and the text that the checks read."""

import pyarrow as pa  # type: ignore[import-untyped]

from glue_jobs.raw import RawObject

INSTANT = pa.timestamp("us", "UTC")


def arrow_lines(raw: RawObject, content: bytes) -> pa.Table:
    """Return source_object, line_number, arrived_at, raw (the bytes) and line (text, broken bytes replaced).

    Blank lines are still in it: SQL drops them, which keeps the line numbers simple.
    """
    lines = content.split(b"\n")
    exact = pa.array(lines, pa.large_binary())
    return pa.table(
        {
            "source_object": pa.repeat(pa.scalar(raw.key), len(lines)),
            "line_number": pa.array(range(1, len(lines) + 1), pa.int64()),
            "arrived_at": pa.repeat(pa.scalar(raw.arrived_at, INSTANT), len(lines)),
            "raw": exact,
            "line": _as_text(exact, lines),
        }
    )


def _as_text(exact: pa.LargeBinaryArray, lines: list[bytes]) -> pa.LargeStringArray:
    """Return the same memory seen as text where all of it is UTF-8, otherwise each line by itself."""
    try:
        return exact.cast(pa.large_string())
    except pa.ArrowInvalid:
        return pa.array([line.decode("utf-8", errors="replace") for line in lines], pa.large_string())
