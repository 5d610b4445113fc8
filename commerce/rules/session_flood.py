"""Too many events in one session that several users claim as theirs."""

from commerce.rules.rule import Condition, Feature, Measure, Rise, Rule, Severity, SubjectType

SESSION_FLOOD = Rule(
    name="session_flood",
    version=3,
    title="Too many events in one session",
    subject_type=SubjectType.SESSION,
    window_seconds=30,
    features=(
        Feature(name="events", measure=Measure.EVENTS),
        Feature(name="users", measure=Measure.USERS),
    ),
    conditions=(
        Condition(
            feature="events", at_least=70, meaning="a family that shares a session does not click so fast for so long"
        ),
        Condition(feature="users", at_least=2, meaning="the flood of a single user is reported by request_flood"),
    ),
    severity=Severity.HIGH,
    rises=(Rise(times_threshold=5, severity=Severity.CRITICAL),),
    sentence=(
        "Session {subject} sent {events} events within {window} under {users} user ids; {threshold} is "
        "the limit for one session."
    ),
    advice="Look at the sample events. One program changes the user id as it goes: end the session, block its address.",
    marks_automaton=True,
)
