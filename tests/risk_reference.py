"""Behavioural risk once more, in plain Python over single events: what the SQL of every engine is held to.

It follows the definitions in words and takes nothing from `commerce.risk` but the bounds. It knows no midnight, so what
it is asked about must not happen around one.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from commerce.event import Event
from commerce.risk import signs

PANE_SECONDS = 10


@dataclass(frozen=True)
class Judged:
    """One session with its sub-scores, rounded so that the order of computing does not show."""

    user_id: str
    began: int
    scores: tuple[float | None, ...]
    risk: float
    risk_class: str


def judge(events: Iterable[Event], *, time_zone: str) -> list[Judged]:
    """Return every session of everybody, by user and time."""
    by_user: dict[str, list[Event]] = defaultdict(list)
    for event in {event.event_id: event for event in events}.values():
        by_user[event.user_id].append(event)
    judged: list[Judged] = []
    for user_id, own in sorted(by_user.items()):
        sessions = _sessions(sorted(own, key=lambda event: event.event_time))
        judged += [
            _judge(user_id, session, _habit(session, sessions[:number]), ZoneInfo(time_zone))
            for number, session in enumerate(sessions)
        ]
    return judged


def _pane(at: datetime) -> int:
    return int(at.timestamp()) // PANE_SECONDS


def _sessions(events: Sequence[Event]) -> list[list[Event]]:
    sessions = [[events[0]]]
    for before, event in pairwise(events):
        if (_pane(event.event_time) - _pane(before.event_time)) * PANE_SECONDS > signs.SESSION_GAP_SECONDS:
            sessions.append([])
        sessions[-1].append(event)
    return sessions


def _habit(session: Sequence[Event], before: Iterable[Sequence[Event]]) -> list[Event]:
    since = _pane(session[-1].event_time) - signs.HABIT_DAYS * 86_400 // PANE_SECONDS
    return [event for other in before if _pane(other[-1].event_time) >= since for event in other]


def _judge(user_id: str, session: Sequence[Event], habit: Sequence[Event], zone: ZoneInfo) -> Judged:
    scores = (
        _impulsivity(session),
        _nocturnal(session, habit, zone),
        _ramp(_lasting_minutes(session), 30, 120),
        _volatility(_amounts(session), _amounts(habit)),
    )
    at_ease = 1.0
    for score, sign in zip(scores, signs.SIGNS, strict=True):
        at_ease *= 1 - sign.weight * (score or 0.0)
    risk = 1 - at_ease
    judged = sum(score is not None for score in scores)
    rounded = tuple(None if score is None else round(score, 9) for score in scores)
    return Judged(user_id, _pane(session[0].event_time) * PANE_SECONDS, rounded, round(risk, 9), _class(risk, judged))


def _class(risk: float, judged: int) -> str:
    if risk >= 0.8:
        return "high"
    if risk >= 0.5:
        return "elevated"
    return "standard" if judged >= 3 else "too_little_evidence"


def _impulsivity(session: Sequence[Event]) -> float | None:
    gaps = [
        (_pane(event.event_time), (event.event_time - before.event_time) / timedelta(milliseconds=1))
        for before, event in pairwise(session)
    ]
    pauses = [(pane, gap) for pane, gap in gaps if 0 < gap <= 900_000]
    if len(pauses) < signs.PAUSES_AT_LEAST:
        return None
    quick = [(pane, gap) for pane, gap in pauses if gap <= signs.ROLLING_SECONDS * 1000]
    rushed = 0
    for pane, _ in quick:
        recent = [gap for other, gap in quick if pane - 2 <= other <= pane]
        rushed += len(recent) >= signs.ROLLING_PAUSES_AT_LEAST and sum(recent) < 3000 * len(recent)
    return rushed / len(pauses)


def _nocturnal(session: Sequence[Event], habit: Sequence[Event], zone: ZoneInfo) -> float | None:
    if len(session) < signs.ACTIONS_AT_LEAST or len(habit) < signs.USUAL_ACTIONS_AT_LEAST:
        return None
    return max(0.0, _night_share(session, zone) - _night_share(habit, zone))


def _night_share(events: Sequence[Event], zone: ZoneInfo) -> float:
    return sum(event.event_time.astimezone(zone).hour < signs.NIGHT_UNTIL_HOUR for event in events) / len(events)


def _lasting_minutes(session: Sequence[Event]) -> float:
    return (_pane(session[-1].event_time) - _pane(session[0].event_time)) * PANE_SECONDS / 60


def _amounts(events: Iterable[Event]) -> list[float]:
    return [float(event.price) for event in events if event.event_type == "purchase"]


def _volatility(amounts: Sequence[float], usual: Sequence[float]) -> float | None:
    scores = [0.0] if not amounts else []
    if len(amounts) >= signs.AMOUNTS_AT_LEAST:
        mean = sum(amounts) / len(amounts)
        deviation = (sum((amount - mean) ** 2 for amount in amounts) / len(amounts)) ** 0.5
        scores.append(_ramp(deviation, 150, 450))
    if amounts and len(usual) >= signs.AMOUNTS_AT_LEAST and sum(usual) > 0:
        scores.append(_ramp(max(amounts) / (sum(usual) / len(usual)), 2, 6))
    return max(scores, default=None)


def _ramp(value: float, none_at: float, full_at: float) -> float:
    return min(1.0, max(0.0, (value - none_at) / (full_at - none_at)))
