"""An incident and a tally survive the wire, and nothing else gets past the reader."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.incident import Incident, Outcome, RiskSignal, State, Tally, incident_id, parse, to_line
from commerce.rules.rule import Severity, SubjectType

INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC)).map(
    lambda instant: instant.replace(microsecond=instant.microsecond // 1000 * 1000)
)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
NUMBERS = st.floats(-1e12, 1e12).filter(lambda number: number == 0 or abs(number) > 1e-100)
INCIDENTS = st.builds(
    Incident,
    incident_id=TEXTS,
    rule=TEXTS,
    rule_version=st.integers(1, 9),
    subject_type=st.sampled_from([text.value for text in SubjectType]),
    subject=TEXTS,
    state=st.sampled_from([text.value for text in State]),
    severity=st.sampled_from([text.value for text in Severity]),
    opened_at=INSTANTS,
    last_seen_at=INSTANTS,
    window_seconds=st.integers(1, 86_400),
    value=NUMBERS,
    threshold=NUMBERS,
    evidence=st.dictionaries(TEXTS, NUMBERS, max_size=4).map(json.dumps),
    sample_event_ids=st.lists(TEXTS, max_size=20).map(tuple),
    sentence=TEXTS,
    subjects=st.lists(TEXTS, max_size=20).map(tuple),
    record_type=st.just("incident"),
)
TALLIES = st.builds(
    Tally,
    tally_id=TEXTS,
    period_start=INSTANTS,
    outcome=st.sampled_from([text.value for text in Outcome]),
    reason=TEXTS,
    records=st.integers(0, 2**53),
    record_type=st.just("tally"),
)
SCORES = st.just(0.0) | st.floats(1e-9, 1)
RISKS = st.builds(
    RiskSignal,
    risk_id=TEXTS,
    user_id=TEXTS,
    began_at=INSTANTS,
    ended_at=INSTANTS,
    risk_class=st.sampled_from(["elevated", "high"]),
    risk=SCORES,
    sentences=TEXTS,
    impulsivity=st.none() | SCORES,
    nocturnal=st.none() | SCORES,
    fatigue=st.none() | SCORES,
    volatility=st.none() | SCORES,
    actions=st.integers(0, 2**53),
    night_actions=st.integers(0, 2**53),
    pauses=st.integers(0, 2**53),
    rushed_pauses=st.integers(0, 2**53),
    purchases=st.integers(0, 2**53),
    record_type=st.just("risk"),
)
TALLY: dict[str, Any] = {
    "record_type": "tally",
    "tally_id": "a",
    "period_start": "2019-10-01T00:00:00.000Z",
    "outcome": "late",
    "reason": "",
    "records": 3,
}
INCIDENT: dict[str, Any] = {
    "record_type": "incident",
    "incident_id": "c0ffee",
    "rule": "request_flood",
    "rule_version": 1,
    "subject_type": "user",
    "subject": "518043721",
    "state": "open",
    "severity": "high",
    "opened_at": "2019-10-01T00:00:00.000Z",
    "last_seen_at": "2019-10-01T00:01:00.000Z",
    "window_seconds": 60,
    "value": 130,
    "threshold": 120.0,
    "evidence": '{"events": 130}',
    "sample_event_ids": ["e1"],
    "sentence": "User 518043721 was busy.",
}


@given(st.one_of(INCIDENTS, TALLIES, RISKS))
def test_a_record_survives_the_wire(record: Incident | Tally | RiskSignal) -> None:
    """What the detector writes is what the responder and the lake read."""
    assert parse(to_line(record)) == record


@pytest.mark.parametrize("older", [{}, {"subjects": None}])
def test_a_record_that_names_nobody_who_took_part_has_none(older: dict[str, Any]) -> None:
    """Raw objects of years are read again by the version that learned of it."""
    read = parse(json.dumps(INCIDENT | older).encode())
    assert isinstance(read, Incident)
    assert read.subjects == ()
    assert parse(to_line(read)) == read


@given(st.binary(max_size=300))
def test_any_bytes_are_a_record_or_a_value_error(line: bytes) -> None:
    """A reader that raised anything else would take its whole batch down."""
    try:
        parse(line)
    except ValueError:
        return


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from([TALLY, INCIDENT]), st.data(), JSON_VALUES)
def test_any_value_in_any_field_is_read_or_refused(record: dict[str, Any], data: st.DataObject, value: Any) -> None:
    """Whatever is read is exactly what the dataclass promises, so that nobody downstream checks again."""
    name = data.draw(st.sampled_from(sorted(record)))
    try:
        read = parse(json.dumps(record | {name: value}).encode())
    except ValueError:
        return
    assert parse(to_line(read)) == read


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", "not JSON"),
        (b"[" * 100_000, "not JSON: nested too deep"),
        (b"\xff", "not JSON"),
        (json.dumps(INCIDENT | {"sentence": "\ud800"}).encode(), "not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"records":NaN}', "NaN is no number"),
        (b"{}", "record_type is neither"),
        (b'{"record_type":["tally"]}', "record_type is neither"),
    ],
)
def test_a_line_that_is_no_record_is_refused_with_its_reason(line: bytes, reason: str) -> None:
    """Whoever empties the failure queue should not have to guess."""
    with pytest.raises(ValueError, match=reason):
        parse(line)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("state", "reopened"),
        ("severity", "518043721"),
        ("subject_type", "shopper"),
        ("rule_version", True),
        ("rule_version", 1.5),
        ("window_seconds", -1),
        ("window_seconds", 2**62),
        ("value", "130"),
        ("value", 10**400),
        ("threshold", 1e300),
        ("threshold", 1e-300),
        ("last_seen_at", "2019-10-01T00:01:00+05:00"),
        ("last_seen_at", "2019-02-30T00:01:00.000Z"),
        ("sample_event_ids", ["e1", None]),
        ("sample_event_ids", "e1"),
        ("subject", None),
        ("subjects", "u1"),
        ("subjects", ["u1", 2]),
        ("subjects", ["u1"] * 501),
    ],
)
def test_a_value_out_of_place_is_refused_by_the_name_of_its_field(field: str, value: Any) -> None:
    """A state without a place in the order, or a time zone silently dropped, would corrupt the row."""
    with pytest.raises(ValueError, match=f"^{field} is "):
        parse(json.dumps(INCIDENT | {field: value}).encode())


@pytest.mark.parametrize("field", sorted(INCIDENT))
def test_a_reason_never_quotes_the_value(field: str) -> None:
    """Reasons are logged, and the value may be a shopper's."""
    with pytest.raises(ValueError) as raised:
        parse(json.dumps(INCIDENT | {field: {"shopper": "518043721"}}).encode())
    assert "518043721" not in str(raised.value)


def test_an_incident_id_is_the_same_for_ever() -> None:
    """Rows written by earlier versions are found again only if the id never changes."""
    opened_at = datetime(2019, 10, 1, 2, 16, 5, 123_000, tzinfo=UTC)
    stable = incident_id(rule="request_flood", rule_version=1, subject="518043721", opened_at=opened_at)
    assert stable == "dd56ceb7bbb2c4bc1264496451f256ca8536cf34cb3e9dec37d85e19a80e7a64"


def test_an_incident_id_tells_its_four_parts_apart() -> None:
    """Two episodes with one id would be one row, and the second alert would never be sent."""
    parts = {"rule": "r", "rule_version": 1, "subject": "s", "opened_at": datetime(2019, 10, 1, tzinfo=UTC)}
    others = {"rule": "q", "rule_version": 2, "subject": "t", "opened_at": datetime(2019, 10, 2, tzinfo=UTC)}
    ids = {incident_id(**parts), *(incident_id(**parts | {name: value}) for name, value in others.items())}
    assert len(ids) == 5
