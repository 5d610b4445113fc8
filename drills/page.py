"""The page about the drills, docs/drills.md, written from a run: no figure is typed by hand."""

from collections.abc import Iterator, Sequence
from typing import Any

from commerce.rules.page import markdown_table
from drills.wording import seconds, share

_INTRODUCTION = """\
# Fault drills

This page is written by a run of `make drills`; `build/drills/report.json` holds its figures for programs. Why the
drills are made as they are is in [the decision](decisions/0066-fault-drills.md).

```sh
make drills SCHEDULES=20 SEED=1
```

starts the platform on this machine with a proxy in front of AWS, sends one schedule of traffic after the other while
things fail, and compares all that came out with what a plain detector in one process makes of the same traffic. It ends
with 1 on any difference. `python -m drills run --schedules 1 --seed 1 --first 7` runs one schedule again;
`--work-dir` names another folder, `--page docs/drills.md` writes this page and adds the run to those in
`docs/drills.json`, `--bugs` also plants bugs and counts those caught. A long run may be ended at any moment: `make
drills` with the same SCHEDULES, SEED and FIRST and with `RESUME=1` goes on where it was, as long as the program is the
same, and `python -m drills page docs/drills.md` writes the page of what there is.
"""
_RECOVERY = """\
Recovery is the time from the end of a fault (or from a kill) until every incident has been told that what had been sent
by then leads to; for faults of S3, until all of it is in the archive. The detector takes a checkpoint every 10 seconds:
the aim is two of these and 10 seconds, 30 in all.
"""
_AGAIN = """\
An alert that SNS took while its answer was lost, or the responder was killed, is sent again: SNS recognises no
repetition, and the other choice would lose alerts. The proxy knows which those are; any other second alert counts as
doubled.
"""
_WRONG = """\
The ledger counts all that its platform holds: where one alert was doubled, it is in the count after later schedules
too, and told again when that has changed.
"""
_RUNS = """\
Each on the version named, the newest last. The same seed deals the same schedules to all versions; what they send and
what must come of it may have changed with the simulator and the rules.
"""
_RUN_COLUMNS = (
    "version",
    "ended on",
    "seed",
    "schedules",
    "records",
    "incidents",
    "lost",
    "doubled",
    "different",
    "ledger differences",
    "recovery, p50",
    "p95",
    "throughput",
)
_COUNTS = ("records", "incidents", "lost", "doubled", "different", "ledger_differences")


def page(document: dict[str, Any], runs: Sequence[dict[str, Any]]) -> str:
    """Return the page; `document` is the report as it is written to report.json, `runs` all that the page tells of."""
    return "\n".join(_parts(document, runs))


def _parts(document: dict[str, Any], runs: Sequence[dict[str, Any]]) -> Iterator[str]:
    numbers, bugs, recovery = document["numbers"], document["planted_bugs"], document["recovery_seconds"]
    yield _INTRODUCTION
    yield "## The run\n"
    yield (
        f"Run {_days(document)}: seed {document['seed']}, schedules {numbers['first']} to {numbers['last']} "
        f"({document['schedules']:,} in all), {document['records']:,} records, {document['incidents']:,} incidents.\n"
    )
    figures = [
        ("lost", f"{document['lost']:,}"),
        ("doubled", f"{document['doubled']:,}"),
        ("different from the run without faults", f"{document['different']:,}"),
        ("differences in the ledger", f"{document['ledger_differences']:,}"),
        ("drills that could not be made", f"{document['errors']:,}"),
        ("schedules broken off, and run again", f"{document['broken_off']:,}"),
        ("alerts sent again, since nobody could know that SNS had them", f"{document['alerts_told_again']:,}"),
        ("dead letters sent again by the command for it", f"{document['dead_letters_sent_again']:,}"),
        ("recovery, p50", seconds(recovery["p50"])),
        ("recovery, p95; the aim is 30 s", seconds(recovery["p95"])),
        ("throughput, of that without faults; the aim is 70%", share(document["throughput_ratio"])),
        *([("planted bugs, of these caught", f"{bugs['planted']}, {bugs['caught']}")] if bugs["planted"] else []),
    ]
    yield from markdown_table(("figure", "value"), figures)
    yield _AGAIN
    yield "## The faults\n"
    yield _RECOVERY
    by_fault = document["recovery_seconds_by_fault"]
    rows = [
        (
            name.replace("_", " "),
            f"{times:,}",
            seconds(by_fault.get(name, {}).get("p50")),
            seconds(by_fault.get(name, {}).get("longest")),
        )
        for name, times in document["faults"].items()
    ]
    yield from markdown_table(("fault", "schedules with it", "recovery, p50", "longest"), rows)
    if document["wrong"]:
        yield "## What was wrong\n"
        yield "\n".join(f"- {line}" for line in document["wrong"]) + "\n"
        yield _WRONG
    yield "## All runs\n"
    yield _RUNS
    yield from markdown_table(_RUN_COLUMNS, [*map(_row, runs), _sum(runs)])


def _row(run: dict[str, Any]) -> tuple[str, ...]:
    numbers, recovery = run["numbers"], run["recovery_seconds"]
    return (
        run["version"],
        run["ended"],
        f"{run['seed']}",
        f"{numbers['first']} to {numbers['last']}",
        *(f"{run[name]:,}" for name in _COUNTS),
        seconds(recovery["p50"]),
        seconds(recovery["p95"]),
        share(run["throughput_ratio"]),
    )


def _sum(runs: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    counts = (f"{sum(run[name] for run in runs):,}" for name in _COUNTS)
    return "in all", "", "", f"{sum(run['schedules'] for run in runs):,} schedules", *counts, "", "", ""


def _days(document: dict[str, Any]) -> str:
    began, ended = document["began"], document["ended"]
    return f"on {began}" if began == ended else f"from {began} to {ended}, taken up where it had been ended"
