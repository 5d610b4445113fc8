"""The detector takes apart exactly the lines that the expression for plain lines takes, and into the same texts."""

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plain_lines import MEMBERS, PIECES, WHOLE, line, spoilt
from pyflink.java_gateway import get_gateway
from pyflink.util.java_utils import add_jars_to_context_class_loader

from commerce.fields import EVENT_FIELDS
from commerce.plain import BETWEEN_MEMBERS, BETWEEN_NAME_AND_VALUE, plain_line
from flink_app.over_files import JAR
from flink_app.streams import plain_lines

PLAIN = re.compile(plain_line(first="\xa0", last="￼"), re.ASCII)
EACH = settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def java() -> Any:
    add_jars_to_context_class_loader([JAR.as_uri()])
    plain = plain_lines(get_gateway().jvm)
    plain.prepare()
    return plain


def expected(text: str) -> list[str | None] | None:
    if not PLAIN.fullmatch(text):
        return None
    members = dict(member.split(BETWEEN_NAME_AND_VALUE, 1) for member in text[2:-2].split(BETWEEN_MEMBERS))
    return [members.get(field.name) or None for field in EVENT_FIELDS]


def found(java: Any, text: str) -> list[str | None] | None:
    values = java.takeApart(text)
    return None if values is None else list(values)


def test_a_whole_line_is_taken_apart(java):
    """Else the others would pass with nothing ever taken apart."""
    assert found(java, line(WHOLE.items())) == list(WHOLE.values())


@EACH
@given(members=st.permutations(list(WHOLE.items())), changed=MEMBERS, how=st.booleans())
def test_with_members_of_every_kind(java, members, changed, how):
    """Names twice, names unknown, values that their field may not hold."""
    text = line([*members, *changed], ensure_ascii=how)
    if "\ud800" not in text:  # no text that was decoded has half a pair
        assert found(java, text) == expected(text)


@EACH
@given(place=st.integers(0, 400), piece=st.sampled_from(PIECES), taken=st.integers(0, 3))
def test_spoilt_in_any_place(java, place, piece, taken):
    """One character too many or too few."""
    text = spoilt(place, piece, taken)
    if "\ud800" not in text:
        assert found(java, text) == expected(text)


@pytest.mark.parametrize("members", [24, 25])
def test_a_line_of_many_members(java, members):
    """More than there are fields, since names may come again, but not without a bound."""
    text = line([*WHOLE.items(), *[("brand", f"b{number}") for number in range(members - len(WHOLE))]])
    assert found(java, text) == expected(text)
    assert (expected(text) is None) == (members == 25)


@pytest.mark.parametrize(
    "text",
    ["", '"', "{", "{}", '{""}', '{"}', '{"":""}', '{"event_id":"}', '{"event_id":"a"}', '{"event_id":"a",}', '{"a"}'],
)
def test_lines_that_are_hardly_there(java, text):
    """No end of a line is looked for beyond it."""
    assert found(java, text) == expected(text)
