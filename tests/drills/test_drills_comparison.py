"""The comparison: what is lost, doubled and different, and what may be there twice."""

from typing import Any

import pytest

from drills.comparison import Allowed, Kind, Sides, compare

RIGHT: dict[str, Any] = {
    "lines": {b"a": 1, b"bad": 1},
    "archive": {b"a": 1, b"bad": 1},
    "rejects": {b"bad": 1},
    "events": {"a": 1},
    "on_stream": {"i": 1},
    "stored": {"i": 1},
    "curated": {"i": 1},
    "told": {"i": 1},
}
STATES: dict[str, Any] = {side: {"i": "closed"} for side in ("said", "stored_as", "curated_as")}


def found(allowed: Allowed | None = None, **changes: Any) -> list[tuple[Kind, str]]:
    wrong = compare(Sides(**RIGHT), Sides(**{**RIGHT, **STATES, **changes}), allowed or Allowed())
    return [(each.kind, each.side) for each in wrong]


def test_sides_that_hold_what_they_must_are_right() -> None:
    """Nothing may be called wrong that is not."""
    assert found() == []


@pytest.mark.parametrize("side", RIGHT)
def test_a_thing_that_is_missing_on_any_side_is_lost(side: str) -> None:
    """Each side is compared."""
    assert [kind for kind, _ in found(**{side: {}})] == [Kind.LOST] * len(RIGHT[side])


@pytest.mark.parametrize("side", RIGHT.keys() - {"on_stream"})
def test_a_thing_that_is_there_twice_is_doubled(side: str) -> None:
    """A sum would call it right where another is missing."""
    once = next(iter(RIGHT[side]))
    assert [kind for kind, _ in found(**{side: {**RIGHT[side], once: 2}})] == [Kind.DOUBLED]


def test_an_incident_may_be_on_the_stream_twice() -> None:
    """The stream is written at least once; whoever reads it has to bear that."""
    assert found(on_stream={"i": 2}) == []


@pytest.mark.parametrize("side", RIGHT)
def test_a_thing_that_nothing_led_to_is_different(side: str) -> None:
    """One lost beside one made up are two things wrong, not none."""
    other: Any = b"other" if side in ("lines", "archive", "rejects") else "other"
    assert [kind for kind, _ in found(**{side: {**RIGHT[side], other: 1}})] == [Kind.DIFFERENT]


def test_a_line_that_was_written_unconfirmed_may_be_there_twice_and_must_be() -> None:
    """The second copy is a record like any other: it may not be lost either."""
    allowed = Allowed(lines={b"a": 1, b"bad": 1})
    twice = {b"a": 2, b"bad": 2}
    assert found(allowed, lines=twice, archive=twice, rejects={b"bad": 2}) == []
    assert (Kind.LOST, "archive of events") in found(allowed, lines=twice, rejects={b"bad": 2})


def test_an_alert_is_excused_just_as_often_as_it_was_unconfirmed() -> None:
    """And the first one by nothing."""
    allowed = Allowed(told={"i": 1})
    assert found(allowed, told={"i": 2}) == []
    assert found(allowed, told={"i": 3}) == [(Kind.DOUBLED, "alerts")]
    assert found(allowed, told={}) == [(Kind.LOST, "alerts")]


@pytest.mark.parametrize(
    ("side", "name"), [("stored_as", "states in the incidents table"), ("curated_as", "states in the lake")]
)
def test_an_incident_that_a_side_has_in_another_state_is_different(side: str, name: str) -> None:
    """Else a side that never learns that an attack is over would be as good as one that does."""
    assert found(**{side: {"i": "open"}}) == [(Kind.DIFFERENT, name)]
