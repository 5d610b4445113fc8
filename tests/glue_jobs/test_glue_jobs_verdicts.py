"""A verdict about a session takes out that session's events, one about an address that address's: nothing else."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from lake_rig import Lake, embedded, new_bucket, put
from verdicts_rig import CUT, CUT_AT, CUT_OFF, EVENTS, LAST_SEEN, OPENED, SHARED, TAKEN_OUT, incident

from commerce.incident import Incident, to_line
from commerce.rules.address_flood import ADDRESS_FLOOD
from commerce.rules.session_flood import SESSION_FLOOD
from evaluation.observed import Observed, instant_of
from evaluation.quick_detector import detect
from glue_jobs.marts import marts
from glue_jobs.verdicts import standing_verdicts
from glue_jobs.withdraw import withdraw


def lake_of(folder, events: list[dict[str, str]], *incidents: Incident) -> Lake:
    lake = embedded(new_bucket(), folder)
    put(
        lake.settings.raw_bucket,
        "raw/events/2019/10/03/00/a.jsonl.gz",
        b"\n".join(json.dumps(e).encode() for e in events),
    )
    put(lake.settings.raw_bucket, "raw/incidents/2019/10/03/00/a.jsonl.gz", b"\n".join(map(to_line, incidents)))
    lake.curate()
    lake.build()
    return lake


def reading(lake: Lake, name: str) -> dict[str, list[dict[str, Any]]]:
    """Return every mart in one reading."""
    return {
        mart.name: lake.rows(
            f"SELECT {', '.join(mart.column_names)} FROM {mart.name} WHERE reading = '{name}' ORDER BY {mart.order}"
        )
        for mart in marts()
    }


@pytest.fixture(scope="module")
def without(s3, tmp_path_factory):
    """Return the marts of the same shop in which some events never were, as all traffic has them."""

    def build(gone: set[str]) -> dict[str, list[dict[str, Any]]]:
        left = [given for given in EVENTS if given["event_id"] not in gone]
        return reading(lake_of(tmp_path_factory.mktemp("without"), left), "all_traffic")

    return build


def test_verdicts_of_all_kinds_add_up(without, s3, tmp_path):
    """An event is gone if any of them covers it."""
    lake = lake_of(tmp_path, EVENTS, *(incident(*subject) for subject in TAKEN_OUT))
    assert reading(lake, "people_only") == without(set().union(*TAKEN_OUT.values()))


def test_people_only_is_the_shop_in_which_the_subjects_events_never_were(without, s3, tmp_path):
    """Every mart of it, with verdicts that come later and are withdrawn again, which leaves nothing behind."""
    lake = lake_of(tmp_path, EVENTS)
    for subject in (("session", "s1"), ("address", SHARED)):
        late = to_line(incident(*subject))
        put(lake.settings.raw_bucket, f"raw/incidents/2019/10/04/00/{subject[0]}.jsonl.gz", late)
        lake.curate()
        lake.build()
        assert reading(lake, "people_only") == without(TAKEN_OUT[subject])
        assert lake.rows("SELECT subject_type, subject FROM verdicts") == [
            dict(zip(("subject_type", "subject"), subject, strict=True))
        ]
        withdraw(lake.engine, incident(*subject).incident_id, because="a person", at=OPENED + timedelta(days=9))
    lake.build()
    assert reading(lake, "people_only") == reading(lake, "all_traffic") == without(set())


@pytest.mark.parametrize("subject", CUT_AT)
def test_a_visit_that_lost_its_beginning_begins_on_the_day_of_what_is_left(subject, s3, tmp_path):
    """A verdict takes out what was before midnight; its order, revenue and visit belong to the next day's people."""
    left = [given for given in CUT_OFF if given["event_id"] not in CUT_AT[subject]]
    never_were = reading(lake_of(tmp_path / "without", left), "all_traffic")
    judged = incident(*subject, **CUT)
    at_once, late = lake_of(tmp_path / "at_once", CUT_OFF, judged), lake_of(tmp_path / "late", CUT_OFF)
    put(late.settings.raw_bucket, "raw/incidents/2019/10/09/00/late.jsonl.gz", to_line(judged))
    late.curate()
    late.build()
    assert reading(at_once, "people_only") == never_were
    assert reading(late, "people_only") == never_were


def test_an_old_verdict_about_an_address_has_no_events_read_for_another_days_numbers(s3, tmp_path, monkeypatch):
    """There are more of them every week; the numbers are those of a shop that was built at once all the same."""
    later = [
        {name: value.replace("2019-10", "2019-11") for name, value in event.items()}
        | {"event_id": f"later-{event['event_id']}", "user_session": f"later-{number % 3}"}
        for number, event in enumerate(EVENTS)
    ]
    lake = lake_of(tmp_path / "daily", EVENTS, incident("address", SHARED))
    lines = b"\n".join(json.dumps(event).encode() for event in later)
    put(lake.settings.raw_bucket, "raw/events/2019/11/03/00/a.jsonl.gz", lines)
    lake.curate()
    asked: list[str] = []
    ask, hold = lake.engine.ask, lake.engine.hold
    monkeypatch.setattr(lake.engine, "ask", lambda select, values=(): (asked.append(select), ask(select, values))[1])
    monkeypatch.setattr(lake.engine, "hold", lambda name, select: (asked.append(select), hold(name, select))[1])
    lake.build()
    of_events = [select for select in asked if "FROM events" in select]
    assert any("DATE '2019-11-0" in select for select in of_events)
    assert [select for select in of_events if "DATE '2019-10-0" in select] == []
    monkeypatch.undo()
    once = embedded(lake.settings.raw_bucket, tmp_path / "once")
    once.curate()
    once.build()
    assert lake.marts() == once.marts()


def test_a_verdict_names_its_subject_and_its_span(s3, tmp_path):
    """From a pane before the first window above the threshold to the last moment above it."""
    lake = embedded(new_bucket(), tmp_path)
    incidents = map(to_line, (incident("session", "s1"), incident("address", SHARED)))
    put(lake.settings.raw_bucket, "raw/incidents/2019/10/03/00/a.jsonl.gz", b"\n".join(incidents))
    lake.curate()
    found = {(verdict.subject_type, verdict.subject): verdict for verdict in standing_verdicts(lake.engine)}
    assert set(found) == {("session", "s1"), ("address", SHARED)}
    for verdict in found.values():
        assert verdict.taken_out_from == OPENED - timedelta(seconds=70)
        assert verdict.taken_out_until == LAST_SEEN


@given(st.floats(2.4, 8.0), st.integers(0, 9_999), st.sampled_from([SESSION_FLOOD, ADDRESS_FLOOD]))
def test_nothing_of_a_steady_flood_is_before_its_verdict(each_second, offset_ms, rule):
    """However near the threshold it stays, and wherever in a pane it begins: what is left would count as a visit."""
    assume(each_second * rule.window_seconds > rule.leading.threshold)
    flood = [
        Observed(
            at_ms=offset_ms + round(n * 1000 / each_second),
            event_id=f"e{n}",
            event_type="view",
            product_id="1",
            user_id=f"u{n % 2}",
            price=1.0,
            user_session="s1",
            ip_address=SHARED,
            user_agent="one program",
        )
        for n in range(400)
    ]
    opened_at = min(episode.opened_at for episode in detect(flood, rules=[rule]))
    judged = opened_at - timedelta(seconds=rule.window_seconds + rule.pane_seconds)
    assert judged <= instant_of(flood[0].at_ms)
