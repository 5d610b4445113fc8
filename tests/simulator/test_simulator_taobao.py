"""Taobao's UserBehavior: every row one event without a price, or one bad row with its reason."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.event import Event, parse, to_line
from simulator.layout import BadRow
from simulator.replay import records
from simulator.taobao import to_record

ARRIVED_AT = datetime(2026, 1, 1, tzinfo=UTC)
ROW = "71,4002,305,pv,1511740800"


def event_of(row: str, *, ended: bool = True) -> Event:
    record = to_record(row.encode(), line=1, end=0, ended=ended)
    event = parse(record.data, arrived_at=ARRIVED_AT)
    assert isinstance(event, Event)
    assert to_line(event) == record.data
    assert (record.partition_key, record.event_time) == (event.user_id, event.event_time)
    return event


def test_a_row_becomes_the_event_it_records():
    """Unix seconds are UTC; the price is unknown, and the visit as well."""
    event = event_of(ROW)
    assert event.event_time == datetime(2017, 11, 27, tzinfo=UTC)
    assert (event.user_id, event.product_id, event.category_id) == ("71", "4002", "305")
    assert (event.price, event.user_session) == (Decimal("0.00"), None)


@pytest.mark.parametrize(
    ("behavior", "event_type"), [("pv", "view"), ("cart", "cart"), ("fav", "favorite"), ("buy", "purchase")]
)
def test_each_behaviour_has_its_event_type(behavior: str, event_type: str):
    """A purchase that counted as a view would be missing from the sales."""
    assert event_of(ROW.replace("pv", behavior)).event_type == event_type


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("71,4002,305,click,1511740800", "behavior is 'click', expected one of pv, cart, fav, buy"),
        ("71,4002,305,,1511740800", "behavior is ''"),
        (",4002,305,pv,1511740800", "user_id is empty"),
        ("71,,305,pv,1511740800", "item_id is empty"),
        ("71,4002,,pv,1511740800", "category_id is empty"),
        ("71,40 02,305,pv,1511740800", "item_id is '40 02'"),
        ("71,4002,305,pv,-1", "unix_seconds is '-1'"),
        ("71,4002,305,pv,0", "unix_seconds is '0'"),
        ("71,4002,305,pv,4102444800", "unix_seconds"),
        ("71,4002,305,pv,1511740800.5", "unix_seconds"),
        ("71,4002,305,pv", "4 columns where the file has 5"),
        ("71,4002,305,pv,1511740800,1", "6 columns"),
    ],
)
def test_a_row_that_is_no_event_is_bad_with_the_reason(row: str, reason: str):
    """Whoever has to mend the file must know what to look for."""
    with pytest.raises(BadRow, match=reason):
        to_record(row.encode(), line=1, end=0)


@pytest.mark.parametrize("cut", range(1, 11))
def test_a_time_that_is_cut_off_is_not_a_time(cut: int):
    """The first digits of a time are another time, years away."""
    with pytest.raises(BadRow, match="ends in the middle"):
        to_record(ROW[:-cut].encode(), line=1, end=0, ended=False)
    assert event_of(ROW, ended=False) == event_of(ROW)


def test_an_event_keeps_its_id_over_all_runs():
    """A re-send must be recognisable as one; another second is another event."""
    assert event_of(ROW).event_id == "e17786996a16d863e806e78d2"
    assert event_of(ROW[:-1] + "1").event_id != event_of(ROW).event_id


@given(st.lists(st.text(max_size=70), min_size=5, max_size=5), st.sets(st.integers(0, 4), max_size=2))
def test_a_row_is_an_event_for_the_domain_or_it_is_bad(texts: list[str], replaced: set[int]):
    """What replay sends as an event must never be rejected downstream."""
    columns = [texts[i] if i in replaced else column for i, column in enumerate(ROW.split(","))]
    try:
        record = to_record(",".join(columns).encode(), line=1, end=0)
    except BadRow:
        return
    assert isinstance(parse(record.data, arrived_at=ARRIVED_AT.replace(year=2199)), Event)


def test_the_recorded_two_hours_give_all_their_events(recorded: Path):
    """96,168 whole rows, and a last one that is cut off."""
    bad: list[tuple[int, bytes, str]] = []
    rows = list(records(recorded / "taobao-UserBehavior-96k.csv.gz", bad_row=lambda *what: bad.append(what)))
    assert (len(rows), len({row.data for row in rows})) == (96_168, 96_168)
    assert bad == [(96_169, b"301780,543546,4181361,pv,15", "the file ends in the middle of this row")]
    types = [json.loads(row.data)["event_type"] for row in rows]
    counts = {kind: types.count(kind) for kind in set(types)}
    assert counts == {"view": 85_773, "cart": 5_292, "favorite": 2_959, "purchase": 2_144}
    assert all(isinstance(parse(row.data, arrived_at=ARRIVED_AT), Event) for row in rows[::10])
