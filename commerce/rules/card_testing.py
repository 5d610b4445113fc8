"""Card testing: stolen cards tried out with many small purchases."""

from commerce.rules.rule import Condition, Feature, Measure, Rule, Severity, SubjectType

SMALL_PURCHASE = 5.0

CARD_TESTING = Rule(
    name="card_testing",
    version=3,
    title="Card testing",
    subject_type=SubjectType.USER,
    window_seconds=600,
    features=(
        Feature(
            name="small_purchases",
            measure=Measure.EVENTS,
            event_types=("purchase",),
            price_at_most=SMALL_PURCHASE,
        ),
    ),
    conditions=(
        Condition(
            feature="small_purchases",
            at_least=10,
            meaning="ten purchases of next to nothing within ten minutes; people put small things into one order",
        ),
    ),
    severity=Severity.CRITICAL,
    sentence=("User {subject} made {small_purchases} small purchases within {window}; {threshold} is the limit."),
    advice="Stop this user's payments and tell the payment provider: the cards are likely stolen.",
    marks_automaton=True,
)
