"""Every family of attacks breaks the rule of its name and no other; whoever only looks like it breaks none."""

from collections import Counter
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_traffic import Traffic, few, milliseconds
from measured import alarms, by_subject, crossings, crossings_of_the_site

from commerce.event import Event
from commerce.rules import RULES, RULES_BY_NAME
from commerce.rules.rule import SubjectType
from simulator.attacks import ATTACKS
from simulator.generate import records
from simulator.held_out import HELD_OUT
from simulator.look_alikes import KINDS
from simulator.options import DEFAULT_ATTACKS, FAMILIES, LOOK_ALIKES, Options
from simulator.truth import Attack

CLEAN = {"late": 0.0, "duplicates": 0.0, "poison": 0.0}
SINGLE = [family for family in FAMILIES if family != "site_surge"]
EACH_FAMILY = pytest.mark.parametrize("family", FAMILIES)
EACH_LOOK_ALIKE = pytest.mark.parametrize("name", LOOK_ALIKES)


@cache
def a_day(seed: int = 7) -> Traffic:
    """Return a day with one attack of each family, somebody of each kind who looks like one, and few people."""
    return Traffic(
        Options(
            seed=seed,
            hours=24,
            events=2_000,
            attacks=dict.fromkeys(FAMILIES, 1),
            look_alikes=dict.fromkeys(LOOK_ALIKES, 1),
            **CLEAN,  # type: ignore[arg-type]
        )
    )


def part_of(run: Traffic, attack: Attack) -> list[Event]:
    theirs = (event for user in attack.users for event in run.by_user[user])
    return [event for event in theirs if event.user_session in attack.sessions]


def crawlers_of(run: Traffic) -> set[str]:
    return {user for other in run.truth.look_alikes if other.name == "allowed_crawler" for user in other.users}


def test_there_is_a_family_for_every_rule():
    """A rule without an attack to try it on would be measured by its silence."""
    assert list(FAMILIES) == [rule.name for rule in RULES] == list(ATTACKS)
    assert tuple(KINDS) == LOOK_ALIKES
    assert DEFAULT_ATTACKS == {"request_flood": 2, "catalogue_scraping": 2, "site_surge": 2}


@pytest.mark.parametrize("seed", [7, 11])
def test_an_attack_breaks_its_rule_and_no_other_and_nobody_else_breaks_any(seed: int):
    """Exactly one alarm an attack, and none for people, a sale or a look-alike: the truth has one right answer.

    The crawler breaks the rules about scraping, as it should: it is to be let pass for what it is.
    """
    run = a_day(seed)
    planted = {(attack.family, attack.subject) for attack in run.truth.attacks}
    crawlers = crawlers_of(run)
    found = alarms(run.events.values())
    assert {alarm for alarm in found if alarm[1] not in crawlers} == planted
    assert {rule for rule, subject in found if subject in crawlers} <= {"slow_scraping", "catalogue_scraping"}
    assert ("slow_scraping", *crawlers) in found


@few
@given(st.integers(0, 10_000))
def test_look_alikes_break_no_rule_however_they_vary(seed: int):
    """Each comes near to a rule, and stays on the people's side of it."""
    names = dict.fromkeys(set(LOOK_ALIKES) - {"allowed_crawler"}, 2) | {"flash_sale_crowd": 1}
    quiet = {"attacks": {}, "sale": False, **CLEAN}
    run = Traffic(Options(seed=seed, hours=24, events=500, look_alikes=names, **quiet), parsing=False)  # type: ignore[arg-type]
    assert alarms(run.events.values()) == set()


@few
@given(st.integers(0, 10_000), st.integers(300, 13_000))
def test_a_surge_is_above_its_thresholds_and_a_sale_is_not(seed: int, events: int):
    """Whether a crowd buys is all that tells the one from the other, in a quiet shop and in a busy one."""
    rule = RULES_BY_NAME["site_surge"]
    options = Options(seed=seed, hours=2.6, events=events, attacks={"site_surge": 1}, **CLEAN)  # type: ignore[arg-type]
    run = Traffic(options, parsing=False)
    (surge,) = run.truth.attacks
    ordered = sorted(run.events.values(), key=milliseconds)
    assert next(crossings_of_the_site(rule, ordered), None) is not None
    without = [event for event in ordered if event.user_id not in surge.users]
    assert next(crossings_of_the_site(rule, without), None) is None


