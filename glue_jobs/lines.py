"""Lines of a raw object as Arrow columns: the exact bytes, and the text that the checks read."""

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]

from glue_jobs.raw import RawObject

INSTANT = pa.timestamp("us", "UTC")


def arrow_lines(raw: RawObject, content: bytes) -> pa.Table:
    """Return source_object, line_number, arrived_at, raw (the bytes) and line (text, broken bytes replaced).

    Blank lines are still in it: SQL drops them, which keeps the line numbers simple.
    """
    exact = pa.array(content.split(b"\n"), pa.large_binary())
    return pa.table(
        {
            "source_object": pa.repeat(pa.scalar(raw.key), len(exact)),
            "line_number": pa.array(np.arange(1, len(exact) + 1), pa.int64()),
            "arrived_at": pa.repeat(pa.scalar(raw.arrived_at, INSTANT), len(exact)),
            "raw": exact,
            "line": _as_text(exact),
        }
    )


def _as_text(exact: pa.LargeBinaryArray) -> pa.LargeStringArray:
    """Return the same memory seen as text where all of it is UTF-8, otherwise each line by itself."""
    try:
        return exact.cast(pa.large_string())
    except pa.ArrowInvalid:
        return pa.array([line.decode("utf-8", errors="replace") for line in exact.to_pylist()], pa.large_string())
