"""Too many events from one address, where the address is not shared by people."""

from commerce.rules.rule import Condition, Feature, Measure, Rise, Rule, Severity, SubjectType

ADDRESS_FLOOD = Rule(
    name="address_flood",
    version=4,
    title="Too many events from one address",
    subject_type=SubjectType.ADDRESS,
    window_seconds=30,
    features=(
        Feature(name="events", measure=Measure.EVENTS),
        Feature(name="users", measure=Measure.USERS),
        Feature(name="agents", measure=Measure.AGENTS),
        Feature(name="buying_share", measure=Measure.SHARE, event_types=("cart", "purchase")),
    ),
    conditions=(
        Condition(feature="events", at_least=120, meaning="four events a second for half a minute"),
        Condition(feature="users", at_least=2, meaning="the flood of a single user is reported by request_flood"),
        Condition(
            feature="agents",
            less_than=3,
            meaning="behind the address of an office or a carrier there are many kinds of browsers",
        ),
        Condition(feature="buying_share", less_than=0.005, meaning="people behind a shared address also buy"),
    ),
    severity=Severity.HIGH,
    rises=(Rise(times_threshold=5, severity=Severity.CRITICAL),),
    sentence=(
        "Address {subject} sent {events} events within {window} under {users} user ids (different programs: "
        "{agents}), and hardly anybody bought; {threshold} is the limit for one address."
    ),
    advice="Limit the rate of the address at the edge, then look at the sample events for what it was after.",
    marks_automaton=True,
)
