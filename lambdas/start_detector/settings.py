"""What the starter may be told, and what it must be allowed; every setting has a default that suits AWS."""

from dataclasses import dataclass

# All that the function does to the application.
APPLICATION_ACTIONS = (
    "kinesisanalytics:DescribeApplication",
    "kinesisanalytics:ListApplicationSnapshots",
    "kinesisanalytics:StartApplication",
    "kinesisanalytics:StopApplication",
)


@dataclass(frozen=True, kw_only=True)
class StartDetectorSettings:
    """How patiently the starter looks at the application."""

    poll_seconds: float = 2.0
    # Kept back of the time the invocation has, to tell CloudFormation how it went.
    reserve_seconds: float = 15.0
