"""Policies attached to buckets, topics and queues, and the topic's subscriptions."""

import json
from typing import Any

from moto.core.common_models import CloudFormationModel

from laptop.cloudformation.resource import Resource, api, only


class BucketPolicy(Resource, CloudFormationModel):  # type: ignore[misc]  # moto has no types
    """A bucket's policy; Ref gives the bucket's name."""

    TYPE = "AWS::S3::BucketPolicy"
    REPLACES = ("Bucket",)

    @property
    def reference(self) -> str:
        """Return the bucket's name."""
        return str(self.properties["Bucket"])

    def create(self) -> None:
        """Attach the policy."""
        policy = json.dumps(self.properties["PolicyDocument"])
        api("s3").put_bucket_policy(Bucket=self.properties["Bucket"], Policy=policy)

    def remove(self) -> None:
        """Take the policy away."""
        api("s3").delete_bucket_policy(Bucket=self.properties["Bucket"])


class TopicPolicy(Resource, CloudFormationModel):  # type: ignore[misc]  # moto has no types
    """The policy of one or more topics. A topic without one keeps the last until it is deleted itself."""

    TYPE = "AWS::SNS::TopicPolicy"

    def create(self) -> None:
        """Attach the policy."""
        policy = json.dumps(self.properties["PolicyDocument"])
        for arn in self.properties["Topics"]:
            api("sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)

    def remove(self) -> None:
        """Leave it to the topic."""

    def attributes(self) -> dict[str, Any]:
        """Return the id."""
        return {"Id": self.name}


class QueuePolicy(Resource, CloudFormationModel):  # type: ignore[misc]  # moto has no types
    """The policy of one or more queues."""

    TYPE = "AWS::SQS::QueuePolicy"

    def create(self) -> None:
        """Attach the policy."""
        policy = json.dumps(self.properties["PolicyDocument"])
        for url in self.properties["Queues"]:
            api("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})

    def remove(self) -> None:
        """Leave it to the queue."""

    def attributes(self) -> dict[str, Any]:
        """Return the id."""
        return {"Id": self.name}


class TopicSubscription(Resource, CloudFormationModel):  # type: ignore[misc]  # moto has no types
    """A subscription of a topic; Ref gives its arn. Nobody has to confirm a mail here."""

    TYPE = "AWS::SNS::Subscription"
    REPLACES = ("TopicArn", "Endpoint", "Protocol")
    arn = ""

    @property
    def reference(self) -> str:
        """Return the subscription's arn."""
        return self.arn

    def create(self) -> None:
        """Subscribe."""
        given = self.properties
        attributes = {
            name: json.dumps(value) if isinstance(value, dict | bool) else value
            for name, value in only(given, "FilterPolicy", "RawMessageDelivery").items()
        }
        answer = api("sns").subscribe(
            **only(given, "TopicArn", "Protocol", "Endpoint"), Attributes=attributes, ReturnSubscriptionArn=True
        )
        self.arn = answer["SubscriptionArn"]

    def remove(self) -> None:
        """Unsubscribe."""
        api("sns").unsubscribe(SubscriptionArn=self.arn)

    def attributes(self) -> dict[str, Any]:
        """Return the arn."""
        return {"Arn": self.arn}
