"""`python -m glue_jobs`: run the batch jobs and ask the lake from a terminal.

Every setting is an option, or the environment variable of its name in capitals.
"""

import os
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console

from commerce.settings import SettingsError, decode
from glue_jobs.answers import Format, show, to_text
from glue_jobs.engine import Answer, EngineError, open_engine
from glue_jobs.jobs import JobError, run_job
from glue_jobs.questions import QuestionError, ask, questions
from glue_jobs.raw import RawBucket, RawError
from glue_jobs.settings import LakeSettings

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__, pretty_exceptions_enable=False)
FAULTS = (SettingsError, JobError, EngineError, QuestionError, RawError)

RawBucketName = Annotated[str | None, typer.Option("--raw-bucket", help="Bucket that Firehose delivers to.")]
Warehouse = Annotated[str | None, typer.Option(help="Folder, or s3:// URI with the catalog glue.")]
Database = Annotated[str | None, typer.Option(help="Name of the lake's database.")]
EngineName = Annotated[str | None, typer.Option("--engine", help="duckdb or spark.")]
CatalogName = Annotated[str | None, typer.Option("--catalog", help="glue, sqlite (DuckDB) or hadoop (Spark).")]


@app.command()
def curate(
    raw_bucket: RawBucketName = None,
    warehouse: Warehouse = None,
    database: Database = None,
    engine: EngineName = None,
    catalog: CatalogName = None,
) -> None:
    """Take the raw objects that no run has taken into the lake."""
    _run("curate", _given(raw_bucket, warehouse, database, engine, catalog))


@app.command()
def marts(
    raw_bucket: RawBucketName = None,
    warehouse: Warehouse = None,
    database: Database = None,
    engine: EngineName = None,
    catalog: CatalogName = None,
) -> None:
    """Compute the marts anew from the lake."""
    _run("marts", _given(raw_bucket, warehouse, database, engine, catalog))


@app.command("ask")
def ask_question(  # noqa: PLR0917  # typer reads the signature: each parameter is an option
    name: Annotated[str, typer.Argument(help="A name that `list` shows.")],
    values: Annotated[list[str] | None, typer.Argument(help="What the question asks for.")] = None,
    output: Annotated[Format, typer.Option("--format", help="A table for people, csv or json for tools.")] = (
        Format.TABLE
    ),
    raw_bucket: RawBucketName = None,
    warehouse: Warehouse = None,
    database: Database = None,
    engine: EngineName = None,
    catalog: CatalogName = None,
) -> None:
    """Answer a named query from the lake."""
    given = _given(raw_bucket, warehouse, database, engine, catalog)
    try:
        answer = _answer(name, values or [], _settings({"raw_bucket": "", **given}))
    except FAULTS as error:
        raise _refusal(error) from error
    if output is Format.TABLE:
        show(answer, title=questions()[name].title)
    else:
        typer.echo(to_text(answer, output), nl=False)


@app.command("list")
def list_questions() -> None:
    """List the named queries and what each is good for."""
    rows = [(q.name, " ".join(q.asks), q.title, q.good_for) for q in questions().values()]
    show(Answer(("name", "asks for", "title", "good for"), list(rows)), title="Questions")


def _run(job: str, given: dict[str, str]) -> None:
    console = Console(stderr=True)
    try:
        with console.status(f"{job} …") as status:
            account = run_job(
                job,
                settings=_settings(given),
                environment=os.environ,
                reached=lambda step: status.update(f"{job} … {step}"),
            )
    except FAULTS as error:
        raise _refusal(error) from error
    show(Answer(tuple(account), [tuple(account.values())]), title=job)


def _answer(name: str, values: Sequence[str], settings: LakeSettings) -> Answer:
    if name not in questions():
        raise QuestionError(f"no question {name!r}: there are {', '.join(questions())}")
    engine = open_engine(settings, raw=RawBucket(name=settings.raw_bucket), environment=os.environ)
    try:
        return ask(engine, name, values)
    finally:
        engine.close()


def _given(
    raw_bucket: str | None, warehouse: str | None, database: str | None, engine: str | None, catalog: str | None
) -> dict[str, str]:
    options = {
        "raw_bucket": raw_bucket,
        "warehouse": warehouse,
        "database": database,
        "engine": engine,
        "catalog": catalog,
    }
    return {name: value for name, value in options.items() if value is not None}


def _settings(given: dict[str, str]) -> LakeSettings:
    """Read the settings from options over the environment. Raises SettingsError."""
    environment = {name.lower(): text for name, text in os.environ.items()}
    return decode(LakeSettings, {**environment, **given})


def _refusal(error: Exception) -> typer.Exit:
    typer.echo(str(error), err=True)
    return typer.Exit(2)


if __name__ == "__main__":
    app()
