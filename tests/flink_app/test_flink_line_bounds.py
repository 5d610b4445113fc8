"""Lines that are not parsed: each would have been refused for the same reason, and what may be an event is none."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyflink.java_gateway import get_gateway
from pyflink.util.java_utils import add_jars_to_context_class_loader

from commerce.event import parse
from commerce.rejects import MAX_LINE_CHARACTERS, MAX_OPENING_BRACKETS, REJECT_REASONS, Reject
from flink_app.over_files import JAR

LONG_AFTER = datetime(2099, 1, 1, tzinfo=UTC)
# The reasons for which a line is refused before anybody looks for its fields.
UNSEEN = REJECT_REASONS[: REJECT_REASONS.index("not_a_json_object") + 1]
PIECES = ["{", "}", "[", "]", '"a"', ":", ",", "1", " ", "\t", "\r", "\f", "\u00a0", "�", "😀", "x", '"{"']
PIECES += ["[" * MAX_OPENING_BRACKETS, '{"a":1}', "é" * MAX_LINE_CHARACTERS, "😀" * (MAX_LINE_CHARACTERS // 2)]
EACH = settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def bounds() -> Any:
    add_jars_to_context_class_loader([JAR.as_uri()])
    return get_gateway().jvm.floorwalker.LineBounds(MAX_LINE_CHARACTERS, MAX_OPENING_BRACKETS)


def reason(text: str) -> str | None:
    """Return for what the reference parser refuses the line, None for an event or a blank line."""
    found = parse(text.encode(), arrived_at=LONG_AFTER)
    return found.reason if isinstance(found, Reject) else None


@EACH
@given(text=st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_what_is_not_parsed_is_refused_all_the_same(bounds, text):
    """Whatever stands in it: it is too long, too deep, not whole or no object."""
    assert bounds.mayBeJson(text) or reason(text) in UNSEEN


@EACH
@given(st.dictionaries(st.sampled_from(["event_id", "price", "other"]), st.integers() | st.text(max_size=9)))
def test_an_object_is_parsed(bounds, members):
    """Within the bounds; blanks around it are no part of it."""
    text = f" \t{json.dumps(members, ensure_ascii=True)}\r "
    assert bounds.mayBeJson(text)


@pytest.mark.parametrize("text", ["x", "", "{", "}", "}{", "[{}]", "{}x", '{"a":1};', "<html>"])
def test_what_does_not_look_like_an_object_is_not_parsed(bounds, text):
    """Log lines and pretty-printed objects come by the dozen, and each would cost more than a good event."""
    assert not bounds.mayBeJson(text)
