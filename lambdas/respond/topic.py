"""The topic that mails alerts to whoever subscribed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from commerce.incident import Incident
from commerce.rules.rule import Rule
from lambdas.respond.mail import Places, compose

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


@dataclass(frozen=True, kw_only=True)
class AlertTopic:
    """Publishes a mail an episode, and one more if it becomes critical.

    Rule and severity travel as attributes for a subscriber to filter by. `pseudonyms` says that the stage makes
    them of addresses: they may be told.
    """

    client: "SNSClient"
    arn: str
    rules: Mapping[str, Rule]
    places: Places
    pseudonyms: bool = False

    def tells_of(self, incident: Incident) -> bool:
        """Return whether people are told of such incidents: of automata, never of signals about people.

        A rule that this version does not know may be of either kind, and a person's is worse to have told.
        """
        rule = self.rules.get(incident.rule)
        return rule is not None and rule.marks_automaton

    def send(self, incident: Incident, *, risen_from: str | None) -> None:
        """Publish the alert; `risen_from` is the severity that an earlier one told of.

        Raises the client's errors; the alert may then have gone out all the same.
        """
        mail = compose(
            incident, rules=self.rules, places=self.places, risen_from=risen_from, pseudonyms=self.pseudonyms
        )
        self.client.publish(
            TopicArn=self.arn,
            Subject=mail.subject,
            Message=mail.body,
            MessageAttributes={
                "rule": {"DataType": "String", "StringValue": incident.rule},
                "severity": {"DataType": "String", "StringValue": incident.severity},
                "incident_id": {"DataType": "String", "StringValue": incident.incident_id},
            },
        )
