"""What the detector must be told. The stack encodes it into a property group, `main` decodes it."""

from dataclasses import dataclass

PROPERTY_GROUP = "floorwalker.detector"


@dataclass(frozen=True, kw_only=True)
class DetectorSettings:
    """Streams, time and thresholds of the detector.

    `threshold_overrides` holds texts of the form `rule.feature=number`. `endpoint_url` is empty in AWS.
    """

    region: str
    events_stream: str
    incidents_stream: str
    # Where a detector without a snapshot begins: TRIM_HORIZON or LATEST.
    start_position: str = "TRIM_HORIZON"
    # How far behind the newest event another may come and still be judged.
    allowed_lateness_seconds: int = 10
    # A shard without events for so long no longer holds the others back.
    idle_timeout_seconds: int = 10
    # How often the detector accounts for what it read.
    tally_seconds: int = 10
    threshold_overrides: tuple[str, ...] = ()
    # Addresses of automata that are welcome, as IPv4 networks: counted, not judged.
    known_networks: tuple[str, ...] = ()
    # Whether signs of behavioural risk are looked for, and where the shop's night is, as Europe/Berlin.
    behavioural_risk: bool = True
    shop_time_zone: str = "UTC"
    endpoint_url: str = ""
