"""Rules are data: this is what makes the data sound, so that SQL, mails and documentation can be made from it."""

from string import Formatter

import pytest

from commerce.rules import RULES, RULES_BY_NAME
from commerce.rules.rule import Condition, Measure, Rule, with_thresholds

EACH_RULE = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)


@EACH_RULE
def test_a_sentence_speaks_only_of_what_an_incident_has(rule: Rule) -> None:
    """A name that nobody fills in would break the sentence on the first real attack."""
    known = {"subject", "window", "threshold", *(feature.name for feature in rule.features)}
    named = {name for _, name, _, _ in Formatter().parse(rule.sentence) if name is not None}
    assert named <= known
    assert {"threshold", "window"} <= named


@EACH_RULE
def test_every_condition_is_about_a_feature_of_its_rule(rule: Rule) -> None:
    """What is not measured cannot be compared."""
    features = [feature.name for feature in rule.features]
    assert len(set(features)) == len(features)
    assert {condition.feature for condition in rule.conditions} <= set(features)


@EACH_RULE
def test_a_condition_has_one_bound(rule: Rule) -> None:
    """Two bounds in one condition could not be told apart by an override."""
    for condition in rule.conditions:
        assert (condition.at_least is None) != (condition.less_than is None)


@EACH_RULE
def test_the_leading_condition_is_a_lower_bound(rule: Rule) -> None:
    """The incident keeps the highest value of the leading feature: it must be the one that grows."""
    assert rule.leading.at_least is not None


@EACH_RULE
def test_an_episode_outlives_its_window(rule: Rule) -> None:
    """With a shorter gap one attack would close and open with every window."""
    assert rule.gap_seconds >= rule.window_seconds > 0


def test_names_are_unique() -> None:
    """Thresholds, rows and metrics are found by name."""
    assert len(RULES_BY_NAME) == len(RULES)


def test_a_condition_without_a_bound_says_so() -> None:
    """A rule under construction must not fire on everything."""
    with pytest.raises(ValueError, match="condition on products has no bound"):
        _ = Condition(feature="products", meaning="").threshold


def test_an_override_replaces_one_threshold_and_nothing_else() -> None:
    """Shops differ in size, not in what an attack is."""
    changed = {
        rule.name: rule for rule in with_thresholds(RULES, ["request_flood.events=45", "site_surge.times_usual=5"])
    }
    assert changed["request_flood"].leading.threshold == 45
    assert [c.threshold for c in changed["site_surge"].conditions if c.feature == "times_usual"] == [5]
    assert changed["catalogue_scraping"] == RULES_BY_NAME["catalogue_scraping"]


def test_an_override_keeps_the_direction_of_its_bound() -> None:
    """A limit on buyers is an upper one, whatever its number."""
    changed = {rule.name: rule for rule in with_thresholds(RULES, ["catalogue_scraping.buys=3"])}
    (buys,) = (c for c in changed["catalogue_scraping"].conditions if c.feature == "buys")
    assert (buys.at_least, buys.less_than) == (None, 3)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "request_flood",
        "request_flood=45",
        "request_flood.events",
        "request_flood.events=many",
        "a.b=-1",
        "a.b=nan",
        "a.b=inf",
    ],
)
def test_an_override_of_another_form_is_refused_by_its_text(text: str) -> None:
    """The text stands in a stage's arguments; quoting it finds it."""
    with pytest.raises(ValueError, match=r"is not of the form rule\.feature=number") as raised:
        with_thresholds(RULES, [text])
    assert repr(text) in str(raised.value)


@pytest.mark.parametrize(
    ("override", "why"),
    [
        ("site_surge.baseline_seconds=1801", "it never is more than 1800"),
        ("slow_scraping.active_seconds=90000", "it never is more than 21600"),
        ("address_flood.buying_share=0", "it never is less than 0"),
    ],
)
def test_an_override_that_would_never_hold_is_refused(override: str, why: str) -> None:
    """It would switch a rule off, and nobody would be told."""
    with pytest.raises(ValueError, match=f"^{override}: {why}$"):
        with_thresholds(RULES, [override])


def test_no_rule_asks_for_more_activity_than_its_window_has() -> None:
    """What a feature reaches stands beside it, and has to follow the window."""
    active = [(rule, each) for rule in RULES for each in rule.features if each.measure is Measure.ACTIVE_SECONDS]
    assert active
    assert [each.reaches for _, each in active] == [rule.window_seconds for rule, _ in active]


@pytest.mark.parametrize("path", ["no_rule.events", "request_flood.products", "site_surge.events"])
def test_an_override_of_what_is_no_threshold_is_refused(path: str) -> None:
    """A misspelt override that did nothing would be found out by the next attack."""
    with pytest.raises(ValueError, match=f"no rule has the threshold {path}"):
        with_thresholds(RULES, [f"{path}=1"])
