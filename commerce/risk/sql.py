"""The signs as SQL, one text for every engine: only what DuckDB, Spark and Flink write and count alike.

Each step adds columns to a relation that has those of the steps before it: measures, scores, risk, class. Numbers are
64-bit and every quotient is of doubles in one order of operations, so that all engines come to the same last digit.
"""

from commerce.risk.signs import (
    ELEVATED_FROM,
    HABIT_DAYS,
    HIGH_FROM,
    NIGHT_UNTIL_HOUR,
    ROLLING_PAUSES_AT_LEAST,
    ROLLING_SECONDS,
    RUSHED_GAP_MS,
    SESSION_GAP_SECONDS,
    SIGNS,
    SIGNS_AT_LEAST,
    Measure,
    RiskClass,
    Sign,
)
from commerce.rules.rule import LONGEST_GAP_SECONDS, PANE_SECONDS
from commerce.sql.template import filled, literal

_DAY_SECONDS = 86_400

_MEASURES = tuple(measure for sign in SIGNS for measure in sign.measures)


def measures_sql() -> str:
    """Return the columns of the measured values, made of `signs.NUMBERS`."""
    return _columns({measure.name: measure.value for measure in _MEASURES})


def scores_sql() -> str:
    """Return the columns of the sub-scores, made of the measures."""
    return _columns({sign.name: _score(sign) for sign in SIGNS})


def risk_sql() -> str:
    """Return the columns `risk` and `signs_judged`, made of the sub-scores: what no sign leaves of being at ease."""
    at_ease = " * ".join(f"(1.0e0 - {_number(sign.weight)} * COALESCE({sign.name}, 0.0e0))" for sign in SIGNS)
    judged = " + ".join(f"CASE WHEN {sign.name} IS NULL THEN 0 ELSE 1 END" for sign in SIGNS)
    return _columns({"risk": f"1.0e0 - {at_ease}", "signs_judged": judged})


def class_sql() -> str:
    """Return the columns `risk_class` and `sentences`, made of all before. Too little evidence is no calm."""
    risk_class = (
        f"CASE WHEN risk >= {_number(HIGH_FROM)} THEN '{RiskClass.HIGH}' "
        f"WHEN risk >= {_number(ELEVATED_FROM)} THEN '{RiskClass.ELEVATED}' "
        f"WHEN signs_judged < {SIGNS_AT_LEAST} THEN '{RiskClass.TOO_LITTLE_EVIDENCE}' "
        f"ELSE '{RiskClass.STANDARD}' END"
    )
    too_little = f"risk < {_number(ELEVATED_FROM)} AND signs_judged < {SIGNS_AT_LEAST}"
    said = [_when(f"{measure.name} > {_number(measure.none_at)}", _sentence(measure)) for measure in _MEASURES]
    said += [
        _when(f"{too_little} AND {sign.name} IS NULL", literal(sign.unjudged + " ")) for sign in SIGNS if sign.unjudged
    ]
    return _columns({"risk_class": risk_class, "sentences": f"TRIM({' || '.join(said)})"})


def placeholders() -> dict[str, str]:
    """Return what a SQL file that judges sessions leaves open, by name: bounds, meanings and the four steps."""
    numbers = {
        "pane_seconds": PANE_SECONDS,
        "pane_ms": PANE_SECONDS * 1000,
        "session_gap_minutes": SESSION_GAP_SECONDS // 60,
        "session_gap_ms": SESSION_GAP_SECONDS * 1000,
        "session_gap_panes": SESSION_GAP_SECONDS // PANE_SECONDS,
        "longest_gap_ms": LONGEST_GAP_SECONDS * 1000,
        "rolling_ms": ROLLING_SECONDS * 1000,
        "rolling_panes_before": ROLLING_SECONDS // PANE_SECONDS - 1,
        "rolling_pauses_at_least": ROLLING_PAUSES_AT_LEAST,
        "rushed_gap_ms": RUSHED_GAP_MS,
        "night_until_hour": NIGHT_UNTIL_HOUR,
        "habit_days": HABIT_DAYS,
        "habit_panes": HABIT_DAYS * _DAY_SECONDS // PANE_SECONDS,
        "days_before": HABIT_DAYS + 1,  # a session of the habit may have begun on the day before
        "elevated_from": ELEVATED_FROM,
        "high_from": HIGH_FROM,
    }
    meanings = {f"{sign.name}_meaning": sign.meaning.rstrip(".") for sign in SIGNS}
    steps = {"measures": measures_sql(), "scores": scores_sql(), "risk": risk_sql(), "class": class_sql()}
    classes = ", ".join(RiskClass)
    return {name: str(number) for name, number in numbers.items()} | meanings | steps | {"classes": classes}


def _score(sign: Sign) -> str:
    """Return the highest of the measures' scores; NULL is no score, and engines differ in what GREATEST makes of it."""
    scores = [_ramp(measure) for measure in sign.measures]
    if len(scores) == 1:
        return scores[0]
    one, other = scores
    return (
        f"CASE WHEN {sign.measures[0].name} IS NULL THEN {other} WHEN {sign.measures[1].name} IS NULL THEN {one} "
        f"WHEN {one} >= {other} THEN {one} ELSE {other} END"
    )


def _ramp(measure: Measure) -> str:
    low, high = _number(measure.none_at), _number(measure.full_at)
    return (
        f"CASE WHEN {measure.name} <= {low} THEN 0.0e0 WHEN {measure.name} >= {high} THEN 1.0e0 "
        f"WHEN {measure.name} > {low} THEN ({measure.name} - {low}) / ({high} - {low}) END"
    )


def _sentence(measure: Measure) -> str:
    told = {name: f"CAST({expression} AS STRING)" for name, expression in measure.told.items()}
    return " || ".join(filled(measure.sentence + " ", told))


def _when(condition: str, text: str) -> str:
    return f"CASE WHEN {condition} THEN {text} ELSE '' END"


def _columns(expressions: dict[str, str]) -> str:
    return ",\n  ".join(f"{expression} AS {name}" for name, expression in expressions.items())


def _number(value: float) -> str:
    """Return a double: without the exponent it would be a decimal, which each engine divides in its own way."""
    return f"{value!r}e0"
