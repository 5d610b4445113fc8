"""The signs of behavioural risk, as data: what is measured of a session, from where on it counts, and how it is said.

A session is what one user does without a pause above SESSION_GAP_SECONDS. It is counted in panes of PANE_SECONDS, as
the rules are. A habit is what the same user's sessions were that ended within HABIT_DAYS before this one did.

A value is a SQL expression over `NUMBERS`, in the words that DuckDB, Spark and Flink share. It is NULL where there is
too little to measure: too little is said to be so, and never taken for calm.
"""

from dataclasses import dataclass
from enum import StrEnum

from commerce.rules.rule import PANE_SECONDS

SESSION_GAP_SECONDS = 1800
HABIT_DAYS = 28
# A rush: of the last ROLLING_SECONDS there are at least so many pauses, and their mean is below RUSHED_GAP_MS. A pause
# longer than that time lies outside of it, and says nothing about what came after.
ROLLING_SECONDS = 3 * PANE_SECONDS
ROLLING_PAUSES_AT_LEAST = 5
RUSHED_GAP_MS = 3000
# Night by the shopper's own clock: from midnight until before this hour.
NIGHT_UNTIL_HOUR = 5

# What must be there before a sign can be judged.
PAUSES_AT_LEAST = 10
ACTIONS_AT_LEAST = 5
USUAL_ACTIONS_AT_LEAST = 20
AMOUNTS_AT_LEAST = 3

# From so much combined risk on, a session is of that class. No sign reaches high alone.
ELEVATED_FROM = 0.5
HIGH_FROM = 0.8
# With fewer signs judged than this, nobody is called standard.
SIGNS_AT_LEAST = 3


class RiskClass(StrEnum):
    """What the signs come to."""

    STANDARD = "standard"
    ELEVATED = "elevated"
    HIGH = "high"
    TOO_LITTLE_EVIDENCE = "too_little_evidence"


