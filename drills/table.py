"""The end of a run for people."""

from typing import Any

from rich.console import Console
from rich.table import Table

from drills.wording import seconds, share


def show(console: Console, document: dict[str, Any]) -> None:
    """Print what was drilled and what came of it."""
    faults = Table("fault", "times", "recovery p50", "longest", title="Faults", title_justify="left")
    by_fault = document["recovery_seconds_by_fault"]
    for name, times in document["faults"].items():
        found = by_fault.get(name, {})
        faults.add_row(name, f"{times:,}", seconds(found.get("p50")), seconds(found.get("longest")))
    console.print(faults)
    recovery, bugs = document["recovery_seconds"], document["planted_bugs"]
    summary = Table(title="Drills", title_justify="left", show_header=False)
    for words, figure in (
        ("schedules", f"{document['schedules']:,}"),
        ("records sent", f"{document['records']:,}"),
        ("incidents", f"{document['incidents']:,}"),
        ("lost", f"{document['lost']:,}"),
        ("doubled", f"{document['doubled']:,}"),
        ("different", f"{document['different']:,}"),
        ("differences in the ledger", f"{document['ledger_differences']:,}"),
        ("drills that could not be made", f"{document['errors']:,}"),
        ("schedules broken off, and run again", f"{document['broken_off']:,}"),
        ("alerts sent again, since SNS never answered", f"{document['alerts_told_again']:,}"),
        ("dead letters sent again", f"{document['dead_letters_sent_again']:,}"),
        ("recovery, p50", seconds(recovery["p50"])),
        ("recovery, p95", seconds(recovery["p95"])),
        ("throughput under faults, of that without", share(document["throughput_ratio"])),
        *([("planted bugs, of these caught", f"{bugs['planted']}, {bugs['caught']}")] if bugs["planted"] else []),
    ):
        summary.add_row(words, figure)
    console.print(summary)
