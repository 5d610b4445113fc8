"""A metronome: events as regular as a clock, however slow."""

from commerce.rules.rule import LONG_PANE_SECONDS, Condition, Feature, Measure, Rule, Severity, SubjectType

METRONOME = Rule(
    name="metronome",
    version=1,
    title="Events as regular as a clock",
    subject_type=SubjectType.USER,
    window_seconds=7200,
    pane_seconds=LONG_PANE_SECONDS,
    features=(
        Feature(name="gaps", measure=Measure.GAPS),
        Feature(name="gap_variation", measure=Measure.GAP_VARIATION),
    ),
    conditions=(
        Condition(feature="gaps", at_least=24, meaning="enough pauses to tell a rhythm from chance"),
        Condition(feature="gap_variation", less_than=0.15, meaning="people's pauses vary about as much as they last"),
    ),
    severity=Severity.MEDIUM,
    sentence=(
        "User {subject} acted {gaps} times within {window} after nearly the same pause: the pauses "
        "vary by {gap_variation} of their mean, people's by about 1; {threshold} such pauses are the limit."
    ),
    advice="No person keeps time like this. Find out whose program it is; slow it down or give it an interface.",
    marks_automaton=True,
)
