"""The Managed Flink application, brought to run or to rest.

Creating an application does not start it, an update leaves a stopped one stopped, and one that is deleted while it
runs loses what it knew: this is the missing step of the deployment.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_kinesisanalyticsv2 import KinesisAnalyticsV2Client

RUNNING, READY, GONE = "RUNNING", "READY", "GONE"
# In every other status it is on its way to one of these, by itself.
SETTLED = (RUNNING, READY, GONE, "ROLLED_BACK")


class ApplicationError(Exception):
    """The application did not get where it should; the message says what to look at."""


@dataclass(frozen=True, kw_only=True)
class Application:
    """One application, its clock and its patience."""

    client: "KinesisAnalyticsV2Client"
    name: str
    poll_seconds: float
    seconds_left: Callable[[], float]
    wait: Callable[[float], None]

    def run(self) -> None:
        """Have it running, from its latest snapshot where there is one. Raises ApplicationError."""
        status = self._settled()
        if status == GONE:
            raise ApplicationError(f"there is no application {self.name}")
        if status != RUNNING:
            self._start()
            self.wait(self.poll_seconds)
            status = self._settled()
        if status != RUNNING:
            raise ApplicationError(f"{self.name} was started and is {status}: see its log group for the reason")

    def rest(self) -> None:
        """Have it stopped, with a snapshot where snapshots are on; one that does not exist is at rest."""
        if self._settled() != RUNNING:
            return
        self.client.stop_application(ApplicationName=self.name)
        self._settled()

    def _start(self) -> None:
        snapshots = self.client.list_application_snapshots(ApplicationName=self.name, Limit=50)["SnapshotSummaries"]
        is_known = any(snapshot["SnapshotStatus"] == "READY" for snapshot in snapshots)
        self.client.start_application(
            ApplicationName=self.name,
            RunConfiguration={
                "ApplicationRestoreConfiguration": {
                    "ApplicationRestoreType": "RESTORE_FROM_LATEST_SNAPSHOT"
                    if is_known
                    else "SKIP_RESTORE_FROM_SNAPSHOT"
                },
                # A rule taken out leaves state that nobody claims; that must not keep the others from starting.
                "FlinkRunConfiguration": {"AllowNonRestoredState": True},
            },
        )

    def _settled(self) -> str:
        """Wait until the status changes no more by itself; return it. Raises ApplicationError when time runs out."""
        while (status := self._status()) not in SETTLED:
            if self.seconds_left() < self.poll_seconds:
                raise ApplicationError(f"{self.name} is still {status} and the time is up: deploy again when it is not")
            self.wait(self.poll_seconds)
        return status

    def _status(self) -> str:
        try:
            detail = self.client.describe_application(ApplicationName=self.name)["ApplicationDetail"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                return GONE
            raise
        return detail["ApplicationStatus"]
