"""What a shop owner reads at the end of a demonstration."""

from decimal import Decimal
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from commerce.rules import RULES_BY_NAME
from laptop.demo.report import imbalances
from laptop.demo.verdicts import Verdict

PRODUCTS_SHOWN = 5
DAYS_SHOWN = 3


def show_summary(
    console: Console, report: dict[str, Any], *, judged: list[Verdict] | None, truth: dict[str, Any] | None
) -> None:
    """Print what came in, what was found, and the shop's days with and without what bots did."""
    _show_account(console, report)
    if judged is None:
        _show_incidents(console, report)
    else:
        _show_verdicts(console, judged)
    _show_days(console, report["answers"]["daily_visitors"], [] if truth is None else truth["people_by_day"])
    _show_products(console, report["answers"]["product_performance"])
    _show_restatements(console, report["restatements"])


def show_places(console: Console, *, mail: Path, report: Path) -> None:
    """Say where to look further."""
    console.print(f"\nThe alerts as mailed: {mail}\nThe whole report:     {report}")


def _show_account(console: Console, report: dict[str, Any]) -> None:
    events = report["events"]
    adds_up = report["ledger"]["balanced"] and not imbalances(report)
    verdict = "and every one is accounted for" if adds_up else "and not everything adds up: see the end"
    console.print(
        f"\n[bold]{events['produced']:,} records came in, {verdict}.[/bold]\n"
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
        table.add_row(title, escape(verdict.subject), f"{verdict.began:%Y-%m-%d %H:%M:%S}", noticed)
    console.print(table)


def _show_days(console: Console, days: dict[str, list[dict[str, Any]]], true: list[dict[str, Any]]) -> None:
    """Print each day in both readings and, where it is known, what the people really did."""
    counted = {"all traffic": days["all_traffic"], "people only": days["people_only"]}
    if true:
        counted["the people, in truth"] = true
    named = sorted({row["day"] for row in days["all_traffic"]})
    for day in named[:DAYS_SHOWN]:
        found = {words: next((row for row in rows if row["day"] == day), {}) for words, rows in counted.items()}
        table = Table(title=f"{day}, with and without what bots did", title_justify="left")
        for column in ("", *found):
            table.add_column(column, justify="right" if column else "left")
        for number in ("visitors", "visits", "views", "carts", "purchases", "revenue", "conversion"):
            table.add_row(number, *(_shown(number, row.get(number)) for row in found.values()))
        console.print(table)
    if len(named) > DAYS_SHOWN:
        console.print(f"{len(named) - DAYS_SHOWN} more days are in the report.")


def _show_products(console: Console, products: dict[str, list[dict[str, Any]]]) -> None:
    """Print the products at the top: those looked at most, or bought most where a till tells nothing but purchases."""
    looks = any(row["views"] for row in products["all_traffic"])
    number, title = ("views", "The products looked at most") if looks else ("purchases", "The products bought most")
    table = Table(title=title, title_justify="left")
    for column in ("place", "all traffic", number, "people only", number):
        table.add_column(column, justify="right" if column in ("place", number) else "left")
    tops = (
        sorted(rows, key=lambda row: (-row[number], row["product_id"]))[:PRODUCTS_SHOWN] for rows in products.values()
    )
    for place, (one, other) in enumerate(zip(*tops, strict=False), start=1):
        table.add_row(
            str(place), escape(one["product_id"]), f"{one[number]:,}", escape(other["product_id"]), f"{other[number]:,}"
        )
    console.print(table)


def _show_restatements(console: Console, restatements: list[dict[str, Any]]) -> None:
    """Print how the days' numbers changed when the verdicts counted again, and how many others did."""
    if not restatements:
        return
    table = Table(title="Numbers restated when the mistake was taken back", title_justify="left")
    for column in ("day", "number", "was", "now", "incidents"):
        table.add_column(column, justify="right" if column in ("was", "now", "incidents") else "left")
    for row in restatements:
        if row["mart"] == "daily_visitors" and row["reading"] == "people_only":
            was, now = (_short(row[name]) for name in ("was", "now"))
            table.add_row(row["period_start"], row["number"], was, now, str(len(row["incident_ids"])))
    console.print(table)
    marts = len({row["mart"] for row in restatements})
    console.print(f"In all, {len(restatements):,} numbers of {marts} marts; each names the incidents that changed it.")


def _shown(number: str, value: Any) -> str:
    if value is None:
        return ""
    if number == "conversion":
        return f"{value:.1%}"
    return f"{Decimal(str(value)):,}"


def _short(number: str) -> str:
    """Return a number without the digits that nobody reads."""
    return f"{float(number):.5f}" if len(number.partition(".")[2]) > 5 else number
