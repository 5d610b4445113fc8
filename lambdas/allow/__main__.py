"""`python -m lambdas.allow`: who is on the allow list, about whose incidents no alert is sent.

The table is named by --table before the command, or by the environment variable ALLOW_LIST_TABLE.
"""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.table import Table

from commerce.allowance import AllowanceError, checked_subject
from commerce.event import format_instant
from lambdas import clients
from lambdas.allow.entries import Author, read_file
from lambdas.allow.table import AllowListTable

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__, pretty_exceptions_enable=False)

SubjectType = Annotated[str, typer.Argument(metavar="TYPE", help="user, session, address or site.")]
Subject = Annotated[str, typer.Argument(help="Its id; an address or a network as 192.0.2.0/24; 'site' for the site.")]
By = Annotated[str, typer.Option("--by", help="Who says so; the name you are logged in by unless given.")]


@app.callback()
def allow_list(
    context: typer.Context,
    table: Annotated[str, typer.Option(envvar="ALLOW_LIST_TABLE", help="The output AllowListTableName.")] = "",
) -> None:
    """Keep which table the command that follows is about."""
    context.obj = table


@app.command()
def add(  # noqa: PLR0917  # typer reads the signature: each parameter is an option
    context: typer.Context,
    subject_type: SubjectType,
    subject: Subject,
    until: Annotated[str, typer.Option(help="Last day, as 2026-12-01, or an instant, as 2026-12-01T18:00:00Z.")],
    because: Annotated[str, typer.Option(help="Why; kept with the entry and with the incidents it covers.")],
    by: By = "",
) -> None:
    """Allow a subject, or give the entry it has another end or reason."""
    with _one_line_refusals():
        author = _author(by)
        entry = author.entry(subject_type=subject_type, subject=subject, until=until, because=because)
        _table(context).put(entry)
    typer.echo(f"{entry.subject_type} {entry.subject} is allowed until {format_instant(entry.expires_at)}")


@app.command()
def remove(context: typer.Context, subject_type: SubjectType, subject: Subject) -> None:
    """Take a subject from the list."""
    with _one_line_refusals():
        name = checked_subject(subject_type, subject)
        _table(context).remove(f"{subject_type}#{name}", at=_now())
    typer.echo(f"{subject_type} {name} is allowed no more")


@app.command("list")
def list_entries(context: typer.Context) -> None:
    """List the entries that hold now."""
    with _one_line_refusals():
        entries = _table(context).entries()
    shown = Table("type", "subject", "until", "because", "added", "by", title="Allowed")
    for entry in (entries[key] for key in sorted(entries) if entries[key].holds_at(_now())):
        until, added = format_instant(entry.expires_at), format_instant(entry.added_at)
        shown.add_row(entry.subject_type, entry.subject, until, entry.because, added, entry.added_by)
    # Reasons and names are what people wrote: what looks like markup in them is none.
    Console(markup=False, emoji=False).print(shown)


@app.command()
def apply(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help=r"A TOML file of \[\[allow]] entries.")],
    prune: Annotated[bool, typer.Option("--prune", help="Remove what is not in the file.")] = False,
    by: By = "",
) -> None:
    """Make the list what the file says: nothing is written unless all of it can be."""
    with _one_line_refusals():
        author = _author(by)
        done = _table(context).apply(read_file(file, author=author), at=author.at, prune=prune)
    typer.echo(f"{done.added} added, {done.changed} changed, {done.unchanged} unchanged, {done.removed} removed")
    if done.others:
        typer.echo(f"{done.others} more hold that are not in the file: --prune removes them")


@contextmanager
def _one_line_refusals() -> Iterator[None]:
    try:
        yield
    except (AllowanceError, BotoCoreError, ClientError) as error:
        typer.echo(" ".join(str(error).split()), err=True)
        raise typer.Exit(2) from error


def _table(context: typer.Context) -> AllowListTable:
    if not context.obj:
        raise AllowanceError("no table: name it by --table before the command, or by ALLOW_LIST_TABLE")
    return AllowListTable(client=clients.allow_list(), name=context.obj)


def _author(by: str) -> Author:
    return Author(name=by or _login(), at=_now())


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:
        raise AllowanceError("nobody is logged in: say by --by who you are") from error


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


if __name__ == "__main__":
    app()
