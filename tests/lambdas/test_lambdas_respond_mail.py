"""The alert is a mail that a shop manager can act on: one golden mail a rule, reviewed by eye.

After a change of wording, run with UPDATE_MAILS=1 and read what changed.
"""

import json
import os
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shop import OPENED_AT, SHOPPER, Shop, incident

from commerce.incident import Incident, to_line
from commerce.rules import RULES, RULES_BY_NAME
from commerce.rules.rule import Rule, SubjectType
from lambdas.addresses import PSEUDONYMS
from lambdas.respond.mail import MAX_SUBJECT, WIDTH, Places, compose

MAILS = Path(__file__).parent / "mails"
PLACES = Places(
    stage="prod",
    region="eu-central-1",
    incidents_table="Floorwalker-prod-IncidentsTable-1A2B3C",
    athena_workgroup="floorwalker-prod",
    sample_events_query="incident_events",
)
MEASURED = {
    "request_flood": {"events": 612},
    "session_flood": {"events": 702, "users": 14},
    "address_flood": {"events": 1391, "users": 210, "agents": 1, "buying_share": 0},
    "catalogue_scraping": {"products": 431, "buys": 0},
    "slow_scraping": {"products": 512, "active_seconds": 9300, "buys": 0},
    "metronome": {"gaps": 31, "gap_variation": 0.042},
    "cart_hoarding": {"carts": 55, "purchases": 0},
    "card_testing": {"small_purchases": 17},
    "account_takeover": {"users": 6, "addresses": 5},
    "changed_habits": {
        "purchases": 9,
        "new_addresses": 1,
        "new_agents": 1,
        "earlier_events": 31,
        "earlier_purchases": 0,
    },
    "price_watching": {"views": 118, "products": 4, "active_seconds": 8400, "buys": 0},
    "many_accounts": {"users": 44, "agents": 1, "buying_share": 0},
    "site_surge": {
        "excess_events": 48211.5,
        "events": 51000,
        "usual_events": 2788.5,
        "times_usual": 18.289,
        "buying_share": 0.00021,
        "baseline_seconds": 1800,
    },
}

SUBJECTS = {
    SubjectType.USER: SHOPPER,
    SubjectType.SESSION: "0d6e8b1c-4f1a-4a55-9d0e-6f1c1e0a7b52",
    SubjectType.ADDRESS: "203.0.113.7",
    SubjectType.SITE: "site",
}


def fired(rule: Rule) -> Incident:
    """Return an incident as the detector writes it for the rule."""
    measured = MEASURED[rule.name]
    subject = SUBJECTS[rule.subject_type]
    threshold = rule.leading.threshold
    words = {name: f"{value:g}" for name, value in {**measured, "threshold": threshold}.items()}
    return incident(
        rule=rule.name,
        rule_version=rule.version,
        subject_type=rule.subject_type.value,
        subject=subject,
        severity=rule.severity.value,
        state="extended",
        last_seen_at=OPENED_AT + timedelta(minutes=4),
        window_seconds=rule.window_seconds,
        value=float(measured[rule.leading.feature]),
        threshold=threshold,
        evidence=json.dumps(measured),
        sample_event_ids=tuple(f"0b5c1d2e-0000-4000-8000-{number:012d}" for number in range(20)),
        sentence=rule.sentence.format(subject=subject, window=rule.window, **words),
    )


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_mail_of_every_rule_reads_as_reviewed(rule: Rule) -> None:
    """A new rule needs its golden mail: somebody has to have read it once."""
    mail = compose(fired(rule), rules=RULES_BY_NAME, places=PLACES)
    text, golden = f"Subject: {mail.subject}\n\n{mail.body}", MAILS / f"{rule.name}.txt"
    if os.environ.get("UPDATE_MAILS"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def test_an_unknown_rule_still_makes_a_sensible_mail() -> None:
    """The detector may be a version ahead of the responder."""
    mail = compose(incident(rule="coupon_guessing"), rules=RULES_BY_NAME, places=PLACES)
    assert mail.subject == f"Floorwalker prod: high - Coupon guessing - user {SHOPPER}"
    for part in ("Coupon guessing", incident().sentence[:40], "fires when at least 120", "get-item"):
        assert part in mail.body


def test_the_limits_shown_are_those_in_force() -> None:
    """A shop that set its own threshold must not read the catalogue's."""
    rule = RULES_BY_NAME["request_flood"]
    mail = compose(incident(threshold=45.0), rules={rule.name: rule}, places=PLACES)
    assert "at least 45" in mail.body
    assert "at least 120" not in mail.body


def test_names_that_are_not_known_are_not_invented() -> None:
    """A stage may be without a saved query; the mail then does not speak of one."""
    places = Places(
        stage="dev", region="eu-central-1", incidents_table="t", athena_workgroup="", sample_events_query=""
    )
    assert "Athena" not in compose(incident(), rules=RULES_BY_NAME, places=places).body


@pytest.mark.parametrize(
    ("subjects", "who"),
    [
        ((), "user 518043721"),
        ((SHOPPER,), "user 518043721"),
        ((SHOPPER, "u2"), "user 518043721 and 1 more"),
        (tuple(f"u{number}" for number in range(37)), "user 518043721 and 37 more"),
        (tuple(f"u{number}" for number in range(500)), "user 518043721 and 500 or more"),
    ],
)
def test_others_who_took_part_are_counted_and_not_named(subjects: tuple[str, ...], who: str) -> None:
    """One attack from many is one mail; whoever needs their names looks at the row."""
    mail = compose(incident(subjects=subjects), rules=RULES_BY_NAME, places=PLACES)
    assert mail.subject.endswith(f" - {who}")
    assert re.search(rf"^Who +{who}$", mail.body, re.MULTILINE)
    assert not re.search(r"\bu\d", mail.subject + mail.body)


@pytest.mark.parametrize(("count", "who"), [(1, "1"), (37, "37"), (500, "500 or more")])
def test_the_busiest_of_a_crowd_are_counted_and_not_accused(count: int, who: str) -> None:
    """A surge is of the whole site; those who are named in its row may be people in the crowd."""
    about = incident(
        rule="site_surge", subject_type="site", subject="site", subjects=tuple(f"u{n}" for n in range(count))
    )
    mail = compose(about, rules=RULES_BY_NAME, places=PLACES)
    assert mail.subject.endswith(" - the whole site")
    told = f"Busiest {who} users who did not buy, shoppers among them; the incident names them"
    assert told in " ".join(mail.body.split())
    assert not re.search(r"\bu\d", mail.body)


@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=300), st.text(max_size=300))
def test_any_text_makes_a_mail_that_sns_accepts(rule: str, subject: str, evidence: str, sentence: str) -> None:
    """SNS refuses subjects of 100 characters, of other alphabets and with line breaks: an alert would be lost."""
    strange = incident(rule=rule, subject=subject, evidence=evidence, sentence=sentence)
    mail = compose(strange, rules=RULES_BY_NAME, places=PLACES)
    assert len(mail.subject) <= MAX_SUBJECT < 100
    assert re.fullmatch("[ -~]+", mail.subject)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_lines_are_short_enough_for_any_mail_program(rule: Rule) -> None:
    """A mail program that breaks lines itself breaks the command in the wrong place; only the command is longer."""
    body = compose(fired(rule), rules=RULES_BY_NAME, places=PLACES).body
    assert [line for line in body.splitlines() if len(line) > WIDTH and "--key" not in line] == []


