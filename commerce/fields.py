"""The one field table: what an event, an incident, a tally and a signal of risk are made of.

Every schema in the project (Flink DDL, Spark, Glue columns, Arrow, JSON Schema) is rendered from here by
`commerce.schemas`, and the reasons for rejecting a record follow from `required` and `pattern`.
"""

from dataclasses import dataclass
from enum import StrEnum


class FieldType(StrEnum):
    """What a field holds, independent of any engine."""

    TEXT = "text"
    TIMESTAMP = "timestamp"  # UTC, millisecond precision, on the wire as 2019-10-01T00:00:00.000Z
    MONEY = "money"  # exact decimal with two places, on the wire as text: a float never touches it
    COUNT = "count"  # a 64-bit whole number
    NUMBER = "number"  # a double: a measured value, never money
    TEXTS = "texts"  # a list of texts


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field: its name in every engine, and what makes a value acceptable.

    `pattern` is matched against the whole text of the value, in the subset of regular expressions that Java,
    RE2 and Python read alike.
    """

    name: str
    type: FieldType
    meaning: str
    required: bool = False
    pattern: str | None = None
    max_length: int | None = None


# Up to 19 digits, or up to 64 letters, digits, _ and - with at least one that is no digit. A JSON number of more
# digits is rounded by some engines and not by others, so it is refused by all.
# The length is left to max_length: counted repetitions make RE2 sixty times slower.
IDENTIFIER = "[0-9]{1,19}|[A-Za-z0-9_-]*[A-Za-z_-][A-Za-z0-9_-]*"
# The whole calendar of this century, leap days included: engines differ in what they make of 30 February.
_DAY = "(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8])"
_DATE = f"(20[0-9]{{2}}-({_DAY})|20([02468][048]|[13579][26])-02-29)"
INSTANT = _DATE + "T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{3})?Z"
EVENT_TYPES = ("view", "cart", "remove_from_cart", "purchase", "favorite")

EVENT_FIELDS: tuple[Field, ...] = (
    Field(
        name="event_id",
        type=FieldType.TEXT,
        required=True,
        pattern=IDENTIFIER,
        max_length=64,
        meaning="Names the event for ever: a record with an id seen before is a duplicate.",
    ),
    Field(
        name="event_time",
        type=FieldType.TIMESTAMP,
        required=True,
        pattern=INSTANT,
        meaning="When the shopper acted, by the shop's clock, UTC.",
    ),
    Field(
        name="event_type",
        type=FieldType.TEXT,
        required=True,
        pattern="|".join(EVENT_TYPES),
        meaning="What the shopper did: " + ", ".join(EVENT_TYPES) + ".",
    ),
    Field(
        name="product_id",
        type=FieldType.TEXT,
        required=True,
        pattern=IDENTIFIER,
        max_length=64,
        meaning="The product acted upon.",
    ),
    Field(
        name="category_id",
        type=FieldType.TEXT,
        pattern=IDENTIFIER,
        max_length=64,
        meaning="The product's category.",
    ),
    Field(
        name="category_code",
        type=FieldType.TEXT,
        max_length=256,
        meaning="The category's path, dots between levels, where the shop has named it.",
    ),
    Field(name="brand", type=FieldType.TEXT, max_length=128, meaning="The product's brand, where known."),
    Field(
        name="price",
        type=FieldType.MONEY,
        required=True,
        pattern="[0-9]{1,10}([.][0-9]{1,2})?",
        meaning="The product's price at that moment, in the shop's currency.",
    ),
    Field(
        name="user_id",
        type=FieldType.TEXT,
        required=True,
        pattern=IDENTIFIER,
        max_length=64,
        meaning="The shopper, by a pseudonym that stays the same between visits.",
    ),
    Field(
        name="user_session",
        type=FieldType.TEXT,
        pattern=IDENTIFIER,
        max_length=64,
        meaning="The visit, where the shop tracks it.",
    ),
    Field(
        name="ip_address",
        type=FieldType.TEXT,
        pattern="[0-9A-Fa-f:.]{2,45}",
        meaning="The address the request came from, IPv4 or IPv6, where sent.",
    ),
    Field(
        name="user_agent",
        type=FieldType.TEXT,
        max_length=1024,
        meaning="What the browser calls itself, where sent.",
    ),
)

INCIDENT_FIELDS: tuple[Field, ...] = (
    Field(
        name="record_type",
        type=FieldType.TEXT,
        required=True,
        meaning="Always 'incident' on the incidents stream.",
    ),
    Field(
        name="incident_id",
        type=FieldType.TEXT,
        required=True,
        meaning="SHA-256 over rule, rule version, subject and opened_at: the same input gives the same id.",
    ),
    Field(name="rule", type=FieldType.TEXT, required=True, meaning="The rule that was broken."),
    Field(name="rule_version", type=FieldType.COUNT, required=True, meaning="The version of that rule."),
    Field(
        name="subject_type",
        type=FieldType.TEXT,
        required=True,
        meaning="What kind of thing broke it: user, session, address or site.",
    ),
    Field(
        name="subject",
        type=FieldType.TEXT,
        required=True,
        meaning="Who broke it: the id of the user or session, the address, or 'site'.",
    ),
    Field(
        name="state",
        type=FieldType.TEXT,
        required=True,
        meaning="Where the episode stands: open, extended or closed.",
    ),
    Field(name="severity", type=FieldType.TEXT, required=True, meaning="low, medium, high or critical."),
    Field(
        name="opened_at",
        type=FieldType.TIMESTAMP,
        required=True,
        meaning="Event time at which the behaviour first crossed the threshold: the start of the episode.",
    ),
    Field(
        name="last_seen_at",
        type=FieldType.TIMESTAMP,
        required=True,
        meaning="Event time at which it was last above the threshold.",
    ),
    Field(
        name="window_seconds",
        type=FieldType.COUNT,
        required=True,
        meaning="The length of the window judged, seconds.",
    ),
    Field(
        name="value",
        type=FieldType.NUMBER,
        required=True,
        meaning="The rule's leading feature: at the latest crossing or, once closed, the highest of the episode.",
    ),
    Field(
        name="threshold",
        type=FieldType.NUMBER,
        required=True,
        meaning="The value of that feature from which the rule fires.",
    ),
    Field(
        name="evidence",
        type=FieldType.TEXT,
        required=True,
        meaning="The rule's features at the latest crossing, a JSON object of numbers.",
    ),
    Field(
        name="sample_event_ids",
        type=FieldType.TEXTS,
        required=True,
        meaning="Up to 20 events of the latest crossings, to look up in the lake.",
    ),
    Field(
        name="sentence",
        type=FieldType.TEXT,
        required=True,
        meaning="What happened, in a sentence a shop manager understands.",
    ),
    Field(
        name="subjects",
        type=FieldType.TEXTS,
        meaning=(
            "Who took part where it was several, up to 500; of a crowd over the whole site, the users who were busiest "
            "without buying, shoppers among them. Empty or missing where the subject was alone."
        ),
    ),
)

TALLY_FIELDS: tuple[Field, ...] = (
    Field(
        name="record_type",
        type=FieldType.TEXT,
        required=True,
        meaning="Always 'tally' on the incidents stream.",
    ),
    Field(
        name="tally_id",
        type=FieldType.TEXT,
        required=True,
        meaning="SHA-256 over period, outcome and reason: a tally written twice counts once.",
    ),
    Field(
        name="period_start",
        type=FieldType.TIMESTAMP,
        required=True,
        meaning="Start of the period counted, by the detector's clock (not event time).",
    ),
    Field(
        name="outcome",
        type=FieldType.TEXT,
        required=True,
        meaning="What became of the records: on_time, late, rejected or known (of a welcome bot).",
    ),
    Field(name="reason", type=FieldType.TEXT, required=True, meaning="Why they were rejected; empty otherwise."),
    Field(name="records", type=FieldType.COUNT, required=True, meaning="How many records."),
)

RISK_FIELDS: tuple[Field, ...] = (
    Field(name="record_type", type=FieldType.TEXT, required=True, meaning="Always 'risk' on the incidents stream."),
    Field(
        name="risk_id",
        type=FieldType.TEXT,
        required=True,
        meaning="SHA-256 over user_id and began_at: a signal written twice is one.",
    ),
    Field(name="user_id", type=FieldType.TEXT, required=True, meaning="The shopper, by the pseudonym of events."),
    Field(
        name="began_at",
        type=FieldType.TIMESTAMP,
        required=True,
        meaning="Event time at which the session began, to ten seconds.",
    ),
    Field(
        name="ended_at",
        type=FieldType.TIMESTAMP,
        required=True,
        meaning="Event time of the last action, to ten seconds. The signal is written when the session is over.",
    ),
    Field(name="risk_class", type=FieldType.TEXT, required=True, meaning="elevated or high."),
    Field(name="risk", type=FieldType.NUMBER, required=True, meaning="All signs together, 0 to 1."),
    Field(name="sentences", type=FieldType.TEXT, required=True, meaning="What speaks for it, in words."),
    Field(
        name="impulsivity",
        type=FieldType.NUMBER,
        meaning="0 to 1: how much was done in a rush; missing where there is too little evidence.",
    ),
    Field(
        name="nocturnal",
        type=FieldType.NUMBER,
        meaning="0 to 1: how much more was at night than is this shopper's habit; missing as above.",
    ),
    Field(name="fatigue", type=FieldType.NUMBER, meaning="0 to 1: how long it went on without a break."),
    Field(
        name="volatility",
        type=FieldType.NUMBER,
        meaning="0 to 1: how much the amounts paid vary, or rise above the usual; missing as above.",
    ),
    Field(name="actions", type=FieldType.COUNT, required=True, meaning="Events of every type."),
    Field(name="night_actions", type=FieldType.COUNT, required=True, meaning="Those at night by the shop's clock."),
    Field(name="pauses", type=FieldType.COUNT, required=True, meaning="Pauses between one action and the next."),
    Field(name="rushed_pauses", type=FieldType.COUNT, required=True, meaning="Those of them in a rush."),
    Field(name="purchases", type=FieldType.COUNT, required=True, meaning="Products bought."),
)
