"""Plain lines: whatever the expression takes for plain, the reference parser takes for the same texts."""

import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commerce.event import Event, parse, to_line
from commerce.fields import EVENT_FIELDS
from commerce.plain import BETWEEN_MEMBERS, BETWEEN_NAME_AND_VALUE, plain_line
from commerce.rejects import REJECT_REASONS, Reject

PLAIN = re.compile(plain_line(first="\xa0", last="￼"), re.ASCII)
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


def line(members, **how) -> str:
    written = {"separators": (",", ":"), "ensure_ascii": False} | how
    return "{" + ",".join(json.dumps({name: text}, **written)[1:-1] for name, text in members) + "}"


def cut(text: str) -> dict[str, str]:
    """Cut a plain line as the engine does."""
    return dict(member.split(BETWEEN_NAME_AND_VALUE, 1) for member in text[2:-2].split(BETWEEN_MEMBERS))


def holds_to_the_reference(text: str) -> None:
    if PLAIN.fullmatch(text):
        read = parse(text.encode(), arrived_at=LONG_AFTER)
        if isinstance(read, Reject):
            assert read.reason in ABSENT
        else:
            texts = {name: value for name, value in cut(text).items() if value}
            again = json.loads(to_line(read))
            assert texts.keys() == again.keys()
            assert all(texts[name] == again[name] for name in texts.keys() - {"event_time", "price"})


def test_what_a_shop_sends_is_plain():
    """Else everything would be judged the long way."""
    read = parse(line(WHOLE.items()).encode(), arrived_at=LONG_AFTER)
    assert isinstance(read, Event)
    assert PLAIN.fullmatch(line(WHOLE.items()))
    assert PLAIN.fullmatch(to_line(read).decode())
    assert PLAIN.fullmatch(line([(name, WHOLE[name]) for name in sorted(WHOLE, reverse=True)]))


@settings(max_examples=600, deadline=None)
@given(members=st.permutations(list(WHOLE.items())), changed=MEMBERS, how=st.booleans())
def test_a_plain_line_is_what_the_reference_parser_says(members, changed, how):
    """Names twice, names unknown, values of every kind: plain is only what needs no parser."""
    text = line([*members, *changed], ensure_ascii=how)
    if "\ud800" not in text:
        holds_to_the_reference(text)


@settings(max_examples=600, deadline=None)
@given(place=st.integers(0, 400), piece=st.sampled_from(PIECES), taken=st.integers(0, 3))
def test_a_plain_line_spoilt_anywhere_is_plain_only_where_it_is_sound(place, piece, taken):
    """One character too many or too few in any place."""
    text = line(WHOLE.items())
    spoilt = text[:place] + piece + text[place + taken :]
    if "\ud800" not in spoilt:
        holds_to_the_reference(spoilt)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"event_id":"a"} ', ' {"event_id":"a"}', '{"event_id":1}', '{"event_id":"a"}\n']
)
def test_what_is_not_written_plainly_is_not_plain(text):
    """It may be an event all the same: it is judged the long way."""
    assert not PLAIN.fullmatch(text)


def test_no_plain_line_breaks_another_rule():
    """Of all reasons, a plain line can only have what is missing or the clock: lines have bounds, too."""
    longest = line([*WHOLE.items(), *[("user_agent", "x" * 1024)] * 12])
    assert PLAIN.fullmatch(longest)
    assert not PLAIN.fullmatch(line([*WHOLE.items(), *[("brand", "b")] * 13]))
    assert set(REJECT_REASONS) >= ABSENT & set(REJECT_REASONS)