@pytest.mark.parametrize("family", SINGLE)
@few
@given(seed=st.integers(0, 10_000))
def test_attacks_are_above_their_thresholds_however_they_vary(family: str, seed: int):
    """An attack that no rule can see would count as missed for ever."""
    options = Options(seed=seed, hours=7, events=1, attacks={family: 3}, sale=False, **CLEAN)  # type: ignore[arg-type]
    run = Traffic(options, parsing=False)
    rule = RULES_BY_NAME[family]
    assert len(run.truth.attacks) == 3
    for attack in run.truth.attacks:
        everybody = (event for user in attack.users for event in run.by_user[user])
        theirs = by_subject(rule.subject_type, sorted(everybody, key=lambda event: event.event_time))
        assert next(crossings(rule, theirs[attack.subject]), None) is not None, attack


@EACH_FAMILY
def test_the_truth_names_everybody_who_took_part(family: str):
    """Whoever is left out would count as wrongly flagged, and whoever is added as missed."""
    run = a_day()
    (attack,) = (attack for attack in run.truth.attacks if attack.family == family)
    acts = part_of(run, attack)
    assert attack.users == {act.user_id for act in acts}
    assert attack.sessions == {act.user_session for act in acts}
    assert attack.addresses == {act.ip_address for act in acts}
    assert attack.events == len(acts)
    assert (attack.start_ms, attack.end_ms) == (min(map(milliseconds, acts)), max(map(milliseconds, acts)))
    assert attack.subject_type == RULES_BY_NAME[family].subject_type
    assert attack.subject in {"site"} | attack.users | attack.sessions | attack.addresses
    assert (attack.variant, attack.held_out) == ("usual", False)
    theirs = {act.event_id for act in acts}
    others = [event for name, event in run.events.items() if name not in theirs]
    assert not attack.sessions & {event.user_session for event in others}
    if family != "site_surge":  # a botnet sits in people's homes
        assert not attack.addresses & {event.ip_address for event in others}


@pytest.mark.parametrize(
    ("family", "users", "sessions", "addresses"),
    [
        ("session_flood", (2, 5), (1, 1), (1, 3)),
        ("address_flood", (2, 5), (2, 5), (1, 1)),
        ("account_takeover", (5, 12), (1, 1), (5, 12)),
        ("many_accounts", (40, 90), (40, 90), (1, 1)),
        ("site_surge", (1_000, 1_700), (1_000, 1_700), (1_000, 1_700)),
        ("slow_scraping", (1, 1), (1, 6), (1, 3)),
        ("metronome", (1, 1), (1, 1), (1, 1)),
    ],
)
def test_parties_are_as_large_as_of_their_kind(
    family: str, users: tuple[int, int], sessions: tuple[int, int], addresses: tuple[int, int]
):
    """A session flood of one user would be a request flood, a takeover from one address a family."""
    truth = records(Options(hours=24, events=100, attacks={family: 8}, sale=False)).truth()
    for attack in truth.attacks:
        for some, (least, most) in (
            (attack.users, users),
            (attack.sessions, sessions),
            (attack.addresses, addresses),
        ):
            assert least <= len(some) <= most
    if family != "site_surge":
        assert len({len(attack.users) + attack.events for attack in truth.attacks}) > 1


@EACH_LOOK_ALIKE
def test_the_truth_names_every_look_alike(name: str):
    """Whom they are mistaken for is measured a look-alike at a time."""
    run = a_day()
    (other,) = (other for other in run.truth.look_alikes if other.name == name)
    acts = [act for user in other.users for act in run.by_user[user]]
    assert other.users == {act.user_id for act in acts}
    assert other.sessions == {act.user_session for act in acts}
    assert other.addresses == {act.ip_address for act in acts}
    assert (other.events, other.visits) == (len(acts), len({(act.user_id, act.user_session) for act in acts}))
    assert (other.start_ms, other.end_ms) == (min(map(milliseconds, acts)), max(map(milliseconds, acts)))


