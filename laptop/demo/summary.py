"""What a shop owner reads at the end of a demonstration."""

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from commerce.rules import RULES_BY_NAME
from laptop.demo.verdicts import Verdict


def show_summary(console: Console, report: dict[str, Any], *, judged: list[Verdict] | None) -> None:
    """Print what came in, what was found, and what the shop's days looked like."""
    _show_account(console, report)
    if judged is None:
        _show_incidents(console, report)
    else:
        _show_verdicts(console, judged)
    _show_days(console, report["answers"]["daily_visitors"])


def show_places(console: Console, *, mail: Path, report: Path) -> None:
    """Say where to look further."""
    console.print(f"\nThe alerts as mailed: {mail}\nThe whole report:     {report}")


def _show_account(console: Console, report: dict[str, Any]) -> None:
    events = report["events"]
    console.print(
        f"\n[bold]{events['produced']:,} records came in, and every one is accounted for.[/bold]\n"
        f"  {events['accepted']:>9,}  are events, now in the lake"
        f" ({events['late']:,} of them too late for the detector)\n"
        f"  {events['rejected']:>9,}  are no events and are kept with the reason\n"
        f"  {events['duplicates']:>9,}  had come before\n"
    )


def _show_incidents(console: Console, report: dict[str, Any]) -> None:
    found = report["incidents"]["by_rule"]
    if not found:
        console.print("[bold]No attack was found.[/bold]\n")
    for rule, count in found.items():
        console.print(f"  {count} times: {RULES_BY_NAME[rule].title}")


def _show_verdicts(console: Console, judged: list[Verdict]) -> None:
    caught = sum(len(verdict.found) == 1 for verdict in judged)
    table = Table(
        title=f"{caught} of {len(judged)} planted attacks were found, each with one alert", title_justify="left"
    )
    for column in ("attack", "who", "began (UTC)", "noticed after"):
        table.add_column(column)
    for verdict in judged:
        noticed = f"{verdict.seconds_to_detect:.0f} s" if verdict.found else "never"
        title = RULES_BY_NAME[verdict.family].title
        table.add_row(title, verdict.subject, f"{verdict.began:%Y-%m-%d %H:%M:%S}", noticed)
    console.print(table)


def _show_days(console: Console, days: list[dict[str, Any]]) -> None:
    table = Table(title="Visitors by day, all traffic", title_justify="left")
    for column in ("day", "visitors", "visits", "views", "carts", "purchases", "revenue"):
        table.add_column(column, justify="left" if column == "day" else "right")
    for day in days:
        counts = (f"{day[name]:,}" for name in ("visitors", "visits", "views", "carts", "purchases"))
        table.add_row(day["day"], *counts, str(day["revenue"]))
    console.print(table)
