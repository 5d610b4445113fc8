"""Changed habits: an account that looked around from home suddenly buys, from elsewhere and with another program."""

from commerce.rules.rule import LONG_PANE_SECONDS, Condition, Feature, Measure, Rule, Severity, SubjectType

CHANGED_HABITS = Rule(
    name="changed_habits",
    version=2,
    title="An account that suddenly buys from elsewhere",
    subject_type=SubjectType.USER,
    window_seconds=1800,
    pane_seconds=LONG_PANE_SECONDS,
    habit_seconds=604_800,
    features=(
        Feature(name="purchases", measure=Measure.EVENTS, event_types=("purchase",)),
        Feature(name="new_addresses", measure=Measure.NEW_ADDRESSES),
        Feature(name="new_agents", measure=Measure.NEW_AGENTS),
        Feature(name="earlier_events", measure=Measure.EARLIER_EVENTS),
        Feature(name="earlier_purchases", measure=Measure.EARLIER_EVENTS, event_types=("purchase",)),
    ),
    conditions=(
        Condition(feature="purchases", at_least=6, meaning="half a dozen purchases within half an hour"),
        Condition(feature="new_addresses", at_least=1, meaning="from an address that the account never came from"),
        Condition(feature="new_agents", at_least=1, meaning="with a program that it never used, both at once"),
        Condition(feature="earlier_events", at_least=10, meaning="where there is a habit to compare with"),
        Condition(feature="earlier_purchases", less_than=3, meaning="and buying so much is none of it"),
    ),
    severity=Severity.HIGH,
    sentence=(
        "User {subject}, who had {earlier_purchases} purchases among {earlier_events} events in the week before, "
        "bought {purchases} times within {window} from a new address and with a new program; "
        "{threshold} is the limit."
    ),
    advice="Hold these orders back and ask the customer, by a way that was known before, whether they are theirs.",
    marks_automaton=True,
)
