"""Whatever stands in a record of the incidents stream, it is answered or given back, and no other record suffers."""

import json
from typing import Any

from bad_input import ARRIVED_AT, read_incident_record
from hypothesis import example, given, settings
from hypothesis import strategies as st
from signals import incident, risk

from commerce.incident import Tally, to_line

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
TALLY = Tally(tally_id="t", period_start=ARRIVED_AT, outcome="late", reason="", records=3)
ABOUT_AN_ADDRESS = incident("203.0.113.7", ARRIVED_AT, rule="address_flood", subject_type="address", state="open")
RECORDS: list[dict[str, Any]] = [
    json.loads(to_line(each)) for each in (incident("7", ARRIVED_AT), ABOUT_AN_ADDRESS, TALLY, risk("7"))
]
# Of the kind that the field may have, and beyond what a table or a topic takes.
TEXTS = [
    "",
    "\ud800",
    "\0",
    "\n",
    "k" * 3_000,
    "s" * 300_000,
    "s" * 420_000,
    "critical",
    "site",
    "::ffff:1.2.3.4",
    "[9]",
]
NUMBERS = [0, -0.0, 5e-324, 1e-300, 1e99, 10**400, 2**63, 366 * 86_400, True]
LISTS = [[], [""], ["\ud800"], ["7"] * 500, ["7"] * 501]
OF_ITS_KIND = st.sampled_from(TEXTS) | st.sampled_from(NUMBERS) | st.sampled_from(LISTS)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_answered_or_given_back(data: bytes) -> None:
    """Lambda would send the whole batch again, for as long as the stream keeps it."""
    read_incident_record(data)


@settings(deadline=None)
@given(st.lists(JSON_VALUES, max_size=3))
def test_any_json_is_answered_or_given_back(values: list[Any]) -> None:
    """A record may have several lines, and be another program's."""
    read_incident_record("\n".join(map(json.dumps, values)).encode())


CHANGED = st.sampled_from(RECORDS).flatmap(
    lambda record: st.dictionaries(st.sampled_from(sorted(record)), OF_ITS_KIND | JSON_VALUES, max_size=2).map(
        lambda changes: record | changes
    )
)


@settings(deadline=None)
@given(CHANGED)
@example(RECORDS[0] | {"sentence": "half of a pair: \ud800"})
@example(RECORDS[0] | {"value": 1e-300})
@example(RECORDS[0] | {"incident_id": ""})
@example(RECORDS[0] | {"sentence": "s" * 300_000})
def test_any_value_in_any_field_of_a_record_is_answered_or_given_back(record: dict[str, Any]) -> None:
    """What passes the reader must be a row and a mail: an alert that cannot be sent is tried in vain, and again."""
    read_incident_record(json.dumps(record).encode())
