"""The incidents table. Every write is conditional on the revision it was worked out from.

A write that comes too late is told the row that stands (in the same answer, no second call), works on from there and
tries again. A write whose answer was lost finds its own row standing and is content.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from commerce.allowance import Allowance
from commerce.incident import Incident, State
from lambdas.respond.row import Circumstances, Row, advanced, alerted, first, from_item, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MAX_ATTEMPTS = 8


class RowContendedError(Exception):
    """Other invocations kept writing the row; the record has to be delivered again."""


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What storing a state did: the row before (None: there was none) and now, and whether the alert is ours."""

    before: Row | None
    row: Row
    alert_is_ours: bool

    @property
    def opened(self) -> bool:
        """Whether the episode was not known before."""
        return self.before is None

    @property
    def closed(self) -> bool:
        """Whether the episode came to its end just now."""
        was_closed = self.before is not None and self.before.incident.state == State.CLOSED
        return self.row.incident.state == State.CLOSED and not was_closed

    @property
    def alert_is_pending(self) -> bool:
        """Whether an alert is due that has not been sent, by anybody."""
        return self.row.alert_is_pending

    @property
    def allowed(self) -> bool:
        """Whether the episode became one of an allowed subject just now."""
        was_allowed = self.before is not None and self.before.allowed_until is not None
        return self.row.allowed_until is not None and not was_allowed


@dataclass(frozen=True, kw_only=True)
class IncidentTable:
    """Rows of episodes, one each."""

    client: "DynamoDBClient"
    name: str
    keep: timedelta
    new_token: Callable[[], str]

    def store(
        self, incident: Incident, *, now: datetime, allowance: Allowance | None, asked: bool, alerts: bool
    ) -> Stored:
        """Add a state to its episode's row. Raises RowContendedError, and the client's errors.

        `allowance` is the entry of the allow list that holds for its subject: there is then no alert. Nor is there one
        where `alerts` says that nobody is told of such incidents. Where the list could not be `asked` for its subject,
        the row goes by the entry that it remembers.
        """
        met = Circumstances(
            token=self.new_token(), now=now, keep=self.keep, allowance=allowance, asked=asked, alerts=alerts
        )
        standing: Row | None = None
        for _ in range(MAX_ATTEMPTS):
            wanted = first(incident, met=met) if standing is None else advanced(standing, incident, met=met)
            before, standing = standing, self._put(wanted, over=standing)
            if standing == wanted:
                return Stored(before=before, row=wanted, alert_is_ours=wanted.alert_claim == met.token)
        raise RowContendedError(f"the row was written by others {MAX_ATTEMPTS} times in a row")

    def mark_alerted(self, row: Row, *, now: datetime) -> None:
        """Note that an alert about the episode as it stands in `row` is sent.

        Raises RowContendedError, and the client's errors.
        """
        standing: Row | None = row
        for _ in range(MAX_ATTEMPTS):
            if standing is None:
                return
            wanted = alerted(standing, told=row.incident.severity, claim=row.alert_claim, now=now)
            standing = self._put(wanted, over=standing)
            if standing == wanted:
                return
        raise RowContendedError(f"the row was written by others {MAX_ATTEMPTS} times in a row")

    def _put(self, wanted: Row, *, over: Row | None) -> Row | None:
        """Write the row unless another than `over` stands there; return the one that stands afterwards."""
        if wanted == over:
            return wanted
        try:
            self.client.put_item(
                TableName=self.name,
                Item=to_item(wanted),
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                **_condition(over),
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            item: dict[str, Any] | None = error.response.get("Item")  # type: ignore[assignment]  # not in the stubs
            return from_item(item) if item else None
        return wanted


def _condition(over: Row | None) -> dict[str, Any]:
    if over is None:
        return {"ConditionExpression": "attribute_not_exists(incident_id)"}
    return {
        "ConditionExpression": "#revision = :seen",
        "ExpressionAttributeNames": {"#revision": "revision"},
        "ExpressionAttributeValues": {":seen": {"N": str(over.revision)}},
    }
