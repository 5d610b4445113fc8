"""What is counted, as CloudWatch reads it off standard output."""

import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from shop import OPENED_AT, SHOPPER, Shop, incident
from signals import risk

from commerce.incident import Outcome, Tally, to_line
from commerce.metrics import METRICS, namespace
from commerce.rejects import REJECT_REASONS
from commerce.rules import RULES, RULES_BY_NAME
from commerce.rules.rule import Severity
from lambdas.respond.counts import OTHER
from lambdas.respond.recent import REMEMBERED, Recent

ALLOWED = {
    "rule": {*RULES_BY_NAME, OTHER},
    "severity": set(Severity),
    "reason": {*REJECT_REASONS, OTHER},
    "risk_class": {"elevated", "high"},
}


def tally(outcome: Outcome, records: int, *, reason: str = "", period: int = 0) -> Tally:
    return Tally(
        tally_id=f"{outcome}-{reason}-{period}",
        period_start=OPENED_AT + timedelta(seconds=period),
        outcome=outcome,
        reason=reason,
        records=records,
    )


def published(output: str) -> Counter[tuple[Any, ...]]:
    """Return the sums by name and dimension values, having held every line to the catalogue."""
    catalogue, sums = {metric.name: metric for metric in METRICS}, Counter[tuple[Any, ...]]()
    for line in filter(lambda text: '"_aws"' in text, output.splitlines()):
        document = json.loads(line)
        (directive,) = document["_aws"]["CloudWatchMetrics"]
        assert directive["Namespace"] == namespace("dev")
        (declared,) = directive["Metrics"]
        metric = catalogue[declared["Name"]]
        assert declared["Unit"] == metric.unit
        assert [tuple(names) for names in directive["Dimensions"]] == [metric.dimensions]
        assert set(document) == {"_aws", metric.name, *metric.dimensions}
        values = tuple(document[name] for name in metric.dimensions)
        assert all(value in ALLOWED[name] for name, value in zip(metric.dimensions, values, strict=True))
        sums[metric.name, *values] += sum(document[metric.name])
    return sums


def test_tallies_account_for_every_record(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    """On time, late and rejected add up to what the shop sent: an alarm is only as good as its sum."""
    shop.deliver(
        [
            to_line(tally(Outcome.ON_TIME, 500)) + b"\n" + to_line(tally(Outcome.LATE, 7)),
            to_line(tally(Outcome.ON_TIME, 250, period=10)),
            *(to_line(tally(Outcome.REJECTED, 1, reason=reason)) for reason in REJECT_REASONS),
            to_line(tally(Outcome.REJECTED, 2, reason="a_reason_of_tomorrow")),
        ]
    )
    assert published(capsys.readouterr().out) == {
        ("EventsOnTime",): 750,
        ("EventsLate",): 7,
        **{("RecordsRejected", reason): 1 for reason in REJECT_REASONS},
        ("RecordsRejected", OTHER): 2,
    }


def test_a_signal_of_risk_is_counted_and_nothing_else(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    """A mail or a row about a customer accuses; the lake has it for those who are to take care."""
    assert shop.deliver([to_line(risk("somebody", risk_class="high"))]) == []
    said = capsys.readouterr().out
    assert published(said) == {("RisksSeen", "high"): 1}
    assert "somebody" not in said
    assert (shop.rows(), shop.mails()) == ({}, [])


def test_a_tally_or_a_risk_delivered_again_counts_once(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    """One poison record sends all that follow it in the batch through again, several times."""
    container, batch = shop.container(), [b"poison", to_line(tally(Outcome.ON_TIME, 500)), to_line(risk("somebody"))]
    for _ in range(3):
        shop.deliver(batch, container=container)
    sums = published(capsys.readouterr().out)
    assert sums["EventsOnTime",] == 500
    assert sums["RisksSeen", "elevated"] == 1
    assert sums["RecordsFailed",] == 3


def test_a_record_put_off_is_no_failed_one(
    shop: Shop, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A burst that takes two invocations must not wake anybody: nothing is wrong, and it comes again."""
    assert shop.deliver([to_line(incident())], milliseconds_left=1_000)
    assert published(capsys.readouterr().out) == {}
    assert [(entry.levelname, entry.message) for entry in caplog.records] == [("INFO", "incident put off")]


def test_an_episode_is_opened_alerted_and_closed_once(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    """The dashboard's number of incidents is the number of rows."""
    for state in ("open", "extended", "open", "closed", "closed", "extended"):
        shop.deliver([to_line(incident(state=state))])
    assert published(capsys.readouterr().out) == {
        ("IncidentsOpened", "request_flood", "high"): 1,
        ("AlertsSent", "request_flood", "high"): 1,
        ("IncidentsClosed", "request_flood"): 1,
    }


def test_an_episode_first_seen_closed_is_opened_and_closed(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    """Its earlier states may still be on their way in another shard."""
    shop.deliver([to_line(incident(state="closed"))])
    sums = published(capsys.readouterr().out)
    assert sums["IncidentsOpened", "request_flood", "high"] == sums["IncidentsClosed", "request_flood"] == 1


def test_dimensions_stay_bounded(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    """Every value of a dimension is a metric that is paid for; a shopper's id would have no bound."""
    names = [*(rule.name for rule in RULES), "a_rule_of_tomorrow", SHOPPER]
    shop.deliver([to_line(incident(rule=name, subject=f"u{number}")) for number in range(5) for name in names])
    output = capsys.readouterr().out
    assert published(output)["IncidentsOpened", OTHER, "high"] == 10
    assert SHOPPER not in "".join(line for line in output.splitlines() if "_aws" in line)


def test_a_container_remembers_the_latest_and_not_for_ever() -> None:
    """A batch comes again soon or not at all, and a container may live for hours."""
    recent = Recent()
    for number in range(REMEMBERED + 1):
        recent.note(str(number))
    assert [str(number) in recent for number in (0, 1, REMEMBERED)] == [False, True, True]
