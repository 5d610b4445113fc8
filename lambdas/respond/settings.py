"""What the responder must be told. The stack encodes it into the environment, the handler decodes it."""

from dataclasses import dataclass

# The incidents table, as the stack creates it: its partition key, a text, and the attribute of its time to live.
PARTITION_KEY = "incident_id"
TIME_TO_LIVE_ATTRIBUTE = "expires_at"
# How often a batch is tried again. Where AWS refused something the responder takes six seconds at least, so that an
# outage of five minutes is over before the tries are. A record that nobody can read is refused at once: its shard is
# held up only by what Lambda itself waits between two tries. The alarm on the age of what is read tells of both.
RETRIES = 50
# All that the function does to its table, to the allow list and to its topic.
TABLE_ACTIONS = ("dynamodb:PutItem",)
ALLOW_LIST_ACTIONS = ("dynamodb:Scan",)
TOPIC_ACTIONS = ("sns:Publish",)


@dataclass(frozen=True, kw_only=True)
class RespondSettings:
    """Where incidents are kept, who is told of them, and where the reader of an alert can look further.

    `threshold_overrides` are the detector's own (`rule.feature=number`), so that an alert shows the limits that were
    in force. `allow_list_table` is empty where there is no allow list. `athena_workgroup` and `sample_events_query`
    name the saved query that lists an incident's sample events; where one is empty the alert leaves the hint out.
    `address_form` says how addresses are stored and told; other forms than `full` need the ARN of the secret with the
    key in `address_key_secret`.
    """

    incidents_table: str
    alerts_topic_arn: str
    # How long a row is kept after it was last written.
    retention_days: int = 365
    allow_list_table: str = ""
    stage: str = "dev"
    threshold_overrides: tuple[str, ...] = ()
    athena_workgroup: str = ""
    sample_events_query: str = ""
    address_form: str = "full"
    address_key_secret: str = ""
