"""Labelled sessions of people and web bots that nobody here made, read as page views, and how well they are told apart.

The set is a copy of an encyclopedia, no shop: nothing is bought, and sessions are short. The figure is reported as is.
"""

import csv
import gzip
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from commerce.rules import RULES
from commerce.rules.rule import Condition, Rule, SubjectType
from evaluation.observed import Observed, ms_of
from evaluation.panes import Pane, Trail, measured

HUMAN = "human"
# What a page brings along is no page view.
_PARTS_OF_PAGES = frozenset((".css", ".js", ".ico", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".woff", ".woff2"))
_COLUMNS = frozenset(("session_id", "label", "time", "method", "path"))


@dataclass(frozen=True, kw_only=True)
class Certh:
    """The area under the ROC curve, or why there is none."""

    auc: float | None = None
    people: int = 0
    bots: int = 0
    page_views: int = 0
    skipped: str = ""


def measure_certh(path: Path, rules: Sequence[Rule] = RULES) -> Certh:
    """Return how well the sessions' scores by the rules about users tell bots from people."""
    if not path.is_file():
        return Certh(skipped=f"{path} is not there")
    try:
        views, labels = page_views(path)
    except (OSError, EOFError, zlib.error, csv.Error, ValueError) as error:
        return Certh(skipped=f"{path} holds no labelled sessions, packed with gzip: {error}")
    about_users = [rule for rule in rules if rule.subject_type is SubjectType.USER]
    scores = {session: score(views.get(session, ()), about_users) for session in labels}
    bots = [scores[session] for session, label in labels.items() if label != HUMAN]
    people = [scores[session] for session, label in labels.items() if label == HUMAN]
    if not bots or not people:
        return Certh(skipped=f"it has {len(bots)} bots and {len(people)} people, and there is none of one to compare")
    number = sum(map(len, views.values()))
    return Certh(auc=area_under_curve(bots, people), people=len(people), bots=len(bots), page_views=number)


def page_views(path: Path) -> tuple[Mapping[str, list[Observed]], Mapping[str, str]]:
    """Return the page views of each session, in order of time, and the label of each session.

    Raises ValueError, csv.Error and what reading gzip raises where the file is another.
    """
    views: dict[str, list[Observed]] = defaultdict(list)
    labels: dict[str, str] = {}
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, restval="")
        if not _COLUMNS.issubset(rows.fieldnames or ()):
            raise ValueError(f"its first line names other columns than {', '.join(sorted(_COLUMNS))}")
        for number, row in enumerate(rows):
            session = row["session_id"]
            labels[session] = row["label"]
            page = row["path"].partition("?")[0]
            if row["method"] == "GET" and PurePosixPath(page).suffix not in _PARTS_OF_PAGES:
                at_ms = ms_of(datetime.strptime(row["time"], "%d/%b/%Y:%H:%M:%S %z"))
                views[session].append(Observed(at_ms, str(number), "view", page, session, 0.0, session))
    return {session: sorted(theirs) for session, theirs in views.items()}, labels


def score(events: Sequence[Observed], rules: Iterable[Rule]) -> float:
    """Return how near the session ever came to any rule: 1 is an incident, 0 is nothing at all."""
    return max((_nearest(events, rule) for rule in rules), default=0.0)


def area_under_curve(positives: Sequence[float], negatives: Sequence[float]) -> float | None:
    """Return how likely a positive scores higher than a negative, a tie counting half; None without one of either."""
    if not positives or not negatives:
        return None
    wins = sum((high > low) + 0.5 * (high == low) for high in positives for low in negatives)
    return wins / (len(positives) * len(negatives))


def _nearest(events: Sequence[Observed], rule: Rule) -> float:
    panes: dict[int, list[Observed]] = defaultdict(list)
    for event in events:
        panes[event.at_ms // (rule.pane_seconds * 1000)].append(event)
    trail, nearest, length = Trail(), 0.0, rule.window_seconds // rule.pane_seconds
    for number in sorted(panes):
        trail.add(number, panes[number], keep_panes=length)
        nearest = max(nearest, _nearness(rule, trail.window(length)))
    return nearest


def _nearness(rule: Rule, window: Sequence[Pane]) -> float:
    """Return how near the rule is to firing: the ratio of the condition that is furthest from it."""
    return min(
        _ratio(condition, measured(rule.feature(condition.feature), window, rule.pane_seconds))
        for condition in rule.conditions
    )


def _ratio(condition: Condition, value: float) -> float:
    if condition.at_least is not None:
        return value / condition.threshold
    return condition.threshold / value if value else float("inf")
