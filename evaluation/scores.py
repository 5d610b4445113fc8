"""All days together: each family's recall, precision and time to detect, the people wronged, and the baseline."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evaluation.baseline import USUAL_LIMIT, AtLimit, at_limit, at_most_wronging
from evaluation.days import Day
from evaluation.intervals import Quantile, Share, quantile
from evaluation.judging import Finding


@dataclass(frozen=True, kw_only=True)
class Times:
    """Seconds of event time: median and 95th percentile."""

    p50: Quantile
    p95: Quantile


@dataclass(frozen=True, kw_only=True)
class Family:
    """One family, or one held-out variant of one."""

    name: str
    family: str
    held_out: bool
    planted: int
    recall: Share
    precision: Share
    seconds_to_detect: Times
    seconds_from_excess: Times
    incidents: int

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall: 0 where nothing was found."""
        recall, precision = self.recall.value or 0.0, self.precision.value or 0.0
        return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


@dataclass(frozen=True, kw_only=True)
class LookAlikeScore:
    """One kind of those who look like bots, over all days."""

    name: str
    flagged: Share


@dataclass(frozen=True, kw_only=True)
class BaselineScore:
    """The rate rule with one limit, over all days; `p50_of_ours` is the detector's on the attacks that both found."""

    limit: float
    recall: Share
    p50: Quantile
    p50_of_ours: Quantile
    people: Share


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Everything that was measured on the seeded days. `recall` is over all attacks, held-out ones too."""

    days: int
    events: int
    recall: Share
    families: tuple[Family, ...]
    people: Share
    look_alikes: tuple[LookAlikeScore, ...]
    surges_in_sale: int
    false_incidents: tuple[tuple[str, int], ...]
    baseline_usual: BaselineScore
    baseline: BaselineScore

    @property
    def f1(self) -> float:
        """The mean over the families, held-out variants aside: a rare family weighs as much as a frequent one."""
        usual = [family.f1 for family in self.families if not family.held_out]
        return sum(usual) / len(usual) if usual else 0.0

    @property
    def held_out_recall(self) -> Share:
        """The recall over all attacks of held-out variants."""
        held_out = [family.recall for family in self.families if family.held_out]
        return Share(of=sum(each.of for each in held_out), hits=sum(each.hits for each in held_out))


def scores(days: Sequence[Day]) -> Scores:
    """Return the scores over all days."""
    findings = [finding for day in days for finding in day.judged.findings]
    false = Counter(episode.rule for day in days for episode in day.judged.false)
    people = Share(of=sum(day.sessions for day in days), hits=sum(day.wrongly_flagged for day in days))
    baselines = [day.baseline for day in days]
    return Scores(
        days=len(days),
        events=sum(day.events for day in days),
        recall=_recall(findings),
        families=tuple(_families(findings, right=_right(days), false=false)),
        people=people,
        look_alikes=tuple(_look_alikes(days)),
        surges_in_sale=sum(day.surges_in_sale for day in days),
        false_incidents=tuple(sorted(false.items())),
        baseline_usual=_baseline(at_limit(baselines, USUAL_LIMIT), days),
        baseline=_baseline(at_most_wronging(baselines, people.hits), days),
    )


def _families(findings: Sequence[Finding], *, right: Counter[str], false: Counter[str]) -> Iterable[Family]:
    for name in dict.fromkeys(sorted((each.held_out, each.name) for each in findings)):
        theirs = [each for each in findings if each.name == name[1]]
        family = theirs[0].family
        # Which variant a false incident was meant for nobody can say: it counts against each.
        yield Family(
            name=name[1],
            family=family,
            held_out=theirs[0].held_out,
            planted=len(theirs),
            recall=_recall(theirs),
            precision=Share(of=right[name[1]] + false[family], hits=right[name[1]]),
            seconds_to_detect=_times(each.seconds_to_detect for each in theirs),
            seconds_from_excess=_times(each.seconds_from_excess for each in theirs),
            incidents=sum(each.incidents for each in theirs),
        )


def _recall(findings: Sequence[Finding]) -> Share:
    return Share(of=len(findings), hits=sum(each.found for each in findings))


def _right(days: Sequence[Day]) -> Counter[str]:
    right = Counter[str]()
    for day in days:
        right.update(day.judged.right)
    return right


def _times(seconds: Iterable[float | None]) -> Times:
    known = [each for each in seconds if each is not None]
    return Times(p50=quantile(known, 0.5), p95=quantile(known, 0.95))


def _look_alikes(days: Sequence[Day]) -> Iterable[LookAlikeScore]:
    sessions, flagged = Counter[str](), Counter[str]()
    for each in (each for day in days for each in day.look_alikes):
        sessions[each.name] += each.sessions
        flagged[each.name] += each.wrongly_flagged
    for name in sorted(sessions):
        yield LookAlikeScore(name=name, flagged=Share(of=sessions[name], hits=flagged[name]))


def _baseline(rule: AtLimit, days: Sequence[Day]) -> BaselineScore:
    theirs = [finding for day in rule.days for finding in day.findings]
    ours = [finding for day in days for finding in day.judged.findings]
    both = [mine.seconds_to_detect for mine, other in zip(ours, theirs, strict=True) if other.found]
    return BaselineScore(
        limit=rule.limit,
        recall=_recall(theirs),
        p50=_times(each.seconds_to_detect for each in theirs).p50,
        p50_of_ours=_times(both).p50,
        people=Share(of=sum(day.sessions for day in days), hits=rule.wronged),
    )
