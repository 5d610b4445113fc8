"""What bills by what is kept, computed, asked or watched: S3, DynamoDB, Glue, Athena, CloudWatch, KMS, SNS, SQS."""

import math
from collections.abc import Iterator

from commerce.metrics import METRICS
from stacks.cost.month import DAYS, GIGABYTE, HOURS, KILOBYTE, Line, Month
from stacks.cost.schedules import runs_of
from stacks.cost.streaming import logs, objects, stored_bytes
from stacks.cost.templates import Resource
from stacks.cost.wiring import FIREHOSE, JOB, SUBSCRIPTION, UnknownPartError

CORES_OF_A_WORKER = 4
# An episode appears in so many metrics, each for an hour: opened, alerts, allowed, closed.
METRICS_OF_AN_EPISODE = 4
# A signal of behavioural risk appears in one of two, elevated or high.
METRICS_OF_RISKS = 2
# A record about an episode costs two writes: a new one is stored, and marked once its alert is out; of a further state
# the first write is refused with the row that stands, which bills as well, and the second is made upon that row.
WRITES_OF_A_RECORD = 2
# Smaller objects stay where they are, whatever the lifecycle of their bucket says.
LEAST_MOVED_BYTES = 128 * KILOBYTE


def bucket(resource: Resource, month: Month) -> Iterator[Line]:
    """Price what one of the three buckets keeps when it holds as much as it ever will, and what is asked of it."""
    wiring = month.wiring
    if resource.key == wiring.raw_bucket:
        return _raw(resource, month)
    if resource.key == wiring.lake_bucket:
        return _lake(resource, month)
    if resource.key in wiring.access_logs:
        kept = _requests(month) * month["access_log_bytes"] * _days_kept(resource) / DAYS
        return iter([Line(price="s3_gb_month", quantity=kept / GIGABYTE, resource=resource.key)])
    raise UnknownPartError(f"nothing says what the bucket {resource.key} keeps")


def _raw(resource: Resource, month: Month) -> Iterator[Line]:
    days, key = _days_kept(resource), resource.key
    for delivery in month.templates.all(FIREHOSE):
        written, whole = objects(delivery, month), stored_bytes(delivery, month)
        moves = whole >= written * LEAST_MOVED_BYTES
        standard_days = min(days, _archived_after_days(resource)) if moves else days
        gigabytes_a_day = whole / DAYS / GIGABYTE
        moved = written if days > standard_days else 0
        yield Line(price="s3_gb_month", quantity=gigabytes_a_day * standard_days, resource=key)
        yield Line(price="s3_archive_gb_month", quantity=gigabytes_a_day * (days - standard_days), resource=key)
        yield Line(price="s3_thousand_moves", quantity=moved / 1000, resource=key)
        yield Line(price="s3_thousand_gets", quantity=written / 1000, resource=key)


def _lake(resource: Resource, month: Month) -> Iterator[Line]:
    requests = _lake_requests(month) / 1000
    yield Line(price="s3_gb_month", quantity=month.lake_bytes / GIGABYTE, resource=resource.key)
    yield Line(price="s3_thousand_puts", quantity=requests / 2, resource=resource.key)
    yield Line(price="s3_thousand_gets", quantity=requests / 2, resource=resource.key)


def _lake_requests(month: Month) -> float:
    runs = sum(runs_of(job.key, wiring=month.wiring) for job in month.templates.all(JOB))
    return runs * month["lake_requests_per_run"]


def _requests(month: Month) -> float:
    return _lake_requests(month) + 2 * sum(objects(each, month) for each in month.templates.all(FIREHOSE))


def _days_kept(resource: Resource) -> float:
    """Return after how many days everything in a bucket goes."""
    rules = resource.properties["LifecycleConfiguration"]["Rules"]
    whole = [rule["ExpirationInDays"] for rule in rules if "ExpirationInDays" in rule and not rule.get("Prefix")]
    if not whole:
        raise UnknownPartError(f"nothing in the bucket {resource.key} expires")
    return float(min(whole))


def _archived_after_days(resource: Resource) -> float:
    rules = resource.properties["LifecycleConfiguration"]["Rules"]
    moves = [move["TransitionInDays"] for rule in rules for move in rule.get("Transitions", [])]
    return min(moves, default=math.inf)


def table(resource: Resource, month: Month) -> Iterator[Line]:
    """Price one of the two tables: rows of incidents, or the allow list."""
    key = resource.key
    if key == month.wiring.of_responder("INCIDENTS_TABLE"):
        yield from _incidents_table(key, month)
    elif key == month.wiring.of_responder("ALLOW_LIST_TABLE"):
        reads = month["allow_list_reads_per_hour"] * HOURS if month.events else 0
        yield Line(price="dynamodb_million_reads", quantity=reads / 1e6, resource=key)
    else:
        raise UnknownPartError(f"nothing says how the table {key} is used")


