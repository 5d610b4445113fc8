"""What the responder must be told. The stack encodes it into the environment, the handler decodes it."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class RespondSettings:
    """Where incidents are kept and who is told of them."""

    incidents_table: str
    alerts_topic_arn: str
    # How long a row is kept after the episode was last seen.
    retention_days: int = 365
    stage: str = "dev"
