"""The page about the rules, docs/rules.md: `python -m commerce.rules.page > docs/rules.md` writes it anew."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from string import Formatter

from commerce.durations import in_words
from commerce.rules import RULES
from commerce.rules.rule import (
    EPISODE_GAP_SECONDS,
    LONG_EPISODE_GAP_SECONDS,
    LONG_PANE_SECONDS,
    LONGEST_GAP_SECONDS,
    PANE_SECONDS,
    Condition,
    Feature,
    Measure,
    Rise,
    Rule,
    SubjectType,
)
from commerce.rules.site_surge import BASELINE_SECONDS, CROWD_BUYS_PER_USER, CROWD_EVENTS_PER_USER

_INTRODUCTION = f"""\
# The rules

What the detector looks for, who is watched, and from where on it is an incident. This page is rendered from
`commerce/rules`; `python -m commerce.rules.page > docs/rules.md` writes it anew.

Every rule measures a few numbers, its features, over a window of event time. What a subject did is counted in panes:
short stretches of {in_words(PANE_SECONDS)}, or of {in_words(LONG_PANE_SECONDS)} for rules that look back half an hour
and more. A rule is judged at the end of each pane in which the subject did something. Where all conditions hold, an
episode opens. It is extended while they go on holding, and closes once they have not held for
{in_words(EPISODE_GAP_SECONDS)}, with long panes for {in_words(LONG_EPISODE_GAP_SECONDS)}. An episode is one incident,
with one id and one alert, however long it lasts, and a second alert if it becomes critical.

What an incident shows of a share or a ratio, rounded to a few places, is what was compared with the threshold.

A threshold is changed for a stage in `stacks/stages.py`, by an entry in its `threshold_overrides` of the form
`rule.feature=number`; [Operating it](operating.md) shows how.
"""
_WATCHES = {
    SubjectType.USER: "each user by themselves",
    SubjectType.SESSION: "each session, whoever uses it",
    SubjectType.ADDRESS: "each address, whoever is behind it",
    SubjectType.SITE: "the site as a whole",
}
_MEASURES = {
    Measure.EVENTS: "different events; carts of one moment are one, and so are purchases of one moment",
    Measure.PRODUCTS: "different products",
    Measure.USERS: "different users",
    Measure.ADDRESSES: "different addresses",
    Measure.AGENTS: "different user agents; unknown where no event names one, and then no condition on them holds",
    Measure.SHARE: "the share of such events among all of the subject's, counted likewise, from 0 to 1",
    Measure.GAPS: (
        f"pauses between an event of the user and the next, leaving out those longer than {LONGEST_GAP_SECONDS} seconds"
    ),
    Measure.GAP_VARIATION: "the standard deviation of these pauses over their mean: 0 is a clock, 1 is chance",
    Measure.NEW_ADDRESSES: "different addresses that the subject did not come from before the window, if it named any",
    Measure.NEW_AGENTS: "different user agents that the subject did not have before the window, if it named any",
    Measure.EARLIER_EVENTS: "the same before the window",
    Measure.ACTIVE_SECONDS: "how long the subject was active, in whole panes",
    Measure.CROWD_EVENTS: (
        f"events of the whole site, where one user counts for at most {CROWD_EVENTS_PER_USER} in ten seconds"
    ),
    Measure.CROWD_USUAL: f"the events that the {BASELINE_SECONDS} seconds before the window would lead one to expect",
    Measure.CROWD_EXCESS: "events beyond the usual ones",
    Measure.CROWD_TIMES_USUAL: "how many times the usual number of events there are",
    Measure.EXCESS_BUYING_SHARE: (
        "the share of buying events among those beyond the usual, from 0 to 1, where one user counts for at most "
        f"{CROWD_BUYS_PER_USER} of them in a window"
    ),
    Measure.BASELINE_SECONDS: (
        f"how many seconds of the time before there are to compare with, at most {BASELINE_SECONDS}"
    ),
}


def page() -> str:
    """Return the page as Markdown."""
    return "\n".join((_INTRODUCTION, *_overview(RULES), *(line for rule in RULES for line in _section(rule))))


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Give the lines of a table, with a blank one after it; a | in a cell does not end the cell."""
    yield _row(header)
    yield _row(["---"] * len(header))
    for row in rows:
        yield _row(row)
    yield ""


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _overview(rules: Iterable[Rule]) -> Iterator[str]:
    header = ("rule", "watches", "window", "severity", "fires when")
    yield from markdown_table(
        header,
        (
            (
                f"[`{rule.name}`](#{rule.name})",
                _WATCHES[rule.subject_type],
                rule.window,
                rule.severity,
                " and ".join(_limit(condition) for condition in rule.conditions),
            )
            for rule in rules
        ),
    )


def _section(rule: Rule) -> Iterator[str]:
    yield f"## {rule.name}\n"
    yield f"**{rule.title}.** Version {rule.version}, severity {rule.severity}{''.join(map(_rise, rule.rises))}.\n"
    habit = f", beside what went before in the last {in_words(rule.habit_seconds)}" if rule.habit_seconds else ""
    yield (
        f"It watches {_WATCHES[rule.subject_type]}, over the last {rule.window} in panes of "
        f"{in_words(rule.pane_seconds)}{habit}, and measures:\n"
    )
    yield from markdown_table(("feature", "what it counts"), ((f"`{f.name}`", _measure(f)) for f in rule.features))
    yield f"It fires when all of these hold; `{rule.leading.feature}` is the value that the incident reports:\n"
    yield from markdown_table(("condition", "because"), ((_limit(c), c.meaning) for c in rule.conditions))
    yield f"The alert says: *{_readable(rule.sentence)}*\n"
    yield f"What to do: {rule.advice}\n"


def _rise(rise: Rise) -> str:
    return f", {rise.severity} from {rise.times_threshold:g} times the threshold on"


def _limit(condition: Condition) -> str:
    words = "at least" if condition.at_least is not None else "less than"
    return f"`{condition.feature}` is {words} {condition.threshold:.15g}"


def _measure(feature: Feature) -> str:
    types = f" (of type {' or '.join(feature.event_types)})" if feature.event_types else ""
    price = "" if feature.price_at_most is None else f" at a price above 0 and at most {feature.price_at_most:.2f}"
    return _MEASURES[feature.measure] + types + price


def _readable(sentence: str) -> str:
    """Return the template with what is filled in later in angle brackets, escaped for Markdown."""
    parts = Formatter().parse(sentence)
    return "".join(text + (f"\\<{name.replace('_', ' ')}\\>" if name else "") for text, name, _, _ in parts)


if __name__ == "__main__":
    sys.stdout.write(page().rstrip("\n") + "\n")
