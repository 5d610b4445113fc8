"""Who is allowed right now, as far as this container knows: it looks at most every thirty seconds.

A list that cannot be read costs nobody an alert: the last one read goes on holding, none before the first, and entries
expire by the clock all the same. It is looked at again after the same thirty seconds, so that a table in trouble is
not asked with every incident.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from commerce.allowance import Allowance, AllowList
from commerce.incident import Incident
from commerce.metrics import ALLOW_LIST_UNREAD
from lambdas.allow_list import read_allow_list
from lambdas.respond.counts import Counts

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

READ_AGAIN_AFTER = timedelta(seconds=30)


@dataclass(kw_only=True)
class Allowed:
    """The allow list as this container last read it; an empty `table` means that there is none."""

    client: "DynamoDBClient"
    table: str
    log: Logger
    _list: AllowList = field(default_factory=AllowList)
    _looked_at: datetime | None = None

    def covering(self, incident: Incident, *, now: datetime, counts: Counts) -> Allowance | None:
        """Return the entry that holds now for the incident's subject."""
        if self.table and (self._looked_at is None or now - self._looked_at >= READ_AGAIN_AFTER):
            self._looked_at = now
            self._read(counts)
        return self._list.covering(incident.subject_type, incident.subject, at=now)

    def _read(self, counts: Counts) -> None:
        try:
            allowances, unreadable = read_allow_list(self.client, table=self.table)
        except (BotoCoreError, ClientError) as error:
            counts.add(ALLOW_LIST_UNREAD)
            self.log.warning("allow list not read, the last one holds", reason=_reason(error))
            return
        if unreadable:
            counts.add(ALLOW_LIST_UNREAD)
            self.log.warning("entries of the allow list not read", entries=unreadable)
        self._list = AllowList(allowances)


def _reason(error: BotoCoreError | ClientError) -> str:
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
