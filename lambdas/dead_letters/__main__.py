"""`python -m lambdas.dead_letters`: look at the batches that were given up, and send them again.

The queue is named by --queue before the command, or by the environment variable DEAD_LETTERS_URL.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.table import Table

from commerce.event import format_instant
from commerce.incident import Incident, RiskSignal, Tally, parse
from lambdas import clients
from lambdas.dead_letters.batch import Archive, ArchiveError, ForgottenError, Stream, StreamRecord
from lambdas.dead_letters.letter import LetterError, read_letter
from lambdas.dead_letters.queue import DeadLetterQueue, Held
from lambdas.dead_letters.resend import FunctionFailedError, Resender

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__, pretty_exceptions_enable=False)
REFUSED = 2
UNPROVEN = "which cannot tell whether its own are among them: look below errors/incidents/ before you discard it"
# What may go wrong with one letter, and with no other.
REFUSALS = (LetterError, ForgottenError, ArchiveError, FunctionFailedError, ClientError, BotoCoreError)

Ids = Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Ids that `list` shows; all unless given.")]
Bucket = Annotated[str, typer.Option("--archive", help="The raw bucket, for what the stream has forgotten.")]


class NoLetterError(ValueError):
    """What was asked for is not there; the message says what."""


@app.callback()
def dead_letters(
    context: typer.Context,
    queue: Annotated[str, typer.Option(envvar="DEAD_LETTERS_URL", help="The output DeadLettersUrl.")] = "",
) -> None:
    """Keep which queue the command that follows is about."""
    context.obj = queue


@app.command("list")
def list_letters(context: typer.Context) -> None:
    """List the batches that were given up, and why."""
    shown = Table("id", "given up", "why", "tries", "records", "shard", "first", title="Dead letters", expand=False)
    with _one_line_refusals(), _queue(context).held() as held:
        for message in held.messages.values():
            shown.add_row(*_described(message))
    _print(shown)


@app.command()
def show(
    context: typer.Context,
    message_id: Annotated[str, typer.Argument(metavar="ID", help="An id that `list` shows.")],
    archive: Bucket = "",
) -> None:
    """Show what the records of one batch say."""
    table = Table("sequence number", "what", "id", "rule", "subject", "state")
    with _one_line_refusals(), _queue(context).held() as held:
        (message,) = _chosen(held, [message_id])
        for record in _resender(archive).records(read_letter(message)):
            for words in _said(record):
                table.add_row(record.sequence, *words)
    _print(table)


@app.command()
def resend(context: typer.Context, ids: Ids = None, archive: Bucket = "") -> None:
    """Send batches to the function again, and delete those that it has answered; end with 1 if any is left.

    One that came from the archive is left in any case: the archive does not say which records are its own.
    """
    left = 0
    with _one_line_refusals():
        queue, resender = _queue(context), _resender(archive)
        with queue.held() as held:
            for message in _chosen(held, ids):
                left += not _resend(message, held=held, resender=resender)
    if left:
        raise typer.Exit(1)


@app.command()
def discard(
    context: typer.Context,
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Ids that `list` shows.")],
) -> None:
    """Delete batches that can never be answered, or that the archive has made good.

    Their records stay in the raw bucket, and among the rejects.
    """
    with _one_line_refusals():
        queue = _queue(context)
        with queue.held() as held:
            for message in _chosen(held, ids):
                held.remove(message["MessageId"])
                typer.echo(f"{message['MessageId']} is deleted")


def _resend(message: Mapping[str, Any], *, held: Held, resender: Resender) -> bool:
    """Send one batch again; return whether it is done with."""
    name = message["MessageId"]
    try:
        # The letters before it may have taken long.
        held.renew(name)
        resent = resender.resend(read_letter(message))
    except REFUSALS as error:
        typer.echo(f"{name} stays: {' '.join(str(error).split())}")
        return False
    if resent.failed:
        numbers = ", ".join(resent.failed)
        typer.echo(f"{name} stays: {len(resent.failed)} of {resent.sent} records failed again: {numbers}")
        return False
    if resent.archived:
        typer.echo(f"{name} stays: {resent.sent} incidents of its hours sent again from the archive, {UNPROVEN}")
        return False
    held.remove(name)
    typer.echo(f"{name}: {resent.sent} records sent again, the message is deleted")
    return True


def _print(table: Table) -> None:
    """Print a table of words that others chose: what looks like markup in them is none."""
    Console(markup=False, emoji=False).print(table)


def _described(message: Mapping[str, Any]) -> tuple[str, ...]:
    name = message["MessageId"]
    try:
        letter = read_letter(message)
    except LetterError as error:
        return (name, "", f"no dead letter: {error}")
    numbers = (str(letter.attempts), str(letter.records), letter.shard, letter.first_sequence)
    return (name, format_instant(letter.given_up_at), letter.condition, *numbers)


def _said(record: StreamRecord) -> Iterator[tuple[str, ...]]:
    for line in filter(bytes.strip, record.data.split(b"\n")):
        try:
            said = parse(line)
        except ValueError as error:
            yield (f"unreadable: {error}",)
            continue
        yield _told_by(said)


def _told_by(said: Incident | Tally | RiskSignal) -> tuple[str, ...]:
    match said:
        case Tally():
            return ("tally", said.tally_id, "", f"{said.records} {said.outcome}")
        case RiskSignal():
            return ("risk", said.risk_id, "", "", said.risk_class)
        case Incident():
            return ("incident", said.incident_id, said.rule, f"{said.subject_type} {said.subject}", said.state)


def _chosen(held: Held, ids: list[str] | None) -> list[Mapping[str, Any]]:
    """Return the messages asked for. Raises NoLetterError."""
    if not ids:
        return list(held.messages.values())
    if missing := [name for name in ids if name not in held.messages]:
        raise NoLetterError(f"{', '.join(missing)} is not in the queue, or somebody is looking at it just now")
    return [held.messages[name] for name in dict.fromkeys(ids)]


@contextmanager
def _one_line_refusals() -> Iterator[None]:
    try:
        yield
    except (NoLetterError, *REFUSALS) as error:
        typer.echo(" ".join(str(error).split()), err=True)
        raise typer.Exit(REFUSED) from error


def _queue(context: typer.Context) -> DeadLetterQueue:
    if not context.obj:
        raise NoLetterError("no queue: name it by --queue before the command, or by DEAD_LETTERS_URL")
    return DeadLetterQueue(client=clients.sqs(), url=context.obj)


def _resender(archive: str) -> Resender:
    return Resender(
        stream=Stream(client=clients.kinesis()),
        archive=Archive(client=clients.s3(), bucket=archive) if archive else None,
        functions=clients.functions(),
    )


if __name__ == "__main__":
    app()
