"""Too many events from one user: the rule that platforms of this kind start from."""

from commerce.rules.rule import Condition, Feature, Measure, Rule, Severity, SubjectType

REQUEST_FLOOD = Rule(
    name="request_flood",
    version=2,
    title="Too many events from one user",
    subject_type=SubjectType.USER,
    window_seconds=60,
    features=(Feature(name="events", measure=Measure.EVENTS),),
    conditions=(
        Condition(feature="events", at_least=120, meaning="two events a second for a whole minute is no person"),
    ),
    severity=Severity.HIGH,
    sentence=("User {subject} sent {events} events within {window}; {threshold} is the limit for one shopper."),
    advice="Look at the sample events. If they are one script's, rate-limit or block the user's session and address.",
    marks_automaton=True,
)
