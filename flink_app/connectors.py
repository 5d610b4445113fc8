"""The tables at the detector's edges, on Kinesis. The pipeline between knows nothing of it."""

from commerce.fields import INCIDENT_FIELDS, RISK_FIELDS, TALLY_FIELDS
from commerce.schemas import flink_columns
from flink_app.settings import DetectorSettings


def source_ddl(settings: DetectorSettings) -> str:
    """Return the DDL of `records`: the bytes of each Kinesis record, when it arrived, and in which shard."""
    options = _options(
        settings,
        stream=settings.events_stream,
        extra={
            "scan.stream.initpos": settings.start_position,
            # Twice a second: a shard answers five reads a second, whoever asks, and Firehose asks as well.
            "scan.shard.getrecords.intervalmillis": "500",
            # A shard that is asked too much says so for a while; giving up would start the whole job again.
            "scan.shard.getrecords.maxretries": "20",
            # What a shard was split into has to be found well before the shard is taken for silent.
            "scan.shard.discovery.intervalmillis": str(1000 * settings.idle_timeout_seconds // 5),
            "format": "raw",
        },
    )
    columns = (
        "`record` BYTES, `arrived_at` TIMESTAMP(3) METADATA FROM 'timestamp' VIRTUAL, "
        "`shard` STRING METADATA FROM 'shard-id' VIRTUAL"
    )
    return f"CREATE TEMPORARY TABLE records ({columns}) WITH ({options})"


def sink_ddls(settings: DetectorSettings) -> tuple[str, ...]:
    """Return the DDL of `incidents`, `tallies` and `risks`: three record types on one stream."""
    options = _options(
        settings,
        stream=settings.incidents_stream,
        extra={
            # What the stream refuses is sent again until it takes it, and what can never be taken ends the job. To fail
            # on the first refusal would start the job again for a moment's throttling.
            "sink.fail-on-error": "false",
            "sink.flush-buffer.timeout": "500",
            # Servers that speak no HTTP/2 exist, the service itself speaks both.
            "sink.http-client.protocol.version": "HTTP1_1",
            "format": "json",
        },
    )
    return (
        f"CREATE TEMPORARY TABLE incidents ({flink_columns(INCIDENT_FIELDS)}) "
        f"PARTITIONED BY (incident_id) WITH ({options})",
        f"CREATE TEMPORARY TABLE tallies ({flink_columns(TALLY_FIELDS)}) PARTITIONED BY (tally_id) WITH ({options})",
        f"CREATE TEMPORARY TABLE risks ({flink_columns(RISK_FIELDS)}) PARTITIONED BY (risk_id) WITH ({options})",
    )


def _options(settings: DetectorSettings, *, stream: str, extra: dict[str, str]) -> str:
    options = {"connector": "kinesis", "stream": stream, "aws.region": settings.region, **extra}
    if settings.endpoint_url:
        options["aws.endpoint"] = settings.endpoint_url
    return ", ".join(f"'{name}' = '{value}'" for name, value in options.items())
