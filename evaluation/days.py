"""Seeded days of a made-up shop, run through a detector and judged by the truth beside them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from commerce.rules.rule import Rule, SubjectType
from evaluation.baseline import ADDRESS_RATE, BaselineDay
from evaluation.census import Census, People
from evaluation.engines import Engine
from evaluation.episodes import Crossing, Episode
from evaluation.excess import ExcessWatch
from evaluation.judging import Judged, judge
from evaluation.observed import from_record
from evaluation.planted import Attack, LookAlike, overlaps
from evaluation.quick_detector import QuickDetector
from simulator.generate import records
from simulator.options import FAMILIES, LOOK_ALIKES, Options

# A search engine is welcome, but nobody's customer.
NO_PEOPLE = frozenset(("allowed_crawler",))
SALE_CROWD = "flash_sale_crowd"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Which days to measure: one for each seed. `events` is about how many events people make on each.

    With `held_out`, half of the attacks of some families are of variants that nobody looks at while tuning.
    """

    seeds: tuple[int, ...]
    hours: float = 24.0
    events: int = 200_000
    attacks_each: int = 4
    look_alikes_each: int = 2
    held_out: bool = False
    known_networks: tuple[str, ...] = ()

    def days(self) -> Iterator[Options]:
        """Give the options of each day."""
        for seed in self.seeds:
            yield Options(
                seed=seed,
                hours=self.hours,
                events=self.events,
                attacks=dict.fromkeys(FAMILIES, self.attacks_each),
                look_alikes=dict.fromkeys(LOOK_ALIKES, self.look_alikes_each),
                held_out=self.held_out,
            )


@dataclass(frozen=True, kw_only=True)
class LookAlikes:
    """One kind of people (or a crawler) who look like bots: their sessions, and how many of these were flagged."""

    name: str
    sessions: int
    wrongly_flagged: int


@dataclass(frozen=True, kw_only=True)
class Day:
    """One day, judged. `sessions` and `wrongly_flagged` count visits of people."""

    events: int
    sessions: int
    wrongly_flagged: int
    judged: Judged
    look_alikes: tuple[LookAlikes, ...]
    surges_in_sale: int
    baseline: BaselineDay


def run_day(options: Options, *, engine: Engine, rules: Sequence[Rule], known_networks: Sequence[str] = ()) -> Day:
    """Make up the day, run it through the engine and judge what it found; raises Fault and EngineFault."""
    (day,) = run_day_with_each((rules,), options, engine=engine, known_networks=known_networks)
    return day


def run_day_with_each(
    rule_sets: Sequence[Sequence[Rule]], options: Options, *, engine: Engine, known_networks: Sequence[str] = ()
) -> list[Day]:
    """Make up the day once and judge what the engine finds on it with each set of rules; raises as `run_day`."""
    generated = records(options)
    names = [f"seed-{options.seed}" + f"-{number}" * bool(number) for number in range(len(rule_sets))]
    runs = [
        engine.begin(rules=rules, known_networks=known_networks, name=name)
        for rules, name in zip(rule_sets, names, strict=True)
    ]
    baseline = QuickDetector((ADDRESS_RATE,), known_networks=known_networks)
    census = Census()
    attacks = generated.truth().attacks
    excesses = [ExcessWatch(attacks, {rule.name: rule for rule in rules}) for rules in rule_sets]
    beyond: list[Crossing] = []
    for record in generated:
        event = from_record(record)
        for run in runs:
            run.take(record, event)
        if event is not None:
            census.take(event)
            for excess in excesses:
                excess.take(event)
            beyond.extend(baseline.take(event))
    beyond.extend(baseline.finish())
    truth = generated.truth()
    return [
        judged_day(
            episodes=run.finish(),
            attacks=truth.attacks,
            look_alikes=truth.look_alikes,
            sale=truth.sale,
            census=census,
            events=truth.events,
            first_excess_ms=excess.first_ms,
            baseline=tuple(beyond),
        )
        for run, excess in zip(runs, excesses, strict=True)
    ]


def judged_day(
    *,
    episodes: Sequence[Episode],
    attacks: Sequence[Attack],
    look_alikes: Sequence[LookAlike],
    sale: tuple[int, int] | None,
    census: Census,
    events: int,
    first_excess_ms: Mapping[int, int],
    baseline: tuple[Crossing, ...],
) -> Day:
    """Hold what was found against the truth."""
    everybody = census.people(attacks)
    judged = judge(episodes, attacks=attacks, people=everybody, first_excess_ms=first_excess_ms)
    strangers = frozenset[str]().union(*(each.sessions for each in look_alikes if each.name in NO_PEOPLE))
    addresses = {crossing.subject for crossing in baseline}
    customers = [each for name, each in everybody.sessions.items() if name not in strangers]
    return Day(
        events=events,
        sessions=len(customers),
        wrongly_flagged=len(judged.wronged - strangers),
        judged=judged,
        look_alikes=tuple(_look_alikes(look_alikes, everybody, judged)),
        surges_in_sale=_surges_in_sale(judged.false, sale, look_alikes),
        baseline=BaselineDay(
            crossings=baseline,
            attacks=tuple(attacks),
            people=People(each for each in customers if each.addresses & addresses),
        ),
    )


def _look_alikes(look_alikes: Sequence[LookAlike], everybody: People, judged: Judged) -> Iterator[LookAlikes]:
    for name in sorted({each.name for each in look_alikes}):
        theirs = frozenset[str]().union(*(each.sessions for each in look_alikes if each.name == name))
        came = theirs & everybody.sessions.keys()
        yield LookAlikes(name=name, sessions=len(came), wrongly_flagged=len(came & judged.wronged))


def _surges_in_sale(false: Sequence[Episode], sale: tuple[int, int] | None, look_alikes: Sequence[LookAlike]) -> int:
    sales = [(each.start_ms, each.end_ms) for each in look_alikes if each.name == SALE_CROWD]
    sales += [sale] if sale is not None else []
    return sum(
        episode.subject_type == SubjectType.SITE
        and any(overlaps(episode, start_ms=start_ms, end_ms=end_ms) for start_ms, end_ms in sales)
        for episode in false
    )
