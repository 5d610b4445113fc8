"""The alert: a mail from which a shop manager knows what happened, how bad it is and what to do next.

It names the subject that it is about: a shopper by pseudonym, a session, an address cut short: its end stands in
the incident. Of others who took part it gives the number; it never carries a user agent.
"""

import json
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from commerce.durations import in_words
from commerce.incident import MAX_SUBJECTS, Incident, State
from commerce.rules.rule import Condition, Rule, SubjectType
from lambdas.addresses import UNREADABLE, abbreviated, is_pseudonym, with_addresses

WIDTH = 76
# SNS refuses a subject of 100 characters or more, one that is not ASCII, and one with a line break.
MAX_SUBJECT = 99
# What the subject of a mail has before the severity if it is not the first about its incident.
RISEN = "risen to "
SAMPLES_SHOWN = 3
RUNBOOK = "docs/runbook.md#an-alert-about-the-shop"


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where the reader can look further, by the names they have in this deployment; empty text: not known."""

    stage: str
    region: str
    incidents_table: str
    athena_workgroup: str
    sample_events_query: str


@dataclass(frozen=True)
class Mail:
    """An alert as SNS takes it: plain text."""

    subject: str
    body: str


def compose(
    incident: Incident,
    *,
    rules: Mapping[str, Rule],
    places: Places,
    risen_from: str | None = None,
    pseudonyms: bool = False,
) -> Mail:
    """Return the alert for an episode; `risen_from` is the severity that an earlier alert about it told of.

    `rules` are those the detector runs, by name; an unknown rule has its name. `pseudonyms` says that the stage
    makes them: they are told whole, addresses never.
    """
    others = len({*incident.subjects} - {incident.subject})
    told = without_addresses(incident, pseudonyms=pseudonyms)
    who = _who(told, others=others)
    rule = rules.get(incident.rule)
    title = rule.title if rule else incident.rule.replace("_", " ").capitalize()
    parts = [
        f"{title}\n{'=' * min(len(title), WIDTH)}",
        *([_risen(incident, risen_from)] if risen_from else []),
        textwrap.fill(told.sentence, WIDTH),
        _facts(incident, who=who),
        "\n".join(["Measured", *_evidence(incident, rule)]),
        *([textwrap.fill(rule.advice, WIDTH, initial_indent="What to do: ")] if rule else []),
        _look_further(incident, places=places),
        f"Incident {incident.incident_id}",
    ]
    severity = f"{RISEN}{incident.severity}" if risen_from else incident.severity
    return Mail(
        subject=_subject(who, title=title, stage=places.stage, severity=severity), body="\n\n".join(parts) + "\n"
    )


def without_addresses(incident: Incident, *, pseudonyms: bool = False) -> Incident:
    """Return the incident with every address that its subject and sentence name cut short.

    With `pseudonyms` those stay; a record from before they were made may still have addresses.
    """

    def said(address: str) -> str:
        return address if pseudonyms and is_pseudonym(address) else abbreviated(address)

    subject, sentence = with_addresses(incident.subject, said), with_addresses(incident.sentence, said)
    if incident.subject_type == SubjectType.ADDRESS and abbreviated(incident.subject) == UNREADABLE:
        subject = UNREADABLE
        sentence = sentence.replace(incident.subject, UNREADABLE) if incident.subject else sentence
    return replace(incident, subject=subject, sentence=sentence)


def _risen(incident: Incident, risen_from: str) -> str:
    told = f"You were told of this already: it has risen from {risen_from} to {incident.severity} since."
    return textwrap.fill(told, WIDTH)


def _subject(who: str, *, title: str, stage: str, severity: str) -> str:
    text = f"Floorwalker {stage}: {severity} - {title} - {who}"
    printable = "".join(character if " " <= character <= "~" else "?" for character in text)
    return printable if len(printable) <= MAX_SUBJECT else printable[: MAX_SUBJECT - 3] + "..."


def _who(incident: Incident, *, others: int) -> str:
    if incident.subject_type == SubjectType.SITE:
        return "the whole site"
    who = f"{incident.subject_type} {incident.subject}"
    or_more = " or" if len(incident.subjects) >= MAX_SUBJECTS else ""
    return f"{who} and {others}{or_more} more" if others else who


def _facts(incident: Incident, *, who: str) -> str:
    over = "over" if incident.state == State.CLOSED else "going on"
    facts = {
        "Who": who,
        **({"Busiest": _crowd(incident)} if incident.subject_type == SubjectType.SITE and incident.subjects else {}),
        "Since": _readable(incident.opened_at),
        "Last seen": f"{_readable(incident.last_seen_at)}, {over}",
        "Severity": incident.severity,
        "Rule": f"{incident.rule}, version {incident.rule_version}, over {in_words(incident.window_seconds)}",
        **({"Samples": _samples(incident)} if incident.sample_event_ids else {}),
    }
    return "\n".join(
        textwrap.fill(text, WIDTH, initial_indent=f"{name:<11}", subsequent_indent=" " * 11, break_on_hyphens=False)
        for name, text in facts.items()
    )


def _crowd(incident: Incident) -> str:
    """Return how many of a crowd the incident names: who is busy without buying need not be a bot."""
    or_more = " or more" if len(incident.subjects) >= MAX_SUBJECTS else ""
    return f"{len(incident.subjects)}{or_more} users who did not buy, shoppers among them; the incident names them"


def _samples(incident: Incident) -> str:
    shown, more = incident.sample_event_ids[:SAMPLES_SHOWN], len(incident.sample_event_ids) - SAMPLES_SHOWN
    return "events " + ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _evidence(incident: Incident, rule: Rule | None) -> Iterator[str]:
    measured = _measured(incident)
    leading = rule.leading.feature if rule else ""
    if measured.get(leading) != incident.value:
        yield _measure("at its peak", incident.value, f"fires when at least {_number(incident.threshold)}")
    limits = {condition.feature: condition for condition in rule.conditions} if rule else {}
    for name, value in measured.items():
        # The incident carries the limit that was in force for the leading feature.
        bound = incident.threshold if name == leading else None
        yield _measure(name, value, _limit(limits[name], bound=bound) if name in limits else "")


def _limit(condition: Condition, *, bound: float | None) -> str:
    words = "at least" if condition.less_than is None else "less than"
    return f"fires when {words} {_number(condition.threshold if bound is None else bound)}"


def _measure(name: str, value: float, limit: str) -> str:
    return f"  {name.replace('_', ' '):<17}{_number(value):>10}   {limit}".rstrip()


def _measured(incident: Incident) -> dict[str, float]:
    try:
        evidence = json.loads(incident.evidence)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(evidence, dict):
        return {}
    return {name: value for name, value in evidence.items() if isinstance(value, int | float) and abs(value) < 1e100}


def _look_further(incident: Incident, *, places: Places) -> str:
    key = json.dumps({"incident_id": {"S": incident.incident_id}})
    lines = [
        "How to look further",
        "  The incident as it stands now:",
        f"    aws dynamodb get-item --region {places.region} \\",
        f"      --table-name {places.incidents_table} \\",
        f"      --key '{key}'",
    ]
    if places.athena_workgroup and places.sample_events_query:
        lines += [
            "  Its sample events, in Athena, after the next nightly run, with the",
            "  incident's id put in:",
            f"    saved query {places.sample_events_query}",
            f"    workgroup   {places.athena_workgroup}",
        ]
    lines += ["  How to go on:", f"    {RUNBOOK}"]
    return "\n".join(lines)


def _readable(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%d %H:%M:%S UTC")


def _number(value: float) -> str:
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.1f}" if abs(value) >= 10 else f"{value:.4g}"
