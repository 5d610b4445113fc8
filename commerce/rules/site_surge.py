"""A site-wide surge that is not a sale: far more events than usual, and the additional crowd does not buy."""

from commerce.rules.rule import Condition, Feature, Measure, Rule, Severity, SubjectType

# What "usual" means: the half hour before the window judged.
BASELINE_SECONDS = 1800
# One user counts for at most so many events in ten seconds: a single flood is no crowd.
CROWD_EVENTS_PER_USER = 5
# Nor do a few who fill carts without end make a crowd one that buys: of one user, so much buying in a window counts.
CROWD_BUYS_PER_USER = 5

SITE_SURGE = Rule(
    name="site_surge",
    version=4,
    title="A site-wide surge that is not a sale",
    subject_type=SubjectType.SITE,
    window_seconds=300,
    features=(
        Feature(name="excess_events", measure=Measure.CROWD_EXCESS),
        Feature(name="events", measure=Measure.CROWD_EVENTS),
        Feature(name="usual_events", measure=Measure.CROWD_USUAL),
        Feature(name="times_usual", measure=Measure.CROWD_TIMES_USUAL),
        Feature(name="buying_share", measure=Measure.EXCESS_BUYING_SHARE, event_types=("cart", "purchase")),
        Feature(name="baseline_seconds", measure=Measure.BASELINE_SECONDS, reaches=BASELINE_SECONDS),
    ),
    conditions=(
        Condition(
            feature="excess_events",
            at_least=1000,
            meaning="enough additional events to tell buyers from bots",
        ),
        Condition(feature="times_usual", at_least=3, meaning="three times what the half hour before was like"),
        Condition(
            feature="buying_share",
            less_than=0.007,
            meaning="of a crowd that came to shop, one event in a hundred or more is a cart or a purchase",
        ),
        Condition(
            feature="baseline_seconds",
            at_least=600,
            meaning="ten minutes of the time before, to compare with",
        ),
    ),
    severity=Severity.CRITICAL,
    sentence=(
        "The site received {events} events within {window} where {usual_events} are usual, and the "
        "additional visitors do not buy; {threshold} additional events without buyers is the limit."
    ),
    advice="Check the site's response times, then the sample events: turn on rate limits or a challenge at the edge.",
    marks_automaton=True,
)
