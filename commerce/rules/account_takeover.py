"""Account takeover: one session used as many users from many addresses."""

from commerce.rules.rule import LONG_PANE_SECONDS, Condition, Feature, Measure, Rule, Severity, SubjectType

ACCOUNT_TAKEOVER = Rule(
    name="account_takeover",
    version=1,
    title="One session, many users and addresses",
    subject_type=SubjectType.SESSION,
    window_seconds=3600,
    pane_seconds=LONG_PANE_SECONDS,
    features=(
        Feature(name="users", measure=Measure.USERS),
        Feature(name="addresses", measure=Measure.ADDRESSES),
    ),
    conditions=(
        Condition(feature="users", at_least=4, meaning="a family shares a session, but not with many"),
        Condition(feature="addresses", at_least=4, meaning="and from one home, maybe from a phone on the way"),
    ),
    severity=Severity.CRITICAL,
    sentence=(
        "Session {subject} was used as {users} users from {addresses} addresses within {window}; "
        "{threshold} is the limit."
    ),
    advice="End the session, ask these users to sign in again, and look for where the session ids leak.",
    marks_automaton=True,
)
