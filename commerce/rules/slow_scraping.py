"""Slow scraping: the catalogue walked through for hours, patiently, with an empty cart."""

from commerce.rules.rule import LONG_PANE_SECONDS, Condition, Feature, Measure, Rise, Rule, Severity, SubjectType

SLOW_SCRAPING = Rule(
    name="slow_scraping",
    version=1,
    title="Slow and patient scraping",
    subject_type=SubjectType.USER,
    window_seconds=21600,
    pane_seconds=LONG_PANE_SECONDS,
    features=(
        Feature(name="products", measure=Measure.PRODUCTS, event_types=("view",)),
        Feature(name="active_seconds", measure=Measure.ACTIVE_SECONDS, reaches=21600),
        Feature(name="buys", measure=Measure.EVENTS, event_types=("cart", "purchase")),
    ),
    conditions=(
        Condition(feature="products", at_least=300, meaning="three hundred products looked at, none counted twice"),
        Condition(feature="active_seconds", at_least=3600, meaning="over at least an hour of activity"),
        Condition(feature="buys", less_than=1, meaning="somebody who fills a cart is shopping"),
    ),
    severity=Severity.MEDIUM,
    rises=(Rise(times_threshold=3, severity=Severity.HIGH),),
    sentence=(
        "User {subject} viewed {products} different products over {active_seconds} seconds of activity and put none "
        "into a cart; {threshold} is the limit within {window}."
    ),
    advice="Compare the products viewed with a walk through the catalogue. Slow the user down or ask for a challenge.",
    marks_automaton=True,
)
