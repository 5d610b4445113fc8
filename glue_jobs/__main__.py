"""`python -m glue_jobs`: run the batch jobs and ask the lake from a terminal.

Where the lake is comes from options before the command, or from the environment variables of their names in capitals.
"""

import os
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from commerce.arrival import Hours, HoursError, read_hours
from commerce.days import DayError, read_day
from commerce.settings import SettingsError, decode
from glue_jobs.allowances import AllowListError
from glue_jobs.answers import Format, show, to_text
from glue_jobs.asking import QuestionError, Wish, ask, question_named
from glue_jobs.engine import Answer, EngineError, open_engine
from glue_jobs.jobs import JobError, run_job
from glue_jobs.ledger import LakeAccount, LakeLedger
from glue_jobs.marts import Reading
from glue_jobs.questions import questions
from glue_jobs.raw import RawBucket, RawError
from glue_jobs.settings import LakeSettings, Order
from glue_jobs.withdraw import WithdrawError

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__, pretty_exceptions_enable=False)
FAULTS = (
    AllowListError,
    BotoCoreError,
    ClientError,
    DayError,
    EngineError,
    HoursError,
    JobError,
    QuestionError,
    RawError,
    SettingsError,
    WithdrawError,
)

FROM_DAY = typer.Option("--from", help="First day, as 2019-10-01.")
TO_DAY = typer.Option("--to", help="Last day, itself included.")
FROM_HOUR = typer.Option("--from", help="First hour of arrival, as 2025-03-03 or 2025-03-03T08.")
TO_HOUR = typer.Option("--to", help="Last hour of arrival, itself included.")


@app.callback()
def lake(  # noqa: PLR0917  # typer reads the signature: each parameter is an option
    context: typer.Context,
    raw_bucket: Annotated[str | None, typer.Option("--raw-bucket", help="Bucket that Firehose delivers to.")] = None,
    warehouse: Annotated[str | None, typer.Option(help="Folder, or s3:// URI with the catalog glue.")] = None,
    database: Annotated[str | None, typer.Option(help="Name of the lake's database.")] = None,
    engine: Annotated[str | None, typer.Option(help="duckdb or spark.")] = None,
    catalog: Annotated[str | None, typer.Option(help="glue, sqlite (DuckDB) or hadoop (Spark).")] = None,
) -> None:
    """Keep where the lake is for the command that follows."""
    options = {
        "raw_bucket": raw_bucket,
        "warehouse": warehouse,
        "database": database,
        "engine": engine,
        "catalog": catalog,
    }
    environment = {name.lower(): text for name, text in os.environ.items()}
    context.obj = {**environment, **{name: value for name, value in options.items() if value is not None}}


@app.command()
def curate(context: typer.Context) -> None:
    """Take the raw objects that no run has taken into the lake."""
    _run(context, "curate", Order())


@app.command()
def marts(context: typer.Context) -> None:
    """Compute the marts of the days that changed."""
    _run(context, "marts", Order())


@app.command()
def backfill(context: typer.Context, from_day: Annotated[str, FROM_DAY], to_day: Annotated[str, TO_DAY]) -> None:
    """Take the raw objects that arrived on these days anew, and compute the marts of these days."""
    _run(context, "backfill", Order(from_day=from_day, to_day=to_day))


@app.command()
def withdraw(
    context: typer.Context,
    incident_id: Annotated[str, typer.Argument(help="The incident, as the alert names it.")],
    because: Annotated[str, typer.Option(help="Why it was no bot; kept with the decision.")],
    undo: Annotated[bool, typer.Option("--undo", help="It was one after all.")] = False,
) -> None:
    """Withdraw an incident's verdict: `marts` then counts its events as people's again."""
    _run(context, "withdraw", Order(incident_id=incident_id, because=because, undo=undo))


@app.command()
def erase(
    context: typer.Context,
    user_id: Annotated[str, typer.Argument(help="The shopper, as events name them.")],
) -> None:
    """Take everything of one user out of the lake and the raw objects; then run `curate` and `marts`."""
    _run(context, "erase", Order(user_id=user_id))


@app.command()
def upkeep(context: typer.Context) -> None:
    """Merge small files, forget old snapshots, delete files that nothing names, and rows whose retention is over."""
    _run(context, "upkeep", Order())


