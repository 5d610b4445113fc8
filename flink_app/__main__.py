"""`python -m flink_app`: what the detector would say of stored traffic. The detector itself is `flink_app/main.py`."""

import json
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from commerce.arrival import HOUR, HoursError, read_hours
from commerce.incident import Incident
from commerce.rules import RULES, RULES_BY_NAME
from commerce.rules.rule import with_thresholds
from flink_app.replay.rerun import Difference, ReplayError, replay
from flink_app.replay.stored import Stored
from flink_app.settings import DetectorSettings

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__, pretty_exceptions_enable=False)


@app.callback()
def detector() -> None:
    """Ask the detector about stored traffic."""


@app.command("replay")
def replay_command(  # noqa: PLR0917  # typer reads the signature: each parameter is an option
    first: Annotated[str, typer.Option("--from", help="First hour of arrival, as 2025-03-03 or 2025-03-03T08, UTC.")],
    last: Annotated[str, typer.Option("--to", help="Last hour of arrival, itself included; a day is its last hour.")],
    raw_bucket: Annotated[str, typer.Option(envvar="RAW_BUCKET", help="Bucket that Firehose delivers to.")],
    rules: Annotated[Path | None, typer.Option(help="TOML file with other thresholds: rule.feature = number.")] = None,
    warm_up_hours: Annotated[
        int, typer.Option(min=0, max=24 * 366, help="Hours before that are read along: rules look back.")
    ] = 6,
    known_network: Annotated[
        list[str] | None, typer.Option(help="IPv4 network of a welcome bot; may be given several times.")
    ] = None,
    lateness_seconds: Annotated[int, typer.Option(min=0, help="How late an event may be and still be judged.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Run the detector over stored raw data and say what would differ from what was found then."""
    try:
        settings = DetectorSettings(
            region="none",
            events_stream="none",
            incidents_stream="none",
            allowed_lateness_seconds=lateness_seconds,
            threshold_overrides=_thresholds(rules),
            known_networks=tuple(known_network or ()),
            behavioural_risk=False,
        )
        hours, warm_up = read_hours(first, last), timedelta(hours=warm_up_hours)
        if hours.since is None or hours.until is None:
            raise HoursError("--from and --to have to name an hour each: write 2025-03-03 or 2025-03-03T08")
        found = replay(
            Stored(bucket=raw_bucket), first=hours.since, last=hours.until - HOUR, warm_up=warm_up, settings=settings
        )
    except (ReplayError, BotoCoreError, ClientError, ValueError, OSError) as error:
        typer.echo(" ".join(str(error).split()), err=True)
        raise typer.Exit(1) from error
    _show_json(found) if as_json else _show(found)


def _thresholds(rules: Path | None) -> tuple[str, ...]:
    """Return the file's thresholds as overrides; raises ValueError for what fits no rule."""
    if rules is None:
        return ()
    given = tomllib.loads(rules.read_text(encoding="utf-8"))
    if not all(isinstance(features, dict) for features in given.values()):
        raise ValueError(f"{rules} has to consist of a table for each rule: [request_flood] and events = 100")
    overrides = tuple(
        f"{rule}.{feature}={number}" for rule, features in given.items() for feature, number in features.items()
    )
    with_thresholds(RULES, overrides)
    return overrides


def _show(found: Difference) -> None:
    console = Console(highlight=False, markup=False, emoji=False)
    otherwise = {incident.incident_id for incident in found.otherwise}
    told = (
        ([incident for incident in found.same if incident.incident_id not in otherwise], "as then", ""),
        (found.otherwise, "otherwise", "yellow"),
        (found.only_then, "no longer", "red"),
        (found.only_now, "new", "green"),
    )
    table = Table("", "rule", "who", "began (UTC)", "value", title=f"{found.records:,} records judged again")
    for incidents, verdict, colour in told:
        for incident in incidents:
            began = f"{incident.opened_at:%Y-%m-%d %H:%M:%S}"
            table.add_row(Text(verdict, colour), _title(incident), incident.subject, began, f"{incident.value:g}")
    console.print(table)
    console.print(", ".join(f"{len(incidents)} {verdict}" for incidents, verdict, _ in told) + ".")


def _show_json(found: Difference) -> None:
    document = {
        "records": found.records,
        **{
            name: [incident.incident_id for incident in getattr(found, name)]
            for name in ("same", "otherwise", "only_then", "only_now")
        },
    }
    typer.echo(json.dumps(document, indent=2))


def _title(incident: Incident) -> str:
    rule = RULES_BY_NAME.get(incident.rule)
    return rule.title if rule else incident.rule


if __name__ == "__main__":
    app()
