"""How often something scheduled happens in a month, and how long the detector runs of it, told from the templates."""

import re

from stacks.cost.month import DAYS
from stacks.cost.templates import Resource
from stacks.cost.wiring import SCHEDULE, TRIGGER, UnknownPartError, Wiring

_DAILY_AT = re.compile(r"cron\(\d+ (\d+) \* \* \? \*\)")
_WEEKLY = re.compile(r"cron\(\d+ \d+ \? \* [A-Z]{3} \*\)")
_STOP, _START = "kinesisanalyticsv2:stopApplication", "kinesisanalyticsv2:startApplication"


def times_a_month(expression: str) -> float:
    """Return how often a schedule fires. Raises UnknownPartError for one that is neither daily nor weekly."""
    if _DAILY_AT.fullmatch(expression):
        return DAYS
    if _WEEKLY.fullmatch(expression):
        return DAYS / 7
    raise UnknownPartError(f"the schedule {expression} is neither daily nor weekly")


def runs_of(job: str | None, *, wiring: Wiring) -> float:
    """Return how often a batch job runs in a month: by its own schedule, or after another one."""
    templates = wiring.templates
    for trigger in templates.all(TRIGGER):
        if templates.named_by(trigger, "Actions") == job:
            if trigger.properties["Type"] == "SCHEDULED":
                return times_a_month(trigger.properties["Schedule"])
            return runs_of(templates.named_by(trigger, "Predicate"), wiring=wiring)
    return 0.0


def running_share(wiring: Wiring) -> float:
    """Return the share of the day for which the detector runs: all of it, but for a nightly stop."""
    stops, starts = (_hours(wiring, action) for action in (_STOP, _START))
    if not stops and not starts:
        return 1.0
    if len(stops) != 1 or len(starts) != 1:
        raise UnknownPartError("the detector is stopped and started by other than one schedule each")
    return 1 - ((starts[0] - stops[0]) % 24) / 24


def _hours(wiring: Wiring, action: str) -> list[int]:
    found = (schedule for schedule in wiring.templates.all(SCHEDULE) if _does(schedule, action))
    return [_hour(schedule.properties["ScheduleExpression"]) for schedule in found]


def _does(schedule: Resource, action: str) -> bool:
    return f"aws-sdk:{action}" in str(schedule.properties["Target"]["Arn"])


def _hour(expression: str) -> int:
    daily = _DAILY_AT.fullmatch(expression)
    if daily is None:
        raise UnknownPartError(f"the detector is stopped or started by {expression}, which is not daily")
    return int(daily[1])
