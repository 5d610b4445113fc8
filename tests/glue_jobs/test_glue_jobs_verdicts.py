"""A verdict about a session takes out that session's events, one about an address that address's: nothing else."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from lake_rig import Lake, embedded, new_bucket, put
from verdicts_rig import CUT, CUT_AT, CUT_OFF, EVENTS, LAST_SEEN, OPENED, SHARED, TAKEN_OUT, incident

from commerce.event import format_instant
from commerce.incident import Incident, to_line
from commerce.rules.address_flood import ADDRESS_FLOOD
from commerce.rules.session_flood import SESSION_FLOOD
from evaluation.observed import Observed, instant_of
from evaluation.quick_detector import detect
from glue_jobs.asking import ask
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


# A surge of a quarter of an hour, the five minutes of its window among them.
SURGE = datetime(2019, 10, 31, 12, tzinfo=UTC)
SURGE_BEGAN, SURGE_ENDED = SURGE - timedelta(minutes=5), SURGE + timedelta(minutes=10)


def look(user_id: str, at: datetime = SURGE, *, agent: str = "tool/1", kind: str = "view") -> dict[str, str]:
    given = {"event_id": f"{user_id}-{at:%d%H%M%S}-{kind}", "event_time": format_instant(at), "event_type": kind}
    return {**given, "product_id": "1", "price": "10.00", "user_id": user_id, "user_agent": agent}


def surging(folder: Path, *events: dict[str, str], **said: Any) -> Lake:
    """Return a lake of the events and the surge, not yet built."""
    lake = embedded(new_bucket(), folder)
    lines = b"\n".join(json.dumps(event).encode() for event in events)
    put(lake.settings.raw_bucket, "raw/events/2019/11/01/00/a.jsonl.gz", lines)
    span = {"opened_at": SURGE, "last_seen_at": SURGE_ENDED, "window_seconds": 300}
    surge = to_line(incident("site", "site", rule="site_surge", **span, **said))
    put(lake.settings.raw_bucket, "raw/incidents/2019/11/01/00/a.jsonl.gz", surge)
    lake.curate()
    return lake


def crowd(folder: Path, *events: dict[str, str]) -> set[str]:
    """Return whom the verdicts of the surge take out."""
    lake = surging(folder, *events)
    found = standing_verdicts(lake.engine)
    assert {(each.subject_type, each.taken_out_from, each.taken_out_until) for each in found} <= {
        ("user", SURGE_BEGAN, SURGE_ENDED)
    }
    return {each.subject for each in found}


def test_the_crowd_of_a_surge_are_those_who_came_for_it_and_only_looked(s3: str, tmp_path: Path) -> None:
    """A regular, a buyer and somebody who comes back in the evening are people, whatever tool they have."""
    strangers = [look(f"bot{n}") for n in range(17)]
    strangers += [look("first", SURGE_BEGAN), look("last", SURGE_ENDED)]
    strangers += [look("forgotten", SURGE - timedelta(days=32)), look("forgotten")]
    people = [look("regular", SURGE - timedelta(days=29)), look("regular")]
    people += [look("buyer"), look("buyer", SURGE + timedelta(minutes=1), kind="cart")]
    people += [look("back"), look("back", SURGE + timedelta(hours=6))]
    people += [look("before", SURGE_BEGAN - timedelta(seconds=1)), look("after", SURGE_ENDED + timedelta(seconds=1))]
    assert crowd(tmp_path, *strangers, *people) == {each["user_id"] for each in strangers}


@pytest.mark.parametrize(("strangers", "taken"), [(19, 0), (20, 20)])
def test_a_crowd_has_twenty_strangers_at_least(strangers: int, taken: int, s3: str, tmp_path: Path) -> None:
    """So many newcomers with one browser may come by chance."""
    assert len(crowd(tmp_path, *(look(f"bot{n}") for n in range(strangers)))) == taken


@pytest.mark.parametrize(("usual", "taken"), [(26, 20), (27, 0)])
def test_strangers_with_a_browser_that_is_usual_at_that_hour_are_people(
    usual: int, taken: int, s3: str, tmp_path: Path
) -> None:
    """A crowd's is three times as frequent as in the hour before, which is four times as long."""
    others = [look(f"regular{n}", SURGE_BEGAN - timedelta(minutes=60)) for n in range(usual)]
    others += [look(f"long before{n}", SURGE_BEGAN - timedelta(minutes=61)) for n in range(usual)]
    assert len(crowd(tmp_path, *others, *(look(f"new{n}") for n in range(20)))) == taken