def test_look_alikes_count_as_people_and_the_crawler_does_not():
    """The people-only numbers are to hold all of them, and no search engine."""
    run = a_day()
    truth = run.truth
    assert crawlers_of(run)
    assert truth.people == len(run.people)
    assert truth.sessions == len({(act.user_id, act.user_session) for acts in run.people for act in acts})
    assert sum(day.events for day in truth.people_by_day) == sum(len(acts) for acts in run.people)
    assert sum(day.visits for day in truth.people_by_day) == truth.sessions


def test_people_do_the_same_whoever_comes_beside_them():
    """Two runs that differ in attacks and look-alikes alone must be comparable, record by record."""
    quiet = Options(hours=24, events=2_000, attacks={}, sale=False, **CLEAN)  # type: ignore[arg-type]
    run = a_day()
    automata = {user for attack in run.truth.attacks for user in attack.users}
    others = automata.union(*(other.users for other in run.truth.look_alikes))
    without = [record.data for record in records(Options(**vars(quiet) | {"seed": 7}))]
    kept = [r.data for r in run.records if r.partition_key not in others and not r.partition_key.startswith("6")]
    assert kept == without


@EACH_FAMILY
def test_one_family_more_leaves_the_others_at_their_times(family: str):
    """Except that loud ones keep out of each other's way, each is placed and made by dice of its own."""
    alone = records(Options(hours=24, events=100, attacks={"metronome": 1}, sale=False)).truth().attacks
    attacks = {"metronome": 1, family: 2}
    both = records(Options(hours=24, events=100, attacks=attacks, sale=False)).truth().attacks
    assert (alone[0].start_ms, alone[0].events) in {
        (attack.start_ms, attack.events) for attack in both if attack.family == "metronome"
    }


def test_loud_attacks_keep_out_of_each_others_way():
    """Two floods at a time, each too small for a surge, would be one together."""
    attacks = dict.fromkeys(("request_flood", "session_flood", "address_flood", "site_surge"), 4)
    planted = sorted(
        (attack.start_ms, attack.end_ms)
        for attack in records(Options(hours=24, events=100, attacks=attacks)).truth().attacks
    )
    assert all(end <= start for (_, end), (start, _) in pairwise(planted))


def test_held_out_variants_come_only_when_asked_for():
    """Nobody may meet them by chance while tuning."""
    attacks = dict.fromkeys(FAMILIES, 4)
    usual = records(Options(hours=24, events=100, attacks=attacks)).truth().attacks
    asked = records(Options(hours=24, events=100, attacks=attacks, held_out=True)).truth().attacks
    assert {attack.variant for attack in usual} == {"usual"}
    held_out = [attack for attack in asked if attack.held_out]
    assert Counter(attack.family for attack in held_out) == dict.fromkeys(HELD_OUT, 2)
    assert {attack.variant for attack in held_out} == {kind.variant for kind in HELD_OUT.values()}
    assert [attack for attack in asked if attack.family not in HELD_OUT] == [
        attack for attack in usual if attack.family not in HELD_OUT
    ]


def test_the_file_tells_how_many_took_part_and_not_who():
    """A surge has thousands of users; a truth as long as the traffic is read by nobody."""
    document = a_day().truth.document()
    surge = next(attack for attack in document["attacks"] if attack["family"] == "site_surge")
    assert surge.keys() == {
        *("family", "variant", "held_out", "subject_type", "subject", "start", "end", "events"),
        *("users", "sessions", "addresses"),
    }
    assert (surge["subject_type"], surge["subject"]) == ("site", "site")
    assert surge["users"] > 1_000
    crawler = next(other for other in document["look_alikes"] if other["name"] == "allowed_crawler")
    assert crawler["users"] == 1


def test_a_subject_is_of_the_type_its_rule_watches():
    """An alarm is compared with the truth by its subject."""
    subjects = {attack.family: attack.subject for attack in a_day().truth.attacks}
    for family, subject in subjects.items():
        kind = RULES_BY_NAME[family].subject_type
        looks = "address" if subject.count(".") == 3 else "session" if subject.count("-") == 4 else "user"
        assert kind == (SubjectType.SITE if subject == "site" else looks)