@app.command("ask")
def ask_question(  # noqa: PLR0917  # typer reads the signature: each parameter is an option
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A name that `list` shows.")],
    values: Annotated[list[str] | None, typer.Argument(help="What the question asks for.")] = None,
    people_only: Annotated[bool, typer.Option("--people-only", help="Without what bots did.")] = False,
    from_day: Annotated[str | None, FROM_DAY] = None,
    to_day: Annotated[str | None, TO_DAY] = None,
    limit: Annotated[int | None, typer.Option(min=0, help="At most so many rows.")] = None,
    output: Annotated[Format, typer.Option("--format", help="A table for people, csv or json for tools.")] = (
        Format.TABLE
    ),
) -> None:
    """Answer a named query from the lake."""
    try:
        wish = Wish(
            reading=Reading.PEOPLE_ONLY if people_only else Reading.ALL_TRAFFIC,
            from_day=None if from_day is None else read_day(from_day),
            to_day=None if to_day is None else read_day(to_day),
            limit=limit,
        )
        question = question_named(name)
        answer = _answer(context, name, values or [], wish)
    except FAULTS as error:
        raise _refusal(error) from error
    if output is Format.TABLE:
        show(answer, title=f"{question.title}, people only" if people_only else question.title)
    else:
        typer.echo(to_text(answer, output), nl=False)


@app.command()
def ledger(
    context: typer.Context,
    first: Annotated[str | None, FROM_HOUR] = None,
    last: Annotated[str | None, TO_HOUR] = None,
    output: Annotated[Format, typer.Option("--format", help="A table for people, csv or json for tools.")] = (
        Format.TABLE
    ),
) -> None:
    """Balance the raw bucket and the lake, record by record; end with 1 and name the first that differs."""
    try:
        if "" in (first, last):  # what a script's empty variable becomes: no wish for all hours
            raise HoursError("--from or --to is empty: write 2025-03-03 or 2025-03-03T08")
        account = _balance(context, read_hours(first or "", last or ""))
    except FAULTS as error:
        raise _refusal(error) from error
    counts = account.counts()
    rows = [("", name, count) for name, count in counts.items()]
    rows += [("difference", f"{found.between}: {found.first}", found.records) for found in account.differences]
    answer = Answer(("kind", "what", "records"), list(rows))
    if output is Format.TABLE:
        show(answer, title="It does not balance" if account.differences else "It balances")
    else:
        typer.echo(to_text(answer, output), nl=False)
    if account.differences:
        raise typer.Exit(1)


@app.command("list")
def list_questions() -> None:
    """List the named queries and what each is good for."""
    rows = [(q.name, " ".join(q.asks), q.title, q.good_for) for q in questions().values()]
    show(Answer(("name", "asks for", "title", "good for"), list(rows)), title="Questions")


def _run(context: typer.Context, job: str, order: Order) -> None:
    console = Console(stderr=True)
    try:
        with console.status(f"{job} …") as status:
            account = run_job(
                job,
                settings=_settings(context),
                order=order,
                environment=os.environ,
                reached=lambda step: status.update(f"{job} … {step}"),
            )
    except FAULTS as error:
        raise _refusal(error) from error
    show(Answer(tuple(account), [tuple(account.values())]), title=job)


def _settings(context: typer.Context, **defaults: str) -> LakeSettings:
    if not {"warehouse", "database"} <= context.obj.keys():
        raise SettingsError(
            "no lake is named: give --warehouse and --database before the command, or set the variables"
        )
    return decode(LakeSettings, {**defaults, **context.obj})


def _balance(context: typer.Context, hours: Hours) -> LakeAccount:
    settings = _settings(context)
    raw = RawBucket(name=settings.raw_bucket)
    engine = open_engine(settings, raw=raw, environment=os.environ, must_exist=True)
    try:
        return LakeLedger(engine=engine, raw=raw, settings=settings).account(hours)
    finally:
        engine.close()


def _answer(context: typer.Context, name: str, values: list[str], wish: Wish) -> Answer:
    settings = _settings(context, raw_bucket="")
    raw = RawBucket(name=settings.raw_bucket)
    engine = open_engine(settings, raw=raw, environment=os.environ, must_exist=True)
    try:
        return ask(engine, name, values, wish=wish)
    finally:
        engine.close()


def _refusal(error: Exception) -> typer.Exit:
    typer.echo(" ".join(str(error).split()), err=True)
    return typer.Exit(2)


if __name__ == "__main__":
    app()
