"""What bills by the hour or by the record on the way from the shop to the bucket: streams, Firehose, Flink, Lambda."""

from collections.abc import Iterator

from stacks.cost.month import DAYS, GIGABYTE, HOURS, KILOBYTE, SECONDS, Line, Month
from stacks.cost.schedules import running_share, times_a_month
from stacks.cost.templates import Resource
from stacks.cost.wiring import UnknownPartError

FREE_RETENTION_HOURS = 24
PUT_UNIT_BYTES = 25 * KILOBYTE
FIREHOSE_STEP_BYTES = 5 * KILOBYTE
# Firehose asks a function for so much at once, or for what has come in that time (`parts/delivery.py`).
BATCH_MEGABYTES, BATCH_SECONDS = 1, 60
# Lambda gives a function a core for so much memory, and less for less: a gigabyte-second is the same work either way.
MEGABYTES_A_CORE = 1_769
# An on-demand stream begins with so many.
ON_DEMAND_SHARDS = 4


def stream(resource: Resource, month: Month) -> Iterator[Line]:
    """Price a Kinesis stream in its mode, with its retention, and the key requests of its encryption."""
    properties, key = resource.properties, resource.key
    extra_hours = max(properties.get("RetentionPeriodHours", FREE_RETENTION_HOURS) - FREE_RETENTION_HOURS, 0)
    flow = month.flow(key)
    if is_on_demand(resource):
        gigabytes = flow.gigabytes(step_bytes=KILOBYTE)
        yield Line(price="stream_hour", quantity=HOURS, resource=key)
        yield Line(price="stream_gb_in", quantity=gigabytes, resource=key)
        yield Line(price="stream_gb_out", quantity=gigabytes * flow.readers, resource=key)
        yield Line(price="stream_gb_month_kept", quantity=gigabytes * extra_hours / HOURS, resource=key)
    else:
        shard_hours = properties["ShardCount"] * HOURS
        units = flow.steps(step_bytes=PUT_UNIT_BYTES)
        yield Line(price="shard_hour", quantity=shard_hours, resource=key)
        yield Line(price="million_put_units", quantity=units / 1e6, resource=key)
        yield Line(price="shard_hour_kept", quantity=shard_hours if extra_hours else 0, resource=key)
    requests = month["kinesis_key_requests_per_hour"] * HOURS * (1 + flow.readers)
    yield Line(price="kms_ten_thousand_requests", quantity=requests / 1e4, resource=key)


def is_on_demand(resource: Resource) -> bool:
    """Whether a stream is on demand rather than of so many shards."""
    return bool(resource.properties["StreamModeDetails"]["StreamMode"] == "ON_DEMAND")


def delivery(resource: Resource, month: Month) -> Iterator[Line]:
    """Price a Firehose: what it takes in, and the objects it puts into the bucket."""
    source = month.templates.named_by(resource, "KinesisStreamSourceConfiguration", "KinesisStreamARN")
    gigabytes = month.flow(str(source)).gigabytes(step_bytes=FIREHOSE_STEP_BYTES)
    yield Line(price="firehose_gb", quantity=gigabytes, resource=resource.key)
    yield Line(price="s3_thousand_puts", quantity=objects(resource, month) / 1000, resource=resource.key)


def stored_bytes(resource: Resource, month: Month) -> float:
    """Return how many bytes a Firehose stores in a month; all records are taken to compress as events do."""
    source = month.templates.named_by(resource, "KinesisStreamSourceConfiguration", "KinesisStreamARN")
    return month.flow(str(source)).bytes * month["event_bytes_in_raw"] / month["event_bytes"]


def objects(resource: Resource, month: Month) -> float:
    """Return how many objects a Firehose writes in a month: one when its buffer is full, or its time is up."""
    source = month.templates.named_by(resource, "KinesisStreamSourceConfiguration", "KinesisStreamARN")
    flow = month.flow(str(source))
    hints: dict[str, int] = resource.properties["ExtendedS3DestinationConfiguration"]["BufferingHints"]
    by_time = min(flow.records, SECONDS / hints["IntervalInSeconds"])
    return max(by_time, flow.bytes / (hints["SizeInMBs"] * 1024**2))


def application(resource: Resource, month: Month) -> Iterator[Line]:
    """Price the detector: its KPUs and the one of orchestration, their storage, snapshots and logs."""
    units, share, key = month.wiring.detector_units, running_share(month.wiring), resource.key
    log_gigabytes = month["flink_log_megabytes_per_hour"] * HOURS * share / 1024
    yield Line(price="kpu_hour", quantity=(units + 1) * HOURS * share, resource=key)
    yield Line(price="flink_gb_month", quantity=units * month["kpu_storage_gigabytes"] * share, resource=key)
    yield Line(price="flink_backup_gb_month", quantity=month["snapshot_gigabytes"], resource=key)
    yield from logs(log_gigabytes, key, month)


def event_source(resource: Resource, month: Month) -> Iterator[Line]:
    """Price the function behind an event source: at most an invocation a second for each shard that has records."""
    key = resource.key
    if month.templates.named_by(resource, "EventSourceArn") != month.wiring.incidents_stream:
        raise UnknownPartError(f"{key} reads a stream that is not the incidents stream")
    gigabytes = month.wiring.responder.properties.get("MemorySize", 128) / 1024
    (source,) = (each for each in month.templates.resources if each.key == month.wiring.incidents_stream)
    shards = source.properties.get("ShardCount", ON_DEMAND_SHARDS)
    invocations = min(month.flow(source.key).records, shards * SECONDS)
    seconds = invocations * month["responder_seconds"]
    yield Line(price="lambda_million_requests", quantity=invocations / 1e6, resource=key)
    yield Line(price="lambda_gb_second", quantity=seconds * gigabytes, resource=key)
    yield from logs(invocations * month["responder_log_bytes"] / GIGABYTE, key, month)


def function(resource: Resource, month: Month) -> Iterator[Line]:
    """Price a function that Firehose asks; nothing for those priced at their event source or run at a deployment."""
    asked_by = month.wiring.deliveries_through(resource.key)
    if not asked_by and resource.key not in {month.wiring.responder.key, *month.wiring.deployers()}:
        raise UnknownPartError(f"nothing says how often the function {resource.key} runs")
    for source in asked_by:
        flow = month.flow(source)
        megabytes = flow.bytes / 1024**2
        invocations = max(megabytes / BATCH_MEGABYTES, min(flow.records, SECONDS / BATCH_SECONDS))
        gigabyte_seconds = megabytes * month["conceal_core_seconds_per_megabyte"] * MEGABYTES_A_CORE / 1024
        yield Line(price="lambda_million_requests", quantity=invocations / 1e6, resource=resource.key)
        yield Line(price="lambda_gb_second", quantity=gigabyte_seconds, resource=resource.key)
        yield from logs(invocations * month["responder_log_bytes"] / GIGABYTE, resource.key, month)


def schedule(resource: Resource, _month: Month) -> Iterator[Line]:
    """Price a schedule of EventBridge Scheduler."""
    times = times_a_month(resource.properties["ScheduleExpression"])
    yield Line(price="scheduler_million", quantity=times / 1e6, resource=resource.key)


def logs(gigabytes: float, resource: str, month: Month) -> Iterator[Line]:
    """Price the logs of a month: taking them in, and keeping them as long as the stage does."""
    kept_months = month.wiring.log_retention_days / DAYS
    yield Line(price="log_gb_in", quantity=gigabytes, resource=resource)
    yield Line(price="log_gb_month", quantity=gigabytes * kept_months, resource=resource)
