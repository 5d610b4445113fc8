"""The queue of dead letters. A message that is looked at is hidden from everybody else meanwhile."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# Longer than sending one letter again takes: nobody else takes it up in between.
HIDDEN_SECONDS = 900
# A queue is spread over machines: only a receive that waits asks all of them.
WAIT_SECONDS = 2
# How the service says that a message is not ours any more; the second is what it says in practice.
LAPSED = ("MessageNotInflight", "InvalidParameterValue")


@dataclass(frozen=True, kw_only=True)
class DeadLetterQueue:
    """The queue that Lambda writes to when it gives a batch up. Every call raises the client's errors."""

    client: "SQSClient"
    url: str

    @contextmanager
    def held(self) -> Iterator["Held"]:
        """Take every message that can be seen now; those not removed meanwhile can be seen again afterwards."""
        held = Held(queue=self)
        try:
            while found := self._receive():
                held.messages.update({str(message["MessageId"]): message for message in found})
            yield held
        finally:
            for message_id in held.messages:
                held.release(message_id)

    def _receive(self) -> list[Mapping[str, Any]]:
        answer = self.client.receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=10,
            VisibilityTimeout=HIDDEN_SECONDS,
            WaitTimeSeconds=WAIT_SECONDS,
        )
        return list(answer.get("Messages", []))


@dataclass(frozen=True, kw_only=True)
class Held:
    """The messages that are ours for a while, by id."""

    queue: DeadLetterQueue
    messages: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def renew(self, message_id: str) -> None:
        """Keep a message from others for as long as at first."""
        self._hide(message_id, HIDDEN_SECONDS)

    def release(self, message_id: str) -> None:
        """Let others see a message; one that lapsed they see already."""
        try:
            self._hide(message_id, 0)
        except ClientError as error:
            if not error.response["Error"]["Code"].endswith(LAPSED):
                raise

    def remove(self, message_id: str) -> None:
        """Delete a message for good."""
        message = self.messages.pop(message_id)
        self.queue.client.delete_message(QueueUrl=self.queue.url, ReceiptHandle=message["ReceiptHandle"])

    def _hide(self, message_id: str, seconds: int) -> None:
        handle = self.messages[message_id]["ReceiptHandle"]
        self.queue.client.change_message_visibility(
            QueueUrl=self.queue.url, ReceiptHandle=handle, VisibilityTimeout=seconds
        )
