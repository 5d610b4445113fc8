"""Catalogue scraping: many different products looked at, nothing ever put into a cart."""

from commerce.rules.rule import Condition, Feature, Measure, Rule, Severity, SubjectType

CATALOGUE_SCRAPING = Rule(
    name="catalogue_scraping",
    version=1,
    title="Catalogue scraping",
    subject_type=SubjectType.USER,
    window_seconds=600,
    features=(
        Feature(name="products", measure=Measure.PRODUCTS, event_types=("view",)),
        Feature(name="buys", measure=Measure.EVENTS, event_types=("cart", "purchase")),
    ),
    conditions=(
        Condition(
            feature="products",
            at_least=150,
            meaning="a product every four seconds for ten minutes, none twice",
        ),
        Condition(feature="buys", less_than=1, meaning="somebody who fills a cart is shopping"),
    ),
    severity=Severity.MEDIUM,
    sentence=(
        "User {subject} viewed {products} different products within {window} and put none into a cart; "
        "{threshold} is the limit."
    ),
    advice="Look at the order of the products viewed. If they follow the catalogue, block the session or slow it down.",
    marks_automaton=True,
)
