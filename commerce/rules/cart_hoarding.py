"""Cart hoarding: stock taken into carts that nobody means to buy."""

from commerce.rules.rule import LONG_PANE_SECONDS, Condition, Feature, Measure, Rule, Severity, SubjectType

CART_HOARDING = Rule(
    name="cart_hoarding",
    version=2,
    title="Cart hoarding",
    subject_type=SubjectType.USER,
    window_seconds=1800,
    pane_seconds=LONG_PANE_SECONDS,
    features=(
        Feature(name="carts", measure=Measure.EVENTS, event_types=("cart",)),
        Feature(name="purchases", measure=Measure.EVENTS, event_types=("purchase",)),
    ),
    conditions=(
        Condition(feature="carts", at_least=40, meaning="a person puts in a handful, a big shopper twenty"),
        Condition(feature="purchases", less_than=1, meaning="somebody who pays is a customer"),
    ),
    severity=Severity.HIGH,
    sentence=(
        "User {subject} put products into the cart {carts} times within {window} and bought none; "
        "{threshold} is the limit."
    ),
    advice="Free the stock: empty this cart, and shorten how long a cart keeps what is scarce.",
    marks_automaton=True,
)
