"""Mail for e-mail subscriptions: one .eml file for each message, as the subscriber would receive it."""

from datetime import UTC
from email.message import EmailMessage
from email.policy import default
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from moto.core.utils import utcnow
from moto.sns.models import Subscription

_FOOTER = (
    "\n\n--\nIf you wish to stop receiving notifications from this topic, unsubscribe from it:\n{subscription}\n\n"
    "Please do not reply directly to this email.\n"
)


def install(folder: Path) -> None:
    """Let moto's topics deliver mail into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    moto_publish = Subscription.publish

    def publish(self: Any, message: str, message_id: str, subject: str | None = None, **given: Any) -> None:
        if self.protocol == "email" and _wanted(self, message, given):
            if given.get("message_structure") == "json":
                message = self._parse_message_structure(message, self.protocol)
            _write(folder, subscription=self, message=message, message_id=message_id, subject=subject)
        moto_publish(self, message, message_id, subject=subject, **given)

    Subscription.publish = publish


def _wanted(subscription: Any, message: str, given: dict[str, Any]) -> bool:
    matcher = subscription._filter_policy_matcher
    return matcher is None or bool(matcher.matches(given.get("message_attributes"), message))


def _write(folder: Path, *, subscription: Any, message: str, message_id: str, subject: str | None) -> None:
    mail = EmailMessage(policy=default)
    mail["From"] = "AWS Notifications <no-reply@sns.amazonaws.com>"
    mail["To"] = subscription.endpoint
    mail["Subject"] = subject or "AWS Notification Message"
    mail["Date"] = format_datetime(utcnow().replace(tzinfo=UTC))
    mail["Message-ID"] = f"<{message_id}@sns.amazonaws.com>"
    mail["X-Topic-Arn"] = subscription.topic.arn
    mail.set_content(message + _FOOTER.format(subscription=subscription.arn), cte="8bit")
    draft = folder / f".{message_id}.draft"
    draft.write_bytes(bytes(mail))
    draft.replace(folder / f"{utcnow():%Y%m%dT%H%M%S%f}-{message_id}.eml")
