"""The signs of behavioural risk: what they can come to, and that each can say why."""

import re
from string import Formatter

import pytest

from commerce.risk.signs import ELEVATED_FROM, HIGH_FROM, NUMBERS, SIGNS, Measure, Sign
from commerce.risk.sql import class_sql, measures_sql, placeholders, risk_sql, scores_sql

MEASURES = [measure for sign in SIGNS for measure in sign.measures]
EACH_MEASURE = pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.name)
SQL_WORDS = {"case", "when", "then", "else", "end", "and", "cast", "as", "double", "bigint", "floor", "sqrt", "e0"}


@pytest.mark.parametrize("sign", SIGNS, ids=lambda sign: sign.name)
def test_a_sign_alone_can_make_elevated_and_never_high(sign: Sign) -> None:
    """One long evening is no crisis; two signs together may be."""
    assert ELEVATED_FROM <= sign.weight < HIGH_FROM


@EACH_MEASURE
def test_a_measure_can_say_why(measure: Measure) -> None:
    """A score without its numbers in words helps nobody who is to take care of a person."""
    named = {name for _, name, _, _ in Formatter().parse(measure.sentence) if name}
    assert named == set(measure.told)
    assert measure.sentence.endswith(".")


@EACH_MEASURE
def test_a_measure_is_made_of_the_numbers_of_a_session(measure: Measure) -> None:
    """A number that one of the engines does not count would be found out only there."""
    known = {*NUMBERS, *(other.name for other in MEASURES)}
    for expression in (measure.value, *measure.told.values()):
        assert {word.lower() for word in re.findall(r"[A-Za-z_]\w*", expression)} - SQL_WORDS <= known


@EACH_MEASURE
def test_a_measure_counts_in_full_only_beyond_where_it_begins(measure: Measure) -> None:
    """Else the score would jump, or fall as the behaviour grows."""
    assert measure.none_at < measure.full_at


def test_the_bounds_are_those_that_were_agreed() -> None:
    """Under three seconds, before five, beyond half an hour, over 150: a slip of a digit shows in no other test."""
    assert {measure.name: measure.none_at for measure in MEASURES}["lasting_minutes"] == 30
    assert {measure.name: measure.none_at for measure in MEASURES}["amount_deviation"] == 150
    filled = placeholders()
    assert (filled["rushed_gap_ms"], filled["night_until_hour"], filled["session_gap_ms"]) == ("3000", "5", "1800000")


def test_every_double_is_written_as_one() -> None:
    """A plain 0.5 is a decimal to an engine, and each divides decimals in its own way."""
    for step in (measures_sql(), scores_sql(), risk_sql(), class_sql()):
        assert re.findall(r"(?<![\w.'])\d+\.\d+(?!e0|\d)", step) == []
