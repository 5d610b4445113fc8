"""Plain lines: whatever the detector takes apart without a parser, the reference parser takes for the same texts."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyflink.java_gateway import get_gateway
from pyflink.util.java_utils import add_jars_to_context_class_loader

from commerce.event import parse, to_line
from commerce.fields import EVENT_FIELDS
from commerce.rejects import Reject
from flink_app.over_files import JAR
from flink_app.streams import MOST_MEMBERS, plain_lines

LONG_AFTER = datetime(2099, 1, 1, tzinfo=UTC)
ABSENT = {f"missing_{field.name}" for field in EVENT_FIELDS}
WHOLE = {
    "event_id": "e1",
    "event_time": "2025-03-03T08:00:00.000Z",
    "event_type": "view",
    "product_id": "1",
    "category_id": "2",
    "category_code": "a.b, c: d",
    "brand": "Søren",
    "price": "19.9",
    "user_id": "7",
    "user_session": "s-1",
    "ip_address": "10.0.0.1",
    "user_agent": "Mozilla/5.0 (X11; rv:1)",
}
PIECES = ["", "a", "1", "e-9", '"', "\\", '\\"', "[", "{", ",", ":", '","', '":"', " ", "\n", "\x7f", "é", "\ud800"]
PIECES += ["�", "\u2028", "😀", "x" * 70, "1" * 20, "2025-02-29T00:00:00Z", "view", "10.0.0.1", "0.999", "-0"]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=3).map("".join)
MEMBERS = st.lists(
    st.tuples(st.sampled_from([*WHOLE, "other", "event_id "]), TEXTS | st.sampled_from(sorted(WHOLE.values()))),
    max_size=4,
)
EACH = settings(max_examples=800, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def java() -> Any:
    add_jars_to_context_class_loader([JAR.as_uri()])
    plain = plain_lines(get_gateway().jvm)
    plain.prepare()
    return plain


def line(members: Iterable[tuple[str, str]], **how: Any) -> str:
    """Return a line with these members; `how` are options of `json.dumps`."""
    written = {"separators": (",", ":"), "ensure_ascii": False} | how
    return "{" + ",".join(json.dumps({name: text}, **written)[1:-1] for name, text in members) + "}"


def taken_apart(java: Any, text: str) -> dict[str, str] | None:
    """Return what the detector takes the line for; None where it leaves it to a parser."""
    values = java.takeApart(text)
    if values is None:
        return None
    found = zip((field.name for field in EVENT_FIELDS), values, strict=True)
    return {name: value for name, value in found if value is not None}


def holds_to_the_reference(java: Any, text: str) -> None:
    if "\ud800" in text:  # no text that was decoded has half a pair
        return
    texts = taken_apart(java, text)
    if texts is None:
        return
    read = parse(text.encode(), arrived_at=LONG_AFTER)
    if isinstance(read, Reject):
        assert read.reason in ABSENT
        return
    again = json.loads(to_line(read))
    assert texts.keys() == again.keys()
    assert all(texts[name] == again[name] for name in texts.keys() - {"event_time", "price"})


def test_what_a_shop_sends_is_plain(java):
    """Else everything would be judged the long way, and the others here would pass with nothing ever taken apart."""
    assert taken_apart(java, line(WHOLE.items())) == WHOLE
    assert taken_apart(java, line([(name, WHOLE[name]) for name in sorted(WHOLE, reverse=True)])) == WHOLE
    for moment in ("2024-02-29T23:59:59Z", "2099-12-31T00:00:00.999Z"):
        assert taken_apart(java, line((WHOLE | {"event_time": moment}).items())) is not None


@EACH
@given(members=st.permutations(list(WHOLE.items())), changed=MEMBERS, how=st.booleans())
def test_members_of_every_kind(java, members, changed, how):
    """Names twice, names unknown, values that their field may not hold: plain is only what needs no parser."""
    holds_to_the_reference(java, line([*members, *changed], ensure_ascii=how))


@EACH
@given(place=st.integers(0, 400), piece=st.sampled_from(PIECES), taken=st.integers(0, 3))
def test_a_line_spoilt_in_any_place(java, place, piece, taken):
    """One character too many or too few."""
    text = line(WHOLE.items())
    holds_to_the_reference(java, text[:place] + piece + text[place + taken :])


@pytest.mark.parametrize("name", ["category_code", "brand", "user_agent", "ip_address", "product_id", "event_time"])
@pytest.mark.parametrize(
    "piece", [*PIECES, "\x00", "\x1f", "\x85", "\ufeff", "\uffff", "[" * 120, "{" * 120, "ü" * 1024]
)
def test_a_value_with_anything_in_it(java, name, piece):
    """As it may stand in a line that nobody has escaped."""
    holds_to_the_reference(java, line(WHOLE.items()).replace(f'"{WHOLE[name]}"', f'"{WHOLE[name]}{piece}"'))


@pytest.mark.parametrize(
    "text",
    [
        *("", '"', "{", "{}", "[]", '{""}', '{"}', '{"":""}', '{"event_id":"}', '{"event_id":"a",}', '{"a"}'),
        *('{"event_id":"a"} ', ' {"event_id":"a"}', '{"event_id":1}', '{"event_id":"a"}\n', '{"brand":"😀"}'),
    ],
)
def test_what_is_not_written_plainly_is_not_plain(java, text):
    """It may be an event all the same: it is judged the long way. No end of a line is looked for beyond it."""
    assert taken_apart(java, text) is None


def test_no_plain_line_breaks_another_rule(java):
    """Of all reasons, a plain line can only have what is missing or the clock: lines have bounds, too."""
    many = [*WHOLE.items(), *[("user_agent", "x" * 1024)] * (MOST_MEMBERS - len(WHOLE))]
    assert taken_apart(java, line(many)) is not None
    holds_to_the_reference(java, line(many))
    assert taken_apart(java, line([*many, ("brand", "b")])) is None
