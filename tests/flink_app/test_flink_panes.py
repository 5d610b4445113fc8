"""Panes and what is measured over them: the same numbers that one gets by looking through all events each time."""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from detecting import MACHINE, SETTINGS, records_of
from shoppers import after, event

from commerce.event import Event
from commerce.risk.signs import ROLLING_SECONDS
from commerce.rules import CHANGED_HABITS, RULES
from commerce.rules.rule import LONG_PANE_SECONDS, LONGEST_GAP_SECONDS, PANE_SECONDS, SUBJECT_FIELDS, SubjectType
from flink_app import streams
from flink_app.over_files import between_files, record_line
from flink_app.panes import How, Measured, Panes, all_panes, panes_view
from flink_app.risk import PACE

HOURS = 9
# A habit that is over within the time of the test; the rule about the site reads the panes of users.
JUDGED = tuple(replace(rule, habit_seconds=7200) if rule is CHANGED_HABITS else rule for rule in RULES)
ALL_PANES = tuple(all_panes(JUDGED, of_users=PACE))
OF_KIND: dict[str, Callable[[Event], bool]] = {
    "TRUE": lambda _: True,
    "event_type IN ('view')": lambda event: event.event_type == "view",
    "event_type IN ('cart')": lambda event: event.event_type == "cart",
    "event_type IN ('purchase')": lambda event: event.event_type == "purchase",
    "event_type IN ('cart', 'purchase')": lambda event: event.event_type in {"cart", "purchase"},
    "event_type IN ('purchase') AND price > 0 AND price <= 5.0": lambda e: (
        e.event_type == "purchase" and 0 < e.price <= 5
    ),
}
VALUE: dict[str, Callable[[Event], Any]] = {
    "act": lambda e: (
        (e.event_type, e.user_id, e.user_session, e.event_time) if e.event_type in ("cart", "purchase") else e.event_id
    ),
    "event_id": lambda e: e.event_id,
    "product_id": lambda e: e.product_id,
    "user_id": lambda e: e.user_id,
    "ip_address": lambda e: e.ip_address,
    "agent": lambda e: e.user_agent,
}
NAME: dict[SubjectType, Callable[[Event], str | None]] = {
    SubjectType.USER: lambda event: event.user_id,
    SubjectType.SESSION: lambda event: event.user_session,
    SubjectType.ADDRESS: lambda event: event.ip_address,
}
SAMPLES = "samples"
Told = dict[tuple[str, int, str, int], dict[str, Any]]


def traffic() -> list[Event]:
    """Return hours of bursts and rests, orders of several lines, and records that come again out of order."""
    dice = random.Random(20)
    sent: list[tuple[float, Event]] = []
    for user in ("u1", "u2", "u3"):
        at = dice.uniform(0, 3000)
        while at < HOURS * 3600:
            for _ in range(dice.randrange(1, 12)):
                made = event(
                    user,
                    round(at, dice.choice([0, 1, 3])),
                    product=str(dice.randrange(6)),
                    kind=dice.choice(["view", "view", "cart", "purchase", "purchase", "favorite"]),
                    name=f"e{len(sent)}",
                    price=dice.choice(["0.00", "1.00", "5.00", "5.01"]),
                    session=dice.choice([None, "s1", "s2"]),
                    address=dice.choice([None, f"10.0.0.{int(at) // 5000}", "10.0.1.1"]),
                    agent=dice.choice([None, "a, b", "c"]),
                )
                sent.append((at + dice.uniform(0, 4), made))
                if dice.random() < 0.2:
                    sent.append((at + dice.uniform(0, 4), made))
                at += dice.choice([0, 0.4, 3, 8, 40, 200])
            at += dice.choice([0, 300, 901, 4000, 9000])
    # One act of two kinds: of the lines of an order, one is cheap.
    noon = HOURS * 1800
    for name, price in (("cheap", "5.00"), ("dear", "5.01")):
        sent.append((noon, event("u4", noon, kind="purchase", name=name, price=price)))
    return [made for _, made in sorted(sent, key=lambda pair: pair[0])]


def seconds_of(event: Event) -> float:
    return event.event_time.timestamp()


