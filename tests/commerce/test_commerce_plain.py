"""Plain lines: whatever the expression takes for plain, the reference parser takes for the same texts."""

import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_lines import MEMBERS, PIECES, WHOLE, line, spoilt

from commerce.event import Event, parse, to_line
from commerce.fields import EVENT_FIELDS
from commerce.plain import BETWEEN_MEMBERS, BETWEEN_NAME_AND_VALUE, plain_line
from commerce.rejects import REJECT_REASONS, Reject

PLAIN = re.compile(plain_line(first="\xa0", last="￼"), re.ASCII)
LONG_AFTER = datetime(2099, 1, 1, tzinfo=UTC)
ABSENT = {f"missing_{field.name}" for field in EVENT_FIELDS}


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
    text = spoilt(place, piece, taken)
    if "\ud800" not in text:
        holds_to_the_reference(text)


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
