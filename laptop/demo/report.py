"""The report of a demonstration: every figure but `produced` read back from the system, and whether they add up."""

from collections import Counter
from typing import Any

from laptop.demo.lake import ask
from laptop.demo.readings import alerts, metrics, stored_incidents
from laptop.demo.waiting import Readings
from laptop.running import Laptop

Report = dict[str, Any]


def report(laptop: Laptop, readings: Readings, *, produced: int) -> Report:
    """Return the report as it is written to report.json. Raises LaptopError where the lake does not answer."""
    taken = [run for run in ask(laptop, "curate_runs") if run["feed"] == "events"]
    outcomes = readings.stream.lines_by_outcome()
    rows = stored_incidents(laptop)
    visitors = ask(laptop, "daily_visitors")
    return {
        "events": {
            "produced": produced,
            "accepted": sum(run["events"] for run in taken),
            "rejected": sum(run["rejects"] for run in taken),
            "late": outcomes["late"],
            "duplicates": sum(run["duplicates"] for run in taken),
        },
        "detector": {outcome: outcomes[outcome] for outcome in ("on_time", "late", "rejected")},
        "raw": {"objects": len(readings.raw_events.lines), "records": readings.raw_events.records},
        "lake": {
            "events": sum(day["events"] for day in visitors),
            "rejects": sum(row["records"] for row in ask(laptop, "rejects_by_reason")),
        },
        "incidents": {
            "emitted": len(readings.stream.incidents),
            "stored": len(rows),
            "alerts": alerts(laptop),
            "by_rule": dict(sorted(Counter(row["rule"]["S"] for row in rows).items())),
        },
        "metrics": metrics(laptop),
        "answers": {"daily_visitors": visitors},
    }


def imbalances(report: Report) -> list[str]:
    """Return what does not add up, in words; an empty list where everything does."""
    events, incidents = report["events"], report["incidents"]
    produced = events["produced"]
    sums = {
        "accepted + rejected + duplicates": events["accepted"] + events["rejected"] + events["duplicates"],
        "records in the archive": report["raw"]["records"],
        "records the detector judged": sum(report["detector"].values()),
    }
    wrong = [f"{what} = {figure:,}, produced = {produced:,}" for what, figure in sums.items() if figure != produced]
    if not report["detector"]["rejected"] == report["lake"]["rejects"] == events["rejected"]:
        wrong.append(f"the detector rejected {report['detector']['rejected']}, the lake {report['lake']['rejects']}")
    if report["lake"]["events"] != events["accepted"]:
        wrong.append(f"the lake has {report['lake']['events']:,} events, accepted were {events['accepted']:,}")
    if report["metrics"]["RecordsFailed"]:
        wrong.append(f"the responder could not handle {report['metrics']['RecordsFailed']:.0f} records")
    if not incidents["emitted"] == incidents["stored"] == incidents["alerts"]:
        wrong.append("incidents emitted, stored and alerted differ: {emitted}, {stored}, {alerts}".format(**incidents))
    return wrong