# Of a session: the names that values and sentences are written in.
NUMBERS: dict[str, str] = {
    "lasting_seconds": "From the pane of the first action to the pane of the last, seconds.",
    "actions": "Events of every type.",
    "night_actions": f"Events from 00:00 until before {NIGHT_UNTIL_HOUR:02d}:00, local time.",
    "pauses": "Pauses between one action and the next, none of no length or beyond 15 minutes.",
    "rushed_pauses": "Pauses made in a rush.",
    "purchases": "Products bought.",
    "spent": "Sum of the prices of what was bought.",
    "spent_squared": "Sum of the squares of these prices.",
    "most_spent": "The highest of these prices; NULL if nothing was bought.",
    "usual_actions": "Events of the sessions that make the habit; NULL if there are none.",
    "usual_night_actions": "Those at night.",
    "usual_purchases": "Products bought in these sessions.",
    "usual_spent": "Sum of the prices of what was bought in them.",
}


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One measured value: it counts for nothing up to `none_at`, and in full from `full_at` on.

    `sentence` is a template over the names in `told`, whole numbers given as SQL expressions.
    """

    name: str
    value: str
    none_at: float
    full_at: float
    meaning: str
    sentence: str
    told: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Sign:
    """One sub-score, 0 to 1: the highest of its measures, NULL where none can be judged.

    `weight` is how much of the combined risk it can make alone. `unjudged` says why it could not be judged.
    """

    name: str
    measures: tuple[Measure, ...]
    weight: float
    meaning: str
    unjudged: str


def _double(expression: str) -> str:
    return f"CAST({expression} AS DOUBLE)"


def _whole(expression: str) -> str:
    return f"CAST(FLOOR({expression}) AS BIGINT)"


def _percent(part: str, whole: str) -> str:
    return _whole(f"{_double(f'100 * {part}')} / {whole}")


_MEAN = f"({_double('spent')} / purchases)"
_VARIANCE = f"({_double('spent_squared')} / purchases - {_MEAN} * {_MEAN})"

IMPULSIVITY = Sign(
    name="impulsivity",
    measures=(
        Measure(
            name="rushed_share",
            value=f"CASE WHEN pauses >= {PAUSES_AT_LEAST} THEN {_double('rushed_pauses')} / pauses END",
            none_at=0.0,
            full_at=1.0,
            meaning=(
                f"the share of pauses in a rush: those of the last {ROLLING_SECONDS} seconds, at least "
                f"{ROLLING_PAUSES_AT_LEAST} and none longer, have a mean below {RUSHED_GAP_MS / 1000:g} seconds"
            ),
            sentence=(
                "{percent} percent of {pauses} pauses between actions were in a rush, below "
                f"{RUSHED_GAP_MS / 1000:g} seconds on average."
            ),
            told={"percent": _percent("rushed_pauses", "pauses"), "pauses": "pauses"},
        ),
    ),
    weight=0.7,
    meaning="How much of it was done in a rush.",
    unjudged=f"With fewer than {PAUSES_AT_LEAST} pauses, haste cannot be judged.",
)
NOCTURNAL = Sign(
    name="nocturnal",
    measures=(
        Measure(
            name="night_excess",
            value=(
                f"CASE WHEN actions >= {ACTIONS_AT_LEAST} AND usual_actions >= {USUAL_ACTIONS_AT_LEAST} "
                f"THEN {_double('night_actions')} / actions - {_double('usual_night_actions')} / usual_actions END"
            ),
            none_at=0.0,
            full_at=1.0,
            meaning="the share of actions at night, less the share that is this shopper's habit",
            sentence=(
                f"{{percent}} percent of the actions were between 00:00 and {NIGHT_UNTIL_HOUR:02d}:00, "
                "where {usual} percent are usual for this shopper."
            ),
            told={
                "percent": _percent("night_actions", "actions"),
                "usual": _percent("usual_night_actions", "usual_actions"),
            },
        ),
    ),
    weight=0.6,
    meaning="How much more of it was at night than this shopper is used to.",
    unjudged=(
        f"With fewer than {ACTIONS_AT_LEAST} actions, or {USUAL_ACTIONS_AT_LEAST} in the {HABIT_DAYS} days before, "
        "an unusual night cannot be told."
    ),
)
FATIGUE = Sign(
    name="fatigue",
    measures=(
        Measure(
            name="lasting_minutes",
            value=f"{_double('lasting_seconds')} / 60",
            none_at=30.0,
            full_at=120.0,
            meaning="minutes without a pause that would end the session",
            sentence=f"The session went on for {{minutes}} minutes without a break of {SESSION_GAP_SECONDS // 60}.",
            told={"minutes": _whole(f"{_double('lasting_seconds')} / 60")},
        ),
    ),
    weight=0.7,
    meaning="How long it went on without a break.",
    unjudged="",
)
VOLATILITY = Sign(
    name="volatility",
    measures=(
        Measure(
            name="amount_deviation",
            value=(
                "CASE WHEN purchases = 0 THEN 0.0e0 "
                f"WHEN purchases >= {AMOUNTS_AT_LEAST} AND {_VARIANCE} > 0 THEN SQRT({_VARIANCE}) "
                f"WHEN purchases >= {AMOUNTS_AT_LEAST} THEN 0.0e0 END"
            ),
            none_at=150.0,
            full_at=450.0,
            meaning=f"the standard deviation of the prices paid, of at least {AMOUNTS_AT_LEAST}",
            sentence="The {purchases} amounts paid differ by {deviation} (standard deviation); from 150 on it counts.",
            told={"purchases": "purchases", "deviation": _whole("amount_deviation")},
        ),
        Measure(
            name="amount_spike",
            value=(
                f"CASE WHEN purchases > 0 AND usual_purchases >= {AMOUNTS_AT_LEAST} AND usual_spent > 0 "
                f"THEN {_double('most_spent')} * usual_purchases / {_double('usual_spent')} END"
            ),
            none_at=2.0,
            full_at=6.0,
            meaning="the highest price paid, as a multiple of what this shopper usually pays",
            sentence="The highest amount paid is {times} times what is usual for this shopper.",
            told={"times": _whole("amount_spike")},
        ),
    ),
    weight=0.7,
    meaning="How much the amounts paid vary, or rise above the usual.",
    unjudged=f"With fewer than {AMOUNTS_AT_LEAST} amounts paid, now or before, they cannot be compared.",
)
SIGNS: tuple[Sign, ...] = (IMPULSIVITY, NOCTURNAL, FATIGUE, VOLATILITY)
