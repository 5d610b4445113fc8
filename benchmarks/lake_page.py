"""The page about the lake's speed, docs/benchmarks-lake.md, rendered from the report of one run."""

from collections.abc import Iterator

from benchmarks.aims import aims_section
from benchmarks.lake_aims import by_hand_against_pandas, lake_aims
from benchmarks.lake_tables import Report, Section, remarks, sections
from benchmarks.questions import OURS_ALONE, OURS_BUILT, OURS_FROM_EVENTS
from commerce.rules.page import markdown_table

_INTRODUCTION = """\
# How fast the lake is

Figures of one run of `make bench-lake` on one machine, which wrote this page. Run it on yours: what counts is how
the lines compare, not how fast this machine was. `python -m benchmarks lake-page docs/benchmarks-lake.md` writes it
anew from the figures of the last run, without measuring again.
"""
_HOW = f"""\
## How to read it

- **The input** is made up in the shape of [the recorded data](dataset.md): the events of a month as gzip objects of
  JSON lines by arrival hour, with a few records that come twice and a few that are no events. `curate` reads it
  through the S3 API, from a folder on disk.
- **Each measurement is a process of its own**, and each figure the median of its runs, if there were several. Seconds
  are those of the work: the start of Python, libraries and Java is left out for everybody. *Processor* is the seconds
  of all cores together, which hardly change when something else runs meanwhile. Memory is the largest sum of resident
  memory over the process and its children.
- **Marts** is the whole build: every mart, all traffic and people only, written to Iceberg tables. The made-up
  shop has no incidents, so both readings are the same rows and are computed once.
- **The five questions** are asked over the same Parquet files, those of the lake's events, and every way must give the
  same rows. Of the marts there are three lines: *{OURS_BUILT}* is their part of the build above, building blocks
  included; *{OURS_FROM_EVENTS}* is what their SQL costs from nothing but the events; *{OURS_ALONE}* is what it costs
  where the building blocks are there, as on every day. The other ways start from the events and write their answers to
  Parquet. Hand-written SQL knows nothing of visits without a session, late events or verdicts.
- **A power** of 1 means that twice the rows take twice as long.
- **The day after** is what a shop waits for each night: all days but the last are built, one more is delivered.
"""


def page(report: Report) -> str:
    """Return the page as Markdown."""
    parts = [_INTRODUCTION, _machine(report), *_aims(report), *map(_section, sections(report)), _remarks(report), _HOW]
    return "\n".join(parts)


def _aims(report: Report) -> Iterator[str]:
    yield from aims_section(lake_aims(report))
    yield from (f"{line}\n" for line in by_hand_against_pandas(report))


def _machine(report: Report) -> str:
    machine, runs = report["machine"], report["plan"]["runs"]
    return (
        f"{machine['cores']} cores, {machine['memory_bytes'] / 2**30:.0f} GiB, Python {machine['python']}, "
        f"DuckDB {machine['duckdb']}, PySpark {machine['pyspark']}, pandas {machine['pandas']}; {_of_how_many(runs)}.\n"
    )


def _of_how_many(runs: int) -> str:
    return "each figure of one run" if runs == 1 else f"medians of {runs}"


def _section(section: Section) -> str:
    return "\n".join([f"## {section.title}\n", *_lines(section)])


def _lines(section: Section) -> Iterator[str]:
    return iter(markdown_table(section.columns, section.lines))


def _remarks(report: Report) -> str:
    return "\n".join([*(f"- {line}" for line in remarks(report)), ""])
