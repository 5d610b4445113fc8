"""Firehose: the delivery stream."""

from typing import Any

from moto.core.common_models import CloudFormationModel

from laptop.cloudformation.resource import Properties, Resource, api, without


class DeliveryStream(Resource, CloudFormationModel):  # type: ignore[misc]  # moto has no types
    """A delivery stream; Ref gives its name, GetAtt its Arn."""

    TYPE = "AWS::KinesisFirehose::DeliveryStream"
    NAME = "DeliveryStreamName"
    REPLACES = ("DeliveryStreamType", "KinesisStreamSourceConfiguration")

    def create(self) -> None:
        """Create the delivery stream."""
        api("firehose").create_delivery_stream(**self.named)

    def change(self, properties: Properties) -> None:
        """Update where and how it delivers."""
        described = self._describe()
        api("firehose").update_destination(
            DeliveryStreamName=self.name,
            CurrentDeliveryStreamVersionId=described["VersionId"],
            DestinationId=described["Destinations"][0]["DestinationId"],
            ExtendedS3DestinationUpdate=without(properties["ExtendedS3DestinationConfiguration"], "S3BackupMode"),
        )

    def remove(self) -> None:
        """Delete the delivery stream."""
        api("firehose").delete_delivery_stream(DeliveryStreamName=self.name)

    def attributes(self) -> dict[str, Any]:
        """Return the Arn."""
        return {"Arn": self._describe()["DeliveryStreamARN"]}

    def _describe(self) -> dict[str, Any]:
        answer = api("firehose").describe_delivery_stream(DeliveryStreamName=self.name)
        return dict(answer["DeliveryStreamDescription"])
