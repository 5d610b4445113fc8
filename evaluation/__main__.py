"""`python -m evaluation`: how good the detector is, and the gate that guards it."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from commerce.rules import RULES
from commerce.rules.rule import Rule, with_thresholds
from evaluation import gate as gates
from evaluation.days import Plan
from evaluation.engines import ROOT, Engine, EngineFault, FlinkEngine, QuickEngine
from evaluation.measuring import Evaluation, evaluate, run_days
from evaluation.page import page as rendered
from evaluation.report import details, report
from evaluation.scores import scores
from evaluation.table import show
from simulator.addresses import CRAWLER_NETWORK
from simulator.record import Fault

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__, pretty_exceptions_enable=False)
# Where recorded files may lie: in the repository's own folder for them, or beside it, where several share them.
_PLACES = (ROOT / "data", ROOT.parent / "shared" / "data")
RECORDED = next((place for place in _PLACES if place.is_dir()), _PLACES[0])
CERTH = RECORDED / "certh-web-bot-train-requests.csv.gz"
WORK_DIR = ROOT / "build" / "evaluation"
# Few and short days: what a loss of quality shows on, in a build of minutes.
GATE_SEEDS, GATE_HOURS, GATE_EVENTS = "101,102,103,104", 24.0, 50_000

SeedsOption = Annotated[str, typer.Option(help="Seeds, a day each, as in 1,2,3. The same seed gives the same day.")]
HoursOption = Annotated[float, typer.Option(min=1, help="Hours of a day.")]
EventsOption = Annotated[int, typer.Option(min=1, help="About how many events people make on each day.")]
AttacksOption = Annotated[int, typer.Option(min=0, help="How many attacks of each family on each day.")]
LookAlikesOption = Annotated[
    int, typer.Option("--look-alikes", min=0, help="How many of each who look like bots on each day.")
]
ThresholdOption = Annotated[
    list[str] | None,
    typer.Option("--threshold", help="Another threshold to try, rule.feature=number; may be given several times."),
]


@app.command()
def measure(  # noqa: PLR0917  # typer reads the signature: each parameter is an option
    engine: Annotated[
        Literal["quick", "flink"],
        typer.Option(help="flink is the real detector; quick is the one without an engine, for development."),
    ] = "quick",
    seeds: SeedsOption = "1,2",
    hours: HoursOption = 24.0,
    events: EventsOption = 200_000,
    attacks: AttacksOption = 4,
    look_alikes: LookAlikesOption = 2,
    held_out: Annotated[
        bool,
        typer.Option("--held-out", help="Also plant the variants that are for evaluation only: not while tuning."),
    ] = False,
    threshold: ThresholdOption = None,
    recorded: Annotated[
        Path, typer.Option(help="Folder with recorded files: each that begins like one.", show_default="data")
    ] = RECORDED,
    certh: Annotated[
        Path, typer.Option(help="Labelled sessions of people and web bots.", show_default=f"data/{CERTH.name}")
    ] = CERTH,
    work_dir: Annotated[
        Path, typer.Option("--work-dir", help="Where the reports go.", show_default="build/evaluation")
    ] = WORK_DIR,
    to_page: Annotated[Path | None, typer.Option("--page", help="Write the result as a page of Markdown.")] = None,
) -> None:
    """Run seeded days through a detector and hold what it finds against the truth."""
    plan = _plan(seeds, hours, events, attacks, look_alikes, held_out=held_out)
    _make(work_dir)
    if to_page is not None:
        _begin(to_page)
    chosen: Engine = QuickEngine() if engine == "quick" else FlinkEngine(work_dir.resolve())
    with _faults(), Console(stderr=True).status("…") as status:
        measured = evaluate(
            plan, engine=chosen, recorded=recorded, certh=certh, rules=_rules(threshold), say=status.update
        )
    _write(measured, work_dir)
    show(Console(), measured)
    if to_page is not None:
        to_page.write_text(rendered(measured), encoding="utf-8")
    typer.echo(f"Every figure: {os.path.relpath(work_dir / 'details.json')}")


@app.command()
def gate(  # noqa: PLR0917  # typer reads the signature: each parameter is an option
    seeds: SeedsOption = GATE_SEEDS,
    hours: HoursOption = GATE_HOURS,
    events: EventsOption = GATE_EVENTS,
    attacks: AttacksOption = 4,
    look_alikes: LookAlikesOption = 2,
    threshold: ThresholdOption = None,
) -> None:
    """Measure a few days with the quick detector, and fail where its quality falls below the stated bounds."""
    plan = _plan(seeds, hours, events, attacks, look_alikes, held_out=True)
    with _faults():
        days = list(run_days(plan, engine=QuickEngine(), rules=_rules(threshold)))
    found = list(gates.bounds(scores(days)))
    for bound in found:
        typer.echo(gates.line(bound), err=not bound.kept)
    if not all(bound.kept for bound in found):
        raise typer.Exit(1)


def read_seeds(text: str) -> tuple[int, ...]:
    """Read 1,2,3; raises BadParameter."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() for part in parts):
        raise typer.BadParameter(f"{text!r} is not of the form 1,2,3")
    seeds = tuple(map(int, parts))
    if len(set(seeds)) < len(seeds):
        raise typer.BadParameter(f"{text!r} has a seed twice: its day would count twice")
    return seeds


def _plan(seeds: str, hours: float, events: int, attacks: int, look_alikes: int, *, held_out: bool) -> Plan:
    return Plan(
        seeds=read_seeds(seeds),
        hours=hours,
        events=events,
        attacks_each=attacks,
        look_alikes_each=look_alikes,
        held_out=held_out,
        known_networks=(CRAWLER_NETWORK,),
    )


def _rules(thresholds: list[str] | None) -> tuple[Rule, ...]:
    try:
        return with_thresholds(RULES, thresholds or ())
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise typer.BadParameter(f"{folder} is no folder to write to: {error.strerror}") from error


def _begin(page: Path) -> None:
    """Refuse a page that cannot be written before hours of measurement, not after."""
    try:
        page.open("a").close()
    except OSError as error:
        raise typer.BadParameter(f"{page} is no file to write to: {error.strerror}") from error


@contextmanager
def _faults() -> Iterator[None]:
    """Turn what a person can put right into one line and an exit of 1."""
    try:
        yield
    except (Fault, EngineFault) as fault:
        typer.echo(f"evaluation: {fault}", err=True)
        raise typer.Exit(1) from fault


def _write(measured: Evaluation, folder: Path) -> None:
    for name, document in (("report.json", report(measured)), ("details.json", details(measured))):
        (folder / name).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    app()