def events_of(lake: Lake, incident_id: str, column: str = "event_id") -> set[str]:
    """Return the events that the investigator is given for an incident, or those of which a column is true."""
    answer = ask(lake.engine, "incident_events", [incident_id])
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    assert len({row["event_id"] for row in rows}) == len(rows)
    assert all(row[name] is not None for row in rows for name in ("sampled", "taken_out"))
    return {row["event_id"] for row in rows if row[column]}


@pytest.mark.usefixtures("few_marts")
def test_an_investigator_sees_all_that_an_incident_takes_out(s3: str, tmp_path: Path) -> None:
    """Twenty samples do not tell a shop what is missing in its numbers; they are marked."""
    samples = {subject: (min(events), "elsewhere") for subject, events in TAKEN_OUT.items()}
    judged = [incident(*subject, sample_event_ids=samples[subject]) for subject in TAKEN_OUT]
    lake = lake_of(tmp_path, EVENTS, *judged)
    for each, (subject, events) in zip(judged, TAKEN_OUT.items(), strict=True):
        assert events_of(lake, each.incident_id) == events_of(lake, each.incident_id, "taken_out") == events
        assert events_of(lake, each.incident_id, "sampled") == {samples[subject][0]}


@pytest.mark.parametrize("withdrawn", [False, True], ids=["not built yet", "withdrawn"])
@pytest.mark.usefixtures("few_marts")
def test_what_a_suspect_did_is_shown_without_a_verdict_too(withdrawn: bool, s3: str, tmp_path: Path) -> None:
    """Before the marts are built, or where a person said that it was none; a sample is one whosoever it is."""
    judged = incident("address", SHARED, sample_event_ids=("e03", "e11"))
    lake = lake_of(tmp_path, EVENTS)
    put(lake.settings.raw_bucket, "raw/incidents/2019/10/04/00/a.jsonl.gz", to_line(judged))
    lake.curate()
    if withdrawn:
        lake.build()
        assert events_of(lake, judged.incident_id, "taken_out") == TAKEN_OUT["address", SHARED]
        withdraw(lake.engine, judged.incident_id, because="a person", at=OPENED + timedelta(days=9))
        lake.build()
    assert events_of(lake, judged.incident_id) == TAKEN_OUT["address", SHARED] | {"e11"}
    assert events_of(lake, judged.incident_id, "sampled") == {"e03", "e11"}
    assert events_of(lake, judged.incident_id, "taken_out") == set()


@pytest.mark.usefixtures("few_marts")
def test_the_events_of_a_surge_are_those_of_its_crowd(s3: str, tmp_path: Path) -> None:
    """Of the whole site they would be everybody's: until it is known who came for it, those of the busiest."""
    bots = [look(f"bot{n}") for n in range(20)]
    people = [look("buyer"), look("buyer", kind="cart"), look("after", SURGE_ENDED + timedelta(seconds=1))]
    shopper = look("shopper", kind="cart")
    said = {"subjects": ("bot0", "buyer"), "sample_event_ids": (bots[0]["event_id"], shopper["event_id"])}
    lake = surging(tmp_path, *bots, *people, shopper, **said)
    busiest = {event["event_id"] for event in (bots[0], people[0], people[1])}
    assert events_of(lake, "site-site") == busiest | {shopper["event_id"]}
    assert events_of(lake, "site-site", "taken_out") == set()
    lake.build()
    of_bots = {event["event_id"] for event in bots}
    assert events_of(lake, "site-site", "taken_out") == of_bots
    assert events_of(lake, "site-site") == of_bots | {shopper["event_id"]}
