"""Many accounts behind one bot: one address and one program, user after user."""

from commerce.rules.rule import LONG_PANE_SECONDS, Condition, Feature, Measure, Rule, Severity, SubjectType

MANY_ACCOUNTS = Rule(
    name="many_accounts",
    version=3,
    title="Many accounts behind one bot",
    subject_type=SubjectType.ADDRESS,
    window_seconds=3600,
    pane_seconds=LONG_PANE_SECONDS,
    features=(
        Feature(name="users", measure=Measure.USERS),
        Feature(name="agents", measure=Measure.AGENTS),
        Feature(name="buying_share", measure=Measure.SHARE, event_types=("cart", "purchase")),
    ),
    conditions=(
        Condition(feature="users", at_least=30, meaning="thirty users of one address within an hour are an office"),
        Condition(feature="agents", less_than=2, meaning="whose people have more than one kind of browser"),
        Condition(feature="buying_share", less_than=0.005, meaning="and some of whom buy"),
    ),
    severity=Severity.HIGH,
    sentence=(
        "Address {subject} came under {users} user ids within {window}, all with the same program, and "
        "hardly anybody bought; {threshold} is the limit."
    ),
    advice="Look at how these accounts were made. Ask for a challenge at sign-in from this address.",
    marks_automaton=True,
)
