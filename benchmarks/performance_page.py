"""The page about speed, docs/performance.md, rendered from the report of `make bench`: no figure is typed by hand."""

from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.aims import aims, aims_section
from benchmarks.report import Report
from commerce.rules.page import markdown_table

_INTRODUCTION = """\
# How fast it is

Figures of `make bench` on one machine, which wrote this page. Run it on yours: what counts is how the lines compare,
not how fast this machine was. Speed over the lake has [a page of its own](benchmarks-lake.md), written
by `make bench-lake`.
"""
_HOW = """\
## How to repeat it

- `make bench PAGE=docs/performance.md` measures all of it in about half an hour, `make bench EVENTS=5000000` the
  detector with more events, which takes as much longer.
- `python -m benchmarks detector`, `alert`, `simulator`, `responder` or `start` measures one part, into the same report,
  `build/bench/report.json`. Parts may be of different times; the table of parts says so.
- How much each does: `--events` and `--runs` for the detector, `--attackers` and `--seconds` for the alerts, `--lines`
  for the simulator; `start --cold` also sets up in an empty folder.
- The lake: `python -m benchmarks lake`, by `--rows` spread over so many `--days`; `--spark-up-to`, `--pandas-up-to` and
  `--day-after` say up to which size the slow ones are measured.
- Nothing else should run meanwhile. A machine that was busy is named above, and then only ratios mean something.
- What was tried to make it faster, what it brought, and what the profile says is in
  the decisions on [lines](decisions/0071-what-the-detector-spends.md) and
  [panes](decisions/0073-panes-are-counted-in-java.md).
"""


def page(report: Report) -> str:
    """Return the page as Markdown; parts that have not been measured are left out."""
    parts: list[str] = [_INTRODUCTION, _machine(report)]
    if found := aims(report):
        parts += aims_section(found)
    for key, lines in SECTIONS.items():
        if key in report:
            parts += lines(report[key])
    parts += ["## When each part was measured\n", *_parts(report), _HOW]
    return "\n".join(parts)


def _machine(report: Report) -> str:
    machine = report["machine"]
    return (
        f"{machine['cores']} cores, {machine['memory_bytes'] / 2**30:.0f} GiB, Python {machine['python']}, "
        f"Flink {machine['flink']}, moto {machine['moto']}.\n"
    )


def _detector(part: dict[str, Any]) -> Iterator[str]:
    ours = part["events_per_second"]
    names = {
        "detector": "the detector, all rules",
        "parse_only": "parsing and judging lines alone",
        "naive_sql": "the same rules, each one hopping window",
        "python_operator": "one rule as a PyFlink KeyedProcessFunction",
        "hot_key": "the detector, half of the traffic of one user",
        "with_risk": "the detector with behavioural risk, as stages have it",
        "detector_of_few": "the detector, with as few events as the operator",
    }
    rows = [
        (
            title,
            f"{part['runs'][name]['events'][1]:,}",
            f"{part['runs'][name]['events_per_second']:,.0f}",
            f"{part['runs'][name]['events_per_cpu_second']:,.0f}",
            f"{ours / part['runs'][name]['events_per_second']:.2f}",
        )
        for name, title in names.items()
        if name in part["runs"]
    ]
    same, runs = part["incidents"], part["runs"]["detector"]["seconds"][0]
    yield "## The detector\n"
    yield from markdown_table(("job", "events", "events/s", "events a core second", "detector against it"), rows)
    yield (
        f"Medians of {len(runs)} runs of two sizes, slow ones fewer. A rate is a slope: the events that the larger "
        "size has more, over the seconds that it takes longer, so that no start counts; with few events Java has "
        "compiled less by then. All read lines of JSON from "
        "two files on two cores, with RocksDB and exactly-once checkpoints every ten seconds; "
        f"{part['traffic_events_per_second']} events of the made-up shop come a second, by users whose shares follow "
        "Zipf's law, with attacks of nine kinds among them.\n"
    )
    yield (
        f"- The naive rules found {'the same' if part['same_incidents'] else '**other**'} incidents: "
        f"{same['incidents']:,} of {len(same['rules'])} rules in {same['events']:,} events, {same['missing']} missing, "
        f"{same['additional']} additional."
    )
    checkpoints = part["checkpoints"]
    if checkpoints["completed"]:
        yield (
            f"- A checkpoint takes {checkpoints['milliseconds']:,.0f} ms and writes "
            f"{checkpoints['written_bytes'] / 2**20:,.1f} MiB; the state is {checkpoints['state_bytes'] / 2**20:,.1f} "
            f"MiB, {checkpoints['state_bytes_per_user']:,.0f} bytes for each of {checkpoints['users']:,} users."
        )
    yield ""


