"""`python -m laptop ledger`: whether everything balances, from the producer to the mailbox."""

import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from commerce.arrival import HoursError, read_hours
from glue_jobs.ledger import Difference
from glue_jobs.raw import RawError
from laptop.deploy import Deployment
from laptop.ledger.balance import Ledger, balance
from laptop.ledger.sent import read_sent, read_truth
from laptop.ledger.sides import read_sides
from laptop.running import DEFAULT_WORK_DIR, Laptop, LaptopError, read_state

DIFFERENT, REFUSED = 1, 2
WORDS = {
    "sent": "sent by the producer",
    "on_stream": "on the events stream",
    "in_raw": "in the raw bucket",
    "accepted": "  accepted: events of the lake",
    "rejected": "  rejected, with the reason",
    "duplicates": "  duplicates of an event",
    "late": "too late for the detector, among them",
    "detected": "detected: on the incidents stream",
    "emitted": "emitted: in the archive",
    "curated": "in the lake",
    "stored": "stored: rows of the table",
    "due": "of these to be told",
    "alerted": "alerts sent",
}


class Output(StrEnum):
    """How to print the ledger."""

    TABLE = "table"
    JSON = "json"


def ledger(  # noqa: PLR0917  # typer reads the signature: each parameter is an option
    work_dir: Annotated[
        Path, typer.Option("--work-dir", help="The folder of the laptop that is running.")
    ] = DEFAULT_WORK_DIR,
    first: Annotated[str, typer.Option("--from", help="First hour of arrival, as 2025-03-03 or 2025-03-03T08.")] = "",
    last: Annotated[str, typer.Option("--to", help="Last hour of arrival, itself included.")] = "",
    sent: Annotated[
        list[Path] | None,
        typer.Option(
            help="What the producer sent in these hours: an account of the simulator's, or JSON lines, plain or gzip."
        ),
    ] = None,
    truth: Annotated[
        list[Path] | None, typer.Option(help="What the simulator meant these records to be: its --truth file.")
    ] = None,
    output: Annotated[Output, typer.Option("--format", help="A table for people, json for tools.")] = Output.TABLE,
) -> None:
    """Balance what was sent with the raw bucket and the lake, and what was detected with rows and alerts."""
    console = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
    try:
        hours = read_hours(first, last)
        producer, meant = read_sent(sent or []), read_truth(truth or [])
        found = balance(read_sides(attached(work_dir), hours), producer, meant)
    except (HoursError, LaptopError, RawError, BotoCoreError, ClientError) as error:
        said = " ".join(str(error).split())
        Console(stderr=True, highlight=False, soft_wrap=True, markup=False).print(said, style="red")
        raise typer.Exit(REFUSED) from None
    if output is Output.JSON:
        typer.echo(json.dumps(found.document(), ensure_ascii=False))
    else:
        show(console, found)
    if found.differences:
        raise typer.Exit(DIFFERENT)


def attached(work_dir: Path) -> Laptop:
    """Return the laptop that runs in the folder. Raises LaptopError."""
    state = read_state(work_dir)
    if state is None or "outputs" not in state:
        raise LaptopError(f"Nothing is running in {work_dir}: `make up` starts it, --work-dir names another folder")
    return Laptop(
        endpoint_url=state["endpoint_url"],
        work_dir=work_dir.resolve(),
        outputs=state["outputs"],
        flink_web=state["flink_web"],
        deployment=Deployment(work_dir=work_dir, group=0),
    )


def show(console: Console, found: Ledger) -> None:
    """Print the ledger for people."""
    for title, counts in (("Records", found.events), ("Incidents", found.incidents)):
        console.print(_table(title, {WORDS[name]: count for name, count in counts.items()}))
    if found.rejects_by_reason:
        console.print(_table("Rejects by reason", found.rejects_by_reason))
    if found.judged:
        console.print(_table("Judged by the detector", found.judged))
    for note in found.notes:
        console.print(note)
    if found.differences:
        console.print(_differences(found.differences))
    else:
        console.print(Text.assemble(("✓", "green"), " Everything balances."))


def _table(title: str, counts: Mapping[str, int]) -> Table:
    table = Table(title=title, title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for words, count in counts.items():
        table.add_row(words, f"{count:,}")
    return table


def _differences(differences: tuple[Difference, ...]) -> Table:
    table = Table("difference", "records", "the first of them", title="It does not balance", title_justify="left")
    for difference in differences:
        table.add_row(difference.between, f"{difference.records:,}", difference.first)
    return table
