"""`python -m benchmarks`: measure on this machine."""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.input import MONTH_DAYS
from benchmarks.lake import Benchmark, Plan
from benchmarks.lake_page import page
from benchmarks.lake_tables import show
from benchmarks.measure import ROOT, BenchmarkError

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__, pretty_exceptions_enable=False)
SIZES = [1_000_000, 10_000_000, 40_000_000]


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
    work_dir: Annotated[Path, typer.Option("--work-dir", help="Where inputs, lakes and the report go.")] = (
        ROOT / "build" / "bench-lake"
    ),
    to_page: Annotated[Path | None, typer.Option("--page", help="Write the report as a page of Markdown.")] = None,
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
    if to_page is not None:
        to_page.write_text(page(report), encoding="utf-8")
    console.print(f"Every figure: {os.path.relpath(work_dir / 'report.json')}", highlight=False)
    if report["disagreements"]:
        raise typer.Exit(1)


if __name__ == "__main__":
    app()
