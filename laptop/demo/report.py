"""The report of a demonstration: every figure but `produced` read back from the system, and whether they add up."""

from collections import Counter
from typing import Any

from glue_jobs.engine import Engine
from laptop.demo.lake import every_answer, rows
from laptop.demo.readings import alerts, metrics, stored_incidents
from laptop.demo.waiting import Readings
from laptop.running import Laptop

Report = dict[str, Any]


def report(laptop: Laptop, lake: Engine, readings: Readings, *, produced: int) -> Report:
    """Return the report as it is written to report.json."""
    taken = [run for run in rows(lake, "curate_runs") if run["feed"] == "events"]
    outcomes = readings.stream.lines_by_outcome()
    stored = stored_incidents(laptop)
    answers = every_answer(lake)
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
            "events": sum(day["events"] for day in answers["daily_visitors"]["all_traffic"]),
            "rejects": sum(row["records"] for row in rows(lake, "rejects_by_reason")),
        },
        "incidents": {
            "emitted": len(readings.stream.incidents),
            "stored": len(stored),
            "alerts": alerts(laptop),
            "by_rule": dict(sorted(Counter(row["rule"]["S"] for row in stored).items())),
        },
        "metrics": metrics(laptop),
        "answers": answers,
        "restatements": rows(lake, "restatements"),
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
