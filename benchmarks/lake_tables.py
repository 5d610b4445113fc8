"""The report of the lake's benchmark in lines: what the table on the terminal and the page both show."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.questions import WAYS

Report = dict[str, Any]
HAND = WAYS["duckdb"]
# Of the processes that wait for a processor, on average over the minute before: more than this is somebody else's.
IDLE_LOAD = 0.5


@dataclass(frozen=True)
class Section:
    """A heading, and lines of equal length below it."""

    title: str
    columns: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]


def sections(report: Report) -> Iterator[Section]:
    """Yield what the report says, section by section."""
    for job, title in (
        ("curate", "Raw records to the lake (curate)"),
        ("marts", "The lake to all marts, both readings"),
    ):
        columns = ("engine", "rows", "seconds", "rows/s", "processor", "memory")
        yield Section(title, columns, tuple(_pipeline(one, job) for one in report["pipelines"]))
    yield Section(
        "Growth: seconds grow with rows to the power of",
        ("engine", "job", "from", "to", "power"),
        tuple(_growth(one) for one in report["growth"]),
    )
    yield Section(
        "Five questions: visitors, funnel, brands, products, rfm",
        ("rows", "by", "seconds", "processor", "memory", "against by hand"),
        tuple(_question(one, report["questions"]) for one in report["questions"]),
    )
    yield Section(
        "The day after: all days built, one more delivered",
        ("what", "curate seconds", "marts seconds", "both"),
        tuple(_days(report["day_after"])),
    )


def remarks(report: Report) -> Iterator[str]:
    """Yield what a reader must know beside the tables: what was left out, and where answers differ."""
    load = report["machine"]["load_before"]
    if load > IDLE_LOAD:
        yield f"The machine was busy with other things when this began (load {load:.1f}): compare processor seconds."
    for one in report["left_out"]:
        yield f"Not measured: {one['what']} at {one['rows']:,} rows. {one['because']} (here {one['bound']:,})."
    yield from (f"Not the same answer: {line}" for line in report["disagreements"])
    if not report["disagreements"]:
        yield "Every way gave the same rows to each of the five questions."
        for one in report["pipelines"]:
            if one["engine"] == "spark":
                yield f"Both engines took and built the same at {one['rows']:,} rows: every mart, to the last digit."


def show(console: Console, report: Report) -> None:
    """Print all of it."""
    for section in sections(report):
        table = Table(title=section.title, title_justify="left")
        for number, column in enumerate(section.columns):
            table.add_column(column, justify="left" if number == 0 or column in ("by", "job") else "right")
        for line in section.lines:
            table.add_row(*line)
        console.print(table)
    for remark in remarks(report):
        console.print(remark, highlight=False)


def _pipeline(one: dict[str, Any], job: str) -> tuple[str, ...]:
    return (
        one["engine"],
        f"{one['rows']:,}",
        f"{one[f'{job}_seconds']:,.1f}",
        f"{one[f'{job}_rows_per_second']:,.0f}",
        f"{one[f'{job}_cpu_seconds']:,.1f}",
        _memory(one[f"{job}_peak_bytes"]),
    )


def _growth(one: dict[str, Any]) -> tuple[str, ...]:
    return one["engine"], one["job"], f"{one['from_rows']:,}", f"{one['to_rows']:,}", f"{one['exponent']:.2f}"


def _question(one: dict[str, Any], all_of_them: list[dict[str, Any]]) -> tuple[str, ...]:
    hand = next(other["seconds"] for other in all_of_them if (other["rows"], other["by"]) == (one["rows"], HAND))
    times = f"{one['seconds'] / hand:.2f} times"
    return f"{one['rows']:,}", one["by"], f"{one['seconds']:,.1f}", _cpu(one), _memory(one["peak_bytes"]), times


def _days(day: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for what, name, both in (
        (f"{day['days_before']} days", "before", "before_seconds"),
        ("one more day", "day", "day_seconds"),
    ):
        seconds = (day[f"curate_{name}_seconds"], day[f"marts_{name}_seconds"], day[both])
        yield what, *(f"{taken:,.1f}" for taken in seconds)


def _cpu(one: dict[str, Any]) -> str:
    return f"{one['cpu_seconds']:,.1f}" if "cpu_seconds" in one else ""


def _memory(found: int) -> str:
    return f"{found / 2**30:.1f} GiB"
