"""What the lake's figures are held against: met, or missed by how much."""

from collections.abc import Iterator
from typing import Any

from benchmarks.aims import Aim
from benchmarks.questions import OURS_ALONE, OURS_FROM_EVENTS, WAYS

Report = dict[str, Any]
MANY_ROWS = 40_000_000
OURS = (OURS_ALONE, OURS_FROM_EVENTS)


def lake_aims(report: Report) -> list[Aim]:
    """Return the aims of what was measured: an aim is about the largest size at which both of its sides were."""
    return [*_growth(report), *_by_hand(report), *_pandas(report), *_day_after(report), *_memory(report)]


def _growth(report: Report) -> Iterator[Aim]:
    for one in report["growth"]:
        what = f"growth of {one['job']} by {one['engine']}: power of the rows"
        yield Aim(what=what, measured=one["exponent"], limit=1, unit="")


def _by_hand(report: Report) -> Iterator[Aim]:
    rows, seconds = _largest(report, WAYS["duckdb"])
    for by in OURS:
        times = seconds[by] / seconds[WAYS["duckdb"]]
        yield Aim(what=f"{by}, against by hand, {rows:,} rows", measured=times, limit=1.3, unit="times")


def _pandas(report: Report) -> Iterator[Aim]:
    rows, seconds = _largest(report, WAYS["pandas"])
    for by in OURS if rows else ():
        times = seconds[WAYS["pandas"]] / seconds[by]
        what = f"{by}, faster than pandas, {rows:,} rows"
        yield Aim(what=what, measured=times, limit=10, unit="times", at_least=True)


def by_hand_against_pandas(report: Report) -> Iterator[str]:
    """Yield, where it was measured, how far SQL that does nothing else gets on the way to that aim."""
    rows, seconds = _largest(report, WAYS["pandas"])
    if rows:
        times = seconds[WAYS["pandas"]] / seconds[WAYS["duckdb"]]
        yield f"For comparison: {WAYS['duckdb']} is {times:.2f} times faster than pandas at {rows:,} rows."


def _day_after(report: Report) -> Iterator[Aim]:
    day = report["day_after"]
    share = 100 * day["day_seconds"] / day["before_seconds"]
    what = f"the day after, of the full build of {day['days_before']} days"
    yield Aim(what=what, measured=share, limit=5, unit="%")


def _memory(report: Report) -> Iterator[Aim]:
    for one in report["pipelines"]:
        if one["rows"] >= MANY_ROWS:
            peak = max(one["curate_peak_bytes"], one["marts_peak_bytes"]) / 1e9
            what = f"memory of curate and marts by {one['engine']}, {one['rows']:,} rows"
            yield Aim(what=what, measured=peak, limit=8, unit="GB")


def _largest(report: Report, by: str) -> tuple[int, dict[str, float]]:
    """Return the largest size at which that way answered, 0 for none, and the seconds of every way there."""
    rows = max((one["rows"] for one in report["questions"] if one["by"] == by), default=0)
    return rows, {one["by"]: one["seconds"] for one in report["questions"] if one["rows"] == rows}