def test_the_topic_receives_the_mail_and_what_to_filter_it_by(shop: Shop) -> None:
    """A subscriber may want the critical ones only."""
    shop.deliver([to_line(incident())])
    ((_, body, subject, attributes, _),) = shop.mails()
    assert subject == f"Floorwalker dev: high - Too many events from one user - user {SHOPPER}"
    assert f"aws dynamodb get-item --region eu-central-1 \\\n      --table-name {shop.settings.incidents_table}" in body
    assert (attributes["rule"]["Value"], attributes["severity"]["Value"]) == ("request_flood", "high")


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("203.0.113.7", "203.0.113.x"),
        ("203.000.113.007", "203.0.113.x"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:x"),
        ("2001:DB8::7", "2001:db8:0:x"),
        ("::ffff:203.0.113.7", "203.0.113.x"),
        ("1.2.3.4.5", "(unreadable)"),
        ("abc", "(unreadable)"),
    ],
)
def test_a_mail_never_shows_a_full_address(address: str, told: str) -> None:
    """A mail travels in clear and is forwarded; whoever has to act looks at the incident, which has the address."""
    rule = RULES_BY_NAME["address_flood"]
    about = replace(fired(rule), subject=address, sentence=f"Address {address} sent 1391 events; 240 is the limit.")
    mail = compose(about, rules=RULES_BY_NAME, places=PLACES)
    assert mail.subject.endswith(f"address {told}")
    assert f"Address {told} sent" in mail.body
    assert address not in mail.subject + mail.body


def test_an_address_in_the_sentence_of_another_subject_is_cut_short_too() -> None:
    """A rule about users may come to name where they came from."""
    mail = compose(incident(sentence="The user came from 203.0.113.7."), rules=RULES_BY_NAME, places=PLACES)
    assert "203.0.113.x." in mail.body


@given(st.ip_addresses().map(str))
def test_no_address_whatsoever_comes_out_in_full(address: str) -> None:
    """There are many ways to write one."""
    about = incident(subject_type="address", subject=address, sentence=f"From {address} came 130 events.")
    mail = compose(about, rules=RULES_BY_NAME, places=PLACES)
    assert not re.search(rf"(?<![0-9a-f:.]){re.escape(address)}(?![0-9a-f:.])", mail.subject + mail.body)


def test_a_pseudonym_is_told_as_it_is() -> None:
    """It is no address, and whoever looks for the incident needs all of it."""
    pseudonym = "fd12:3456:789a:bcde:f012:3456:789a:bcde"
    about = incident(subject_type="address", subject=pseudonym, sentence=f"Address {pseudonym} sent 130 events.")
    mail = compose(about, rules=RULES_BY_NAME, places=PLACES, pseudonyms=True)
    assert f"Address {pseudonym} sent" in mail.body.replace("\n", " ")


@given(st.ip_addresses().filter(lambda address: address not in PSEUDONYMS).map(str))
def test_where_pseudonyms_are_made_an_address_is_cut_short_all_the_same(address: str) -> None:
    """A record may be from before the setting; the block that pseudonyms lie in is nobody's."""
    about = incident(subject_type="address", subject=address, sentence=f"Address {address} sent 130 events.")
    plain = compose(about, rules=RULES_BY_NAME, places=PLACES)
    assert compose(about, rules=RULES_BY_NAME, places=PLACES, pseudonyms=True) == plain
