"""`python -m drills`: fault drills of the whole platform on this machine."""

import json
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from drills.bugs import plant_bugs
from drills.history import version, with_run
from drills.kept import Kept
from drills.page import page
from drills.report import Tally, wrong_lines
from drills.running import Ran, run_schedules
from drills.table import show
from laptop.cloud.starting import ROOT
from laptop.running import LaptopError
from simulator.record import Fault

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__, pretty_exceptions_enable=False)
FOLDER = ROOT / "build" / "drills"


@app.command()
def run(  # noqa: PLR0917  # typer reads the signature: each parameter is an option
    schedules: Annotated[int, typer.Option(min=1, help="How many schedules.")] = 20,
    seed: Annotated[int, typer.Option(help="The same seed deals the same faults.")] = 1,
    first: Annotated[int, typer.Option(min=0, help="Begin with the schedule of this number.")] = 0,
    work_dir: Annotated[
        Path, typer.Option("--work-dir", file_okay=False, help="Where the report and all files go.")
    ] = FOLDER,
    bugs: Annotated[
        bool, typer.Option("--bugs", help="Also plant bugs, by the tests that do so, and count those caught.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where the run in this folder was ended; with none there, begin.")
    ] = False,
    to_page: Annotated[
        typer.FileTextWrite | None,
        typer.Option(
            "--page",
            mode="a",
            lazy=False,
            help="Write the result as a page of Markdown, and add it to the runs beside.",
        ),
    ] = None,
) -> None:
    """Run schedules of faults and compare all that came of them; end with 1 on any difference."""
    console = Console(highlight=False)
    work_dir.mkdir(parents=True, exist_ok=True)
    kept = Kept(work_dir)
    try:
        tally = (kept.load(seed=seed, first=first) if resume else None) or Tally(seed=seed, first=first)
        with console.status("Starting") as status:
            if bugs and not tally.bugs.planted:
                status.update("Planting bugs")
                tally.bugs = plant_bugs(work_dir)
            numbers = range(tally.following, first + schedules)
            begin = partial(kept.keep, tally, under_way=True)
            for ran in run_schedules(numbers, seed=seed, folder=work_dir, begin=begin, say=status.update):
                tally.take(ran)
                kept.keep(tally)
                _write(tally, work_dir, kept)
                _tell(console, ran)
    except (LaptopError, Fault) as error:
        console.print(str(error), style="red", markup=False)
        raise typer.Exit(2) from None
    document = _write(tally, work_dir, kept)
    show(console, document)
    if to_page is not None:
        _write_page(document, to_page)
    if not tally.right:
        raise typer.Exit(1)


@app.command("page")
def page_of_report(
    to_page: Annotated[
        typer.FileTextWrite, typer.Argument(metavar="PAGE", mode="a", lazy=False, help="The page of Markdown.")
    ],
    work_dir: Annotated[Path, typer.Option("--work-dir", file_okay=False, help="Where the report is.")] = FOLDER,
) -> None:
    """Write the page of the last run from its report, as of a run that was ended; add it to the runs beside."""
    report = work_dir / "report.json"
    if not report.is_file():
        typer.echo(f"{report} is not there: `python -m drills run` writes it", err=True)
        raise typer.Exit(1)
    _write_page(json.loads(report.read_text()), to_page)


def _write_page(document: dict[str, Any], to_page: typer.FileTextWrite) -> None:
    text = page(document, with_run(Path(to_page.name).with_suffix(".json"), document))
    to_page.truncate(0)
    to_page.write(text)


def _write(tally: Tally, folder: Path, kept: Kept) -> dict[str, Any]:
    document = {"version": version(), "program": kept.program, **tally.document()}
    (folder / "report.json").write_text(json.dumps(document, indent=2) + "\n")
    return document


def _tell(console: Console, ran: Ran) -> None:
    outcome = ran.outcome
    mark = "[green]✓[/green]" if outcome.right else "[red]✗[/red]"
    never = float("inf")
    slowest = max((never if each.seconds is None else each.seconds for each in outcome.recoveries), default=0.0)
    names = "no faults" if ran.clean else ", ".join(outcome.plan.names)
    figures = f"{outcome.records:,} records, {outcome.incidents} incidents, {outcome.seconds:.0f} s"
    console.print(f"{mark} {outcome.plan.number}: {figures}, slowest recovery {slowest:.1f} s [dim]{names}[/dim]")
    for line in wrong_lines(outcome):
        console.print(line, style="red", markup=False)


if __name__ == "__main__":
    app()
