"""`python -m stacks`: what the stacks say about themselves, without deploying anything."""

import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from stacks.accepted import ACCEPTED
from stacks.accepted_by_checkov import BY_CHECKOV
from stacks.cost import recorded
from stacks.cost.bill import UnpricedError
from stacks.cost.page import page
from stacks.cost.recorded import DEFAULT_STAGE
from stacks.cost.report import as_csv, as_json, show
from stacks.cost.study import study
from stacks.cost.templates import NoTemplatesError, read, synthesise
from stacks.cost.wiring import UnknownPartError
from stacks.left_behind import SECTION, left_behind
from stacks.packaging import PackagingError
from stacks.security.outputs import NoOutputError, read_outputs
from stacks.security.page import page as security_page
from stacks.stages import DEV, PROD, UnknownStageError, stage_named

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__, pretty_exceptions_enable=False)
# The stages that are for AWS.
ON_THE_PAGE = (DEV, PROD)
# Beyond what any shop has.
MOST_EVENTS_PER_DAY = 1e12


class UnfitOptionError(ValueError):
    """An option that nothing can be made of; the message says why."""


COST_ERRORS = (
    UnfitOptionError,
    UnknownStageError,
    UnpricedError,
    UnknownPartError,
    NoTemplatesError,
    PackagingError,
)


class Format(StrEnum):
    """How the figures are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


@app.callback()
def stacks() -> None:
    """Look at the stacks."""


@app.command()
def cost(  # noqa: PLR0917  # typer reads the signature: each parameter is an option
    events_per_day: Annotated[float | None, typer.Option(help="A column for so many events a day.")] = None,
    stage: Annotated[str | None, typer.Option(help="The stage to price.", show_default=DEFAULT_STAGE.name)] = None,
    cdk_out: Annotated[Path | None, typer.Option(help="Price the templates in this folder, synthesise none.")] = None,
    as_format: Annotated[Format, typer.Option("--format", help="For people, or for tools.")] = Format.TABLE,
    to_page: Annotated[
        Path | None, typer.Option("--page", help="Write the page of documentation to this file.")
    ] = None,
    record: Annotated[bool, typer.Option("--record", help="Record what the default stage costs now.")] = False,
) -> None:
    """Price the templates of a stage: by service, for a million events, at rising rates, and what would lower it."""
    try:
        if to_page or record:
            if stage or cdk_out or events_per_day is not None or as_format is not Format.TABLE:
                raise UnfitOptionError(
                    "--page and --record are about the same stages and rates always: leave the rest out"
                )
            _write(to_page, record=record)
        else:
            _show(stage or DEFAULT_STAGE.name, events_per_day, cdk_out, as_format)
    except COST_ERRORS as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


@app.command()
def security(
    outputs: Annotated[Path, typer.Argument(help="The folder of the tools' outputs; make security-page fills it.")],
    to_page: Annotated[Path, typer.Option("--page", help="Write the page of documentation to this file.")],
    lock: Annotated[list[str], typer.Option(help="A lock file that pip-audit read.")],
    stage: Annotated[str, typer.Option(help="The stage whose templates were looked at.")] = DEV.name,
) -> None:
    """Write the page about what the security tools found; exit 1 where something is not accepted."""
    try:
        outcomes = read_outputs(outputs, accepted=(*ACCEPTED, *BY_CHECKOV), locks=lock)
    except NoOutputError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    to_page.write_text(security_page(outcomes, stage=stage, on=datetime.now(UTC).date()), encoding="utf-8")
    if any(outcome.found for outcome in outcomes):
        raise typer.Exit(1)


@app.command("left-behind")
def tell_left_behind(
    stage: Annotated[str, typer.Option(help="The stage that is about to be deployed or destroyed.")],
) -> None:
    """Read the names of the account's stacks, one a line; exit 1 where the stage no longer asks for one of its own."""
    try:
        wanted = stage_named(stage)
        found = left_behind(sys.stdin.read().split(), stage=wanted, asked_for=synthesise(wanted).stacks)
    except (UnknownStageError, PackagingError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    if found:
        typer.echo(
            f"{', '.join(found)}: in the account, but the stage {stage} does not ask for it. Write its setting into "
            f"stacks/stages.py again, or take it away as {SECTION} says.",
            err=True,
        )
        raise typer.Exit(1)


def _show(stage: str, events_per_day: float | None, cdk_out: Path | None, as_format: Format) -> None:
    wanted = stage_named(stage)
    if events_per_day is not None and not 0 <= events_per_day <= MOST_EVENTS_PER_DAY:
        raise UnfitOptionError(
            f"--events-per-day is {events_per_day:g}: it has to be from 0 to {MOST_EVENTS_PER_DAY:g}"
        )
    templates = read(cdk_out, stage=wanted.name) if cdk_out else None
    found = study(wanted, templates=templates, events_per_day=events_per_day, with_savings=not cdk_out)
    match as_format:
        case Format.JSON:
            typer.echo(as_json(found))
        case Format.CSV:
            typer.echo(as_csv(found))
        case Format.TABLE:
            show(Console(), found)


def _write(to_page: Path | None, *, record: bool) -> None:
    if to_page:
        _refuse_what_cannot_be_written(to_page)
    if record:
        recorded.write(study(DEFAULT_STAGE, with_savings=False).bills)
    if to_page:
        to_page.write_text(page([study(stage) for stage in ON_THE_PAGE]), encoding="utf-8")


def _refuse_what_cannot_be_written(path: Path) -> None:
    """Raise UnfitOptionError before a minute of computing rather than after it."""
    try:
        path.open("a").close()
    except OSError as error:
        raise UnfitOptionError(f"--page {path}: {error.strerror}") from error


if __name__ == "__main__":
    app()
