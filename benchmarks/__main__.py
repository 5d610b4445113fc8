"""`python -m benchmarks`: measure on this machine."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import psutil
import typer
from rich.console import Console

from benchmarks import performance_page
from benchmarks.alert import AlertBenchmark
from benchmarks.detector import DetectorBenchmark, DetectorPlan
from benchmarks.driving import SimulatorBenchmark
from benchmarks.input import MONTH_DAYS
from benchmarks.lake import Benchmark, Plan
from benchmarks.lake_page import page
from benchmarks.lake_tables import show
from benchmarks.measure import ROOT, BenchmarkError
from benchmarks.report import PARTS, Report, merge, read_report
from benchmarks.responder import ResponderBenchmark
from benchmarks.start import StartBenchmark

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__, pretty_exceptions_enable=False)
SIZES = [1_000_000, 10_000_000, 40_000_000]
Say = Callable[[str], None]
Runs = Annotated[int, typer.Option(min=1, help="Each figure is the median of so many runs.")]
Events = Annotated[int, typer.Option(min=4_000, help="Events of the detector's larger size; a hundred are a second.")]
Lines = Annotated[int, typer.Option(min=1_000, help="Events that the simulator sends to a file.")]
Attackers = Annotated[int, typer.Option(min=2, help="Attackers whose alerts are timed.")]
Seconds = Annotated[float, typer.Option(min=10, help="For so long traffic is steady while alerts are timed.")]
Cold = Annotated[bool, typer.Option("--cold", help="Also set up in an empty folder: it downloads 3 GB.")]
WorkDir = Annotated[Path, typer.Option("--work-dir", file_okay=False, help="Where inputs and the report go.")]
# Opened at once: what cannot be written is to be told before it is measured, not after.
ToPage = Annotated[
    typer.FileTextWrite | None,
    typer.Option("--page", mode="a", lazy=False, help="Write the report as a page of Markdown."),
]
WORK_DIR, LAKE_DIR = ROOT / "build" / "bench", ROOT / "build" / "bench-lake"
EVENTS, LINES, ATTACKERS, STEADY_SECONDS = 1_000_000, 300_000, 60, 120.0


@app.callback()
def benchmarks() -> None:
    """Measure on this machine; nothing else should run meanwhile."""


@app.command()
def lake(  # noqa: PLR0917  # typer reads the signature: each parameter is an option
    rows: Annotated[list[int] | None, typer.Option(help="A size, in events; may be given several times.")] = None,
    runs: Annotated[int, typer.Option(min=1, help="Each figure is the median of so many runs.")] = 3,
    days: Annotated[int, typer.Option(min=2, help="Over how many days the events are spread.")] = MONTH_DAYS,
    spark_up_to: Annotated[int, typer.Option(help="Measure Spark at sizes up to this.")] = 10_000_000,
    pandas_up_to: Annotated[int, typer.Option(help="Measure pandas at sizes up to this.")] = 10_000_000,
    day_after: Annotated[int, typer.Option(help="Deliver one more day at the largest size up to this.")] = 10_000_000,
    work_dir: Annotated[
        Path, typer.Option("--work-dir", file_okay=False, help="Where inputs, lakes and the report go.")
    ] = LAKE_DIR,
    to_page: ToPage = None,
) -> None:
    """Raw records to answers: rows a second, memory, growth, the day after, and five questions against other ways."""
    console = Console()
    plan = Plan(
        rows=tuple(sorted(rows or SIZES)),
        runs=runs,
        days=days,
        spark_up_to=spark_up_to,
        pandas_up_to=pandas_up_to,
        day_after=day_after,
    )
    work_dir.mkdir(parents=True, exist_ok=True)
    try:
        with Console(stderr=True).status("…") as status:
            report = Benchmark(plan=plan, folder=work_dir.resolve(), say=status.update).run()
    except BenchmarkError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    show(console, report)
    _write(page(report), to_page)
    console.print(f"Every figure: {os.path.relpath(work_dir / 'report.json')}", highlight=False)
    if report["disagreements"]:
        raise typer.Exit(1)


@app.command("lake-page")
def lake_page(
    to_page: Annotated[
        typer.FileTextWrite, typer.Argument(metavar="PAGE", mode="a", lazy=False, help="The page of Markdown.")
    ],
    work_dir: WorkDir = LAKE_DIR,
) -> None:
    """Write the page of the last `lake` anew from its report, without measuring."""
    report = work_dir / "report.json"
    if not report.is_file():
        typer.echo(f"{report} is not there: `python -m benchmarks lake` writes it", err=True)
        raise typer.Exit(1)
    _write(page(json.loads(report.read_text())), to_page)


@app.command()
def detector(events: Events = EVENTS, runs: Runs = 3, work_dir: WorkDir = WORK_DIR, to_page: ToPage = None) -> None:
    """Count events a second: the detector beside parsing alone, naive SQL, Python and with a hot key."""
    _measure({"detector": _detector(events, runs)}, work_dir, to_page)


@app.command()
def alert(
    attackers: Attackers = ATTACKERS,
    seconds: Seconds = STEADY_SECONDS,
    work_dir: WorkDir = WORK_DIR,
    to_page: ToPage = None,
) -> None:
    """Time alerts, from the event that crosses a threshold to the row and the alert, on AWS on the laptop."""
    _measure({"alert": _alert(attackers, seconds)}, work_dir, to_page)


@app.command()
def simulator(lines: Lines = LINES, runs: Runs = 3, work_dir: WorkDir = WORK_DIR, to_page: ToPage = None) -> None:
    """Replay and generate, to a file and to Kinesis: events a second and memory."""
    _measure({"simulator": _simulator(lines, runs)}, work_dir, to_page)


@app.command()
def responder(runs: Runs = 3, work_dir: WorkDir = WORK_DIR, to_page: ToPage = None) -> None:
    """Answer a thousand incidents: calls, milliseconds, and the import of a cold start."""
    _measure({"responder": _responder(runs)}, work_dir, to_page)


@app.command()
def start(cold: Cold = False, work_dir: WorkDir = WORK_DIR, to_page: ToPage = None) -> None:
    """Time the demonstration after set-up, and set-up itself."""
    _measure({"start": _start(cold)}, work_dir, to_page)


@app.command("all")
def everything(  # noqa: PLR0917
    events: Events = EVENTS,
    runs: Runs = 3,
    lines: Lines = LINES,
    attackers: Attackers = ATTACKERS,
    seconds: Seconds = STEADY_SECONDS,
    cold: Cold = False,
    work_dir: WorkDir = WORK_DIR,
    to_page: ToPage = None,
) -> None:
    """Measure all parts, one after the other; nothing else should run meanwhile."""
    parts = {
        "responder": _responder(runs),
        "simulator": _simulator(lines, runs),
        "start": _start(cold),
        "alert": _alert(attackers, seconds),
        "detector": _detector(events, runs),
    }
    _measure(parts, work_dir, to_page)


def _write(text: str, to_page: typer.FileTextWrite | None) -> None:
    if to_page is not None:
        to_page.truncate(0)
        to_page.write(text)


Part = Callable[[Path, Say], Report]


def _detector(events: int, runs: int) -> Part:
    plan = DetectorPlan(events=events, runs=runs)
    return lambda folder, say: DetectorBenchmark(plan=plan, folder=folder, say=say).run()


def _alert(attackers: int, seconds: float) -> Part:
    return lambda folder, say: AlertBenchmark(attackers=attackers, seconds=seconds, folder=folder, say=say).run()


def _simulator(lines: int, runs: int) -> Part:
    return lambda folder, say: SimulatorBenchmark(events=lines, runs=runs, folder=folder, say=say).run()


def _responder(runs: int) -> Part:
    return lambda _folder, say: ResponderBenchmark(runs=runs, say=say).run()


def _start(cold: bool) -> Part:
    return lambda folder, say: StartBenchmark(cold=cold, folder=folder, say=say).run()


def _measure(parts: dict[str, Part], work_dir: Path, to_page: typer.FileTextWrite | None) -> None:
    """Measure the parts, each into the report as soon as it is there; then write the page of all that is known."""
    console = Console(highlight=False)
    path = work_dir.resolve() / "report.json"
    for name, part in parts.items():
        folder = work_dir.resolve() / name
        folder.mkdir(parents=True, exist_ok=True)
        load_before, began = psutil.getloadavg()[0], time.monotonic()
        try:
            with Console(stderr=True).status("…") as status:
                measured = part(folder, status.update)
        except BenchmarkError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from error
        merge(path, name, measured, load_before=load_before, seconds=time.monotonic() - began)
        console.print(f"{name}: {time.monotonic() - began:,.0f} s")
    report = read_report(path)
    _write(performance_page.page(report), to_page)
    missing = [name for name, key in PARTS.items() if key not in report]
    console.print(f"Every figure: {os.path.relpath(path)}" + (f"; not measured: {', '.join(missing)}" * bool(missing)))
    if not report.get("detector", {}).get("same_incidents", True):
        typer.echo("The naive rules found other incidents than the detector", err=True)
        raise typer.Exit(1)


if __name__ == "__main__":
    app()
