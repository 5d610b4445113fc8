"""The study for the terminal, and for tools as JSON or CSV."""

import csv
import io
import json

from rich.console import Console
from rich.table import Table

from stacks.cost.study import Study
from stacks.cost.wording import (
    Row,
    bill_header,
    bill_rows,
    comparison_sentence,
    crossover_sentence,
    dominant_rows,
    per_million_rows,
    rate_titles,
    saving_rows,
    shortfall_rows,
    sum_rows,
)


def as_json(study: Study) -> str:
    """Return the whole study as JSON; money in US dollars a month."""
    return json.dumps(study.as_dict(), indent=2)


def as_csv(study: Study) -> str:
    """Return one row for each rate and service, and for idle and the sum of each rate."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("stage", "events_per_second", "service", "usd_per_month", "usd_per_million_events"))
    for rate, bill in study.bills.items():
        amounts = {**bill.by_service(), "idle": study.idle.total, "total": bill.total}
        for service, usd in amounts.items():
            per_million = usd / bill.events * 1e6 if bill.events else ""
            rows.writerow((study.stage, f"{rate:g}", service, usd, per_million))
    return text.getvalue().rstrip("\n")


def show(console: Console, study: Study) -> None:
    """Print the bill, what dominates it, and which setting would lower it."""
    table = study.table
    console.print(
        f"Stage {study.stage}, {table.region}, list prices of {table.as_of}, no free tier, no tax", highlight=False
    )
    bill = _table(bill_header(study), list(bill_rows(study)))
    bill.add_section()
    for row in sum_rows(study):
        bill.add_row(*row, style="bold")
    console.print(bill)
    for name, enough, consequence in shortfall_rows(study):
        console.print(f"{name} is not enough: {consequence}. Raise it to {enough}.", highlight=False, style="bold")
    rates = rate_titles(study)
    console.print("For a million events", highlight=False)
    console.print(_table(("US dollars", *rates[1:]), list(per_million_rows(study))))
    console.print("What costs most", highlight=False)
    console.print(_table(("at", "first", "second", "third"), list(dominant_rows(study))))
    if study.savings:
        console.print("Settings that would lower it, US dollars a month", highlight=False)
        console.print(_table(("setting", *rates), [row[:-1] for row in saving_rows(study)]))
        for setting, gives_up in {saving.setting: saving.gives_up for saving in study.savings}.items():
            console.print(f"{setting} gives up {gives_up}.", highlight=False)
    for sentence in (crossover_sentence(study), comparison_sentence(study)):
        console.print(sentence, highlight=False)


def _table(header: Row, rows: list[Row]) -> Table:
    table = Table()
    for title in header:
        number = title not in (header[0], "first", "second", "third")
        # A setting that is broken in two cannot be copied.
        table.add_column(title, justify="right" if number else "left", overflow="fold", no_wrap=title == "setting")
    for row in rows:
        table.add_row(*row)
    return table
