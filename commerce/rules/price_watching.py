"""Price watching: the same few products looked at again and again for hours."""

from commerce.rules.rule import LONG_PANE_SECONDS, Condition, Feature, Measure, Rule, Severity, SubjectType

PRICE_WATCHING = Rule(
    name="price_watching",
    version=1,
    title="Price watching",
    subject_type=SubjectType.USER,
    window_seconds=21600,
    pane_seconds=LONG_PANE_SECONDS,
    features=(
        Feature(name="views", measure=Measure.EVENTS, event_types=("view",)),
        Feature(name="products", measure=Measure.PRODUCTS, event_types=("view",)),
        Feature(name="active_seconds", measure=Measure.ACTIVE_SECONDS, reaches=21600),
        Feature(name="buys", measure=Measure.EVENTS, event_types=("cart", "purchase")),
    ),
    conditions=(
        Condition(feature="views", at_least=80, meaning="eighty looks within six hours"),
        Condition(feature="products", less_than=13, meaning="at a dozen products at most"),
        Condition(feature="active_seconds", at_least=3600, meaning="over at least an hour of activity"),
        Condition(feature="buys", less_than=1, meaning="somebody who fills a cart is shopping"),
    ),
    severity=Severity.LOW,
    sentence=(
        "User {subject} looked {views} times at the same {products} products within {window} "
        "and put none into a cart; {threshold} is the limit."
    ),
    advice="A competitor or a comparison site reads these prices. Give it a feed, or slow it down.",
    marks_automaton=True,
)
