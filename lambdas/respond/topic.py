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
    """Publishes one mail an episode; rule and severity travel as attributes for a subscriber to filter by."""

    client: "SNSClient"
    arn: str
    rules: Mapping[str, Rule]
    places: Places

    def send(self, incident: Incident) -> None:
        """Publish the alert. Raises the client's errors; the alert may then have gone out all the same."""
        mail = compose(incident, rules=self.rules, places=self.places)
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