def reckoned(events: Sequence[Event]) -> Told:
    """Return what each pane should tell, by subject, time and length."""
    told: Told = {}
    for panes in ALL_PANES:
        for name in {NAME[panes.subject_type](each) for each in events} - {None}:
            own = [each for each in events if NAME[panes.subject_type](each) == name]
            for length, measures in ((PANE_SECONDS, panes.of_short), (LONG_PANE_SECONDS, panes.of_long)):
                for end in {int(seconds_of(each) // length + 1) * length for each in own if measures}:
                    ids = sorted(each.event_id for each in own if end - length <= seconds_of(each) < end)
                    told[str(panes.subject_type), length, str(name), end] = {
                        **{each.name: _reckoned(own, each, end, length) for each in measures},
                        SAMPLES: f"{ids[0]},{ids[-1]}",
                    }
    return told


def _reckoned(own: Sequence[Event], measured: Measured, end: int, length: int) -> Any:
    window = [each for each in own if end - measured.window_seconds <= seconds_of(each) < end]
    before = [each for each in own if end - measured.habit_seconds <= seconds_of(each) < end - measured.window_seconds]
    column = measured.column
    if measured.how is How.PANES:
        return len({seconds_of(each) // length for each in window})
    if not column.of:
        return _pauses(own, window)[column.name]
    found, usual = (
        {VALUE[column.of](each) for each in part if OF_KIND[column.condition](each)} - {None}
        for part in (window, before)
    )
    match measured.how:
        case How.SUM_BEFORE:
            return len(usual)
        case How.NEW:
            return len(found - usual) if usual else 0
        case How.JOINED:
            return found
        case _:
            return len(found)


def _pauses(own: Sequence[Event], window: Sequence[Event]) -> dict[str, int]:
    moments = sorted({round(seconds_of(each) * 1000) for each in own})
    within = {round(seconds_of(each) * 1000) for each in window}
    ended = [here - before for before, here in pairwise(moments) if here in within]
    gaps = [gap for gap in ended if gap <= LONGEST_GAP_SECONDS * 1000]
    quick = [gap for gap in gaps if gap <= ROLLING_SECONDS * 1000]
    sums = (len(gaps), sum(gaps), sum(gap * gap for gap in gaps), len(quick), sum(quick))
    return dict(zip(("gaps", "gap_ms", "gap_ms_squared", "quick_gaps", "quick_gap_ms"), sums, strict=True))


def detected(folder: Path, events: Sequence[Event]) -> Told:
    """Return what the detector's panes tell."""
    (folder / "records.json").write_text(
        "".join(record_line(each.data, each.arrived_at) for each in records_of(events))
    )
    settings = replace(SETTINGS, behavioural_risk=True)
    # As often as it can: each puts what is not over into the state.
    flink = {**MACHINE, "execution.checkpointing.interval": "50 ms"}
    tables, statements = between_files(folder, rules=JUDGED, settings=settings, flink=flink)
    for view, subject, _, measures in _views():
        columns = ", ".join(f"KEY '{each.name}' VALUE {each.name}" for each in measures)
        tables.execute_sql(
            f"CREATE TEMPORARY TABLE told_{view} (late BOOLEAN, name STRING, over_at TIMESTAMP(3), numbers STRING) "
            f"WITH ('connector' = 'filesystem', 'path' = '{folder / view}', 'format' = 'json')"
        )
        statements.add_insert_sql(
            f"INSERT INTO told_{view} SELECT rowtime <= CURRENT_WATERMARK(rowtime), {SUBJECT_FIELDS[subject]}, "
            f"CAST(rowtime AS TIMESTAMP(3)), "
            f"JSON_OBJECT({columns}, KEY '{SAMPLES}' VALUE CONCAT(first_sample, ',', last_sample)) FROM {view}"
        )
    statements.execute().wait()
    return dict(_read(folder))


def _views() -> Iterator[tuple[str, SubjectType, int, Sequence[Measured]]]:
    for panes in ALL_PANES:
        for length, measures in ((PANE_SECONDS, panes.of_short), (LONG_PANE_SECONDS, panes.of_long)):
            if measures:
                yield panes_view(panes.subject_type, length), panes.subject_type, length, measures


def _read(folder: Path) -> Iterator[tuple[tuple[str, int, str, int], dict[str, Any]]]:
    for view, subject, length, measures in _views():
        joined = {each.name for each in measures if each.how is How.JOINED}
        for part in (folder / view).rglob("part-*"):
            for line in part.read_text().splitlines():
                row = json.loads(line)
                assert not row["late"], "what is told of a pane after its time is lost to whatever has moved on"
                at = datetime.fromisoformat(row["over_at"]).replace(tzinfo=UTC).timestamp()
                numbers = {
                    name: set(value.split(",")) - {""} if name in joined else value
                    for name, value in json.loads(row["numbers"]).items()
                }
                yield (str(subject), length, row["name"], round(at + 0.001)), numbers


@pytest.mark.parametrize("most_in_memory", [streams.MOST_IN_MEMORY, 1, 40])
def test_panes_tell_what_happened_however_little_is_held_in_memory(tmp_path, monkeypatch, most_in_memory):
    """All rules' columns, short and long panes, users, sessions and addresses; also with next to no memory."""
    monkeypatch.setattr(streams, "MOST_IN_MEMORY", most_in_memory)
    events = traffic()
    expected = reckoned(events)
    found = detected(tmp_path, events)
    assert found.keys() == expected.keys()
    wrong = {place: (found[place], numbers) for place, numbers in expected.items() if found[place] != numbers}
    assert not wrong, f"{len(wrong)} of {len(expected)}: {next(iter(wrong.items()))}"
    assert len(expected) > 500


@pytest.mark.parametrize(("most_of_one", "new"), [(streams.MOST_OF_ONE, 50), (150, 51)])
def test_of_one_who_comes_from_everywhere_not_everything_is_kept(tmp_path, monkeypatch, most_of_one, new):
    """All who are not signed in may share one name: what is known of it may not grow with them for a week."""
    monkeypatch.setattr(streams, "MOST_OF_ONE", most_of_one)
    events = [event("guest", at, name=f"e{at}", address=f"10.0.{at // 256}.{at % 256}") for at in range(0, 5400, 30)]
    back = event("guest", 5400, name="back", address=events[0].ip_address)
    told = detected(tmp_path, [*events, back])
    last = told["user", LONG_PANE_SECONDS, "guest", round(after(5700).timestamp())]
    (of_addresses,) = (name for name in last if name.startswith("new_addresses"))
    assert last[of_addresses] == new, "fifty within the window, and the first one where that is forgotten"


def test_every_rule_measures_something() -> None:
    """Else a rule could be left out of what the panes are held to."""
    measured = {each.how for panes in ALL_PANES for each in (*panes.of_short, *panes.of_long)}
    assert measured == set(How)
    assert {type(panes) for panes in ALL_PANES} == {Panes}
    assert {panes.subject_type for panes in ALL_PANES} == set(NAME)