def _alert(part: dict[str, Any]) -> Iterator[str]:
    names = {
        "wait": "until the pane is over and nobody is waited for",
        "pipeline_to_row": "from then to the incident's row",
        "pipeline_to_alert": "from then to the alert",
        "row": "in all, to the row",
    }
    rows = [(title, *_seconds(part[name])) for name, title in names.items()]
    yield "## From event to alert\n"
    yield from markdown_table(("seconds", "p50", "p95", "p99"), [*rows, ("in all, to the alert", *_seconds(part))])
    yield (
        f"{part['told']} of {part['attackers']} attackers, on AWS on the laptop, at "
        f"{part['events_per_second']:,.0f} events a second: half of the {part['sustainable_events_per_second']:,.0f} "
        "that it sustains.\n"
    )


def _simulator(part: dict[str, Any]) -> Iterator[str]:
    names = {
        "replay_to_file": "replay to a file",
        "generate_to_file": "generate to a file",
        "replay_to_kinesis": "replay to Kinesis (moto)",
        "generate_to_kinesis": "generate to Kinesis (moto)",
    }
    rows = [(title, *_driven(part[name])) for name, title in names.items()]
    more = part["replay_of_more"]
    grown = ("replay of a larger file", *_driven({**more, "events": more["rows"]}))
    yield "## The simulator\n"
    yield from markdown_table(("what", "events", "events/s", "memory at most"), [*rows, grown])


def _driven(one: dict[str, Any]) -> tuple[str, ...]:
    return f"{one['events']:,}", f"{one['events_per_second']:,.0f}", f"{one['peak_bytes'] / 2**20:,.0f} MiB"


def _responder(part: dict[str, Any]) -> Iterator[str]:
    rows = [
        (title, f"{one['milliseconds']:,.0f}", f"{one['calls_in_all']:,}", _calls(one))
        for title, one in (("the responder", part), ("one put, one publish, one metric call each", part["naive"]))
    ]
    yield "## The responder\n"
    yield from markdown_table((f"{part['incidents']:,} incidents", "ms", "calls", "which"), rows)
    yield f"The import that a cold start waits for takes {part['import_milliseconds']:,.0f} ms.\n"


def _calls(one: dict[str, Any]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in one["calls"].items())


def _start(part: dict[str, Any]) -> Iterator[str]:
    kept = {"setup_cold_seconds": "set-up from nothing", "setup_warm_seconds": "set-up that was made already"}
    rows = [(title, f"{part[name]:,.0f}") for name, title in kept.items() if name in part]
    rows.append(("`make demo` after set-up", f"{part['demo_seconds']:,.0f}"))
    rows += [(f"of which: {name}", f"{seconds:,.0f}") for name, seconds in part["steps"].items()]
    yield "## The start\n"
    yield from markdown_table(("what", "seconds"), rows)


def _seconds(one: dict[str, Any]) -> tuple[str, ...]:
    return tuple(f"{one[name]:,.1f}" for name in ("p50", "p95", "p99"))


def _parts(report: Report) -> Iterator[str]:
    rows = [
        (name, one["at"], f"{one['seconds']:,.0f}", f"{one['load_before']:.1f}")
        for name, one in sorted(report.get("measured", {}).items())
    ]
    yield from markdown_table(("part", "at", "seconds it took", "load before"), rows)


SECTIONS: dict[str, Callable[[dict[str, Any]], Iterator[str]]] = {
    "detector": _detector,
    "alert_seconds": _alert,
    "simulator": _simulator,
    "responder": _responder,
    "start": _start,
}