def _incidents_table(key: str, month: Month) -> Iterator[Line]:
    writes = month.incident_records * WRITES_OF_A_RECORD * math.ceil(month["row_bytes"] / KILOBYTE)
    kept_months = month.wiring.row_retention_days / DAYS
    kept = month.incidents * kept_months * month["row_bytes"] / GIGABYTE
    yield Line(price="dynamodb_million_writes", quantity=writes / 1e6, resource=key)
    yield Line(price="dynamodb_gb_month", quantity=kept, resource=key)
    yield Line(price="dynamodb_recovery_gb_month", quantity=kept, resource=key)


def job(resource: Resource, month: Month) -> Iterator[Line]:
    """Price the runs of a batch job: its start, and the work that grows with the events since the last run."""
    properties, key = resource.properties, resource.key
    runs = runs_of(key, wiring=month.wiring)
    starts_as = properties["DefaultArguments"]["--job"]
    millions = month.events / 1e6 / runs if runs else 0
    core_seconds = millions * month[f"glue_core_seconds_per_million_{starts_as}"]
    workers = properties["NumberOfWorkers"]
    hours = month["glue_start_minutes"] / 60 + core_seconds / 3600 / (CORES_OF_A_WORKER * max(workers - 1, 1))
    yield Line(price="glue_dpu_hour", quantity=runs * hours * workers, resource=key)
    yield from logs(runs * month["glue_log_megabytes_per_run"] / 1024, key, month)


def workgroup(resource: Resource, month: Month) -> Iterator[Line]:
    """Price the questions; no question scans more than the workgroup lets it."""
    scanned = min(month.wiring.bytes_scanned_cutoff, max(10e6, month.scanned_bytes))
    queries = month["queries_per_day"] * DAYS if month.events else 0
    yield Line(price="athena_tb", quantity=queries * scanned / 1e12, resource=resource.key)


def alarm(resource: Resource, month: Month) -> Iterator[Line]:
    """Price an alarm by the metrics it watches; a query watches one for each reason that is seen."""
    watched = 0.0
    for metric in resource.properties.get("Metrics", [{"MetricStat": {}}]):
        watched += "MetricStat" in metric
        watched += month["reasons_seen"] if str(metric.get("Expression", "")).startswith("SELECT") else 0
    yield Line(price="alarm_metric", quantity=watched, resource=resource.key)


def dashboard(resource: Resource, month: Month) -> Iterator[Line]:
    """Price the dashboard, and the metrics of our own that it shows: while they are published, by the hour."""
    yield Line(price="dashboard", quantity=1, resource=resource.key)
    steady = sum(not metric.dimensions for metric in METRICS) + month["reasons_seen"]
    by_episode = month.incidents * METRICS_OF_AN_EPISODE / HOURS
    by_risk = min(month.risks / HOURS, METRICS_OF_RISKS)
    seen = (steady if month.events else 0) + by_episode + by_risk
    yield Line(price="custom_metric", quantity=seen, resource=resource.key)


def own_key(resource: Resource, month: Month) -> Iterator[Line]:
    """Price a key of our own and its requests."""
    yield Line(price="kms_key", quantity=1, resource=resource.key)
    requests = month["own_key_requests_per_month"] / 1e4
    yield Line(price="kms_ten_thousand_requests", quantity=requests, resource=resource.key)


def secret(resource: Resource, _month: Month) -> Iterator[Line]:
    """Price a secret; it is read once a container, which is next to nothing."""
    yield Line(price="secret_month", quantity=1, resource=resource.key)


def topic(resource: Resource, month: Month) -> Iterator[Line]:
    """Price what a topic is told and the mails that follow."""
    alerts = resource.key == month.wiring.of_responder("ALERTS_TOPIC_ARN")
    told = month.incidents if alerts else month["operations_messages_per_month"]
    readers = month.templates.all(SUBSCRIPTION)
    mails = told * sum(month.templates.named_by(each, "TopicArn") == resource.key for each in readers)
    yield Line(price="sns_million_publishes", quantity=told / 1e6, resource=resource.key)
    yield Line(price="sns_hundred_thousand_mails", quantity=mails / 1e5, resource=resource.key)


def queue(resource: Resource, month: Month) -> Iterator[Line]:
    """Price the queue of dead letters, which is empty unless something fails."""
    requests = month["dead_letters_per_month"] / 1e6
    yield Line(price="sqs_million_requests", quantity=requests, resource=resource.key)
