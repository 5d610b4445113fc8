"""What is stored is encrypted, reached by TLS only, and outlives the stack only where the stage says so."""

import json

import pytest

from stacks.stages import STAGES

STREAM, BUCKET, TABLE = "AWS::Kinesis::Stream", "AWS::S3::Bucket", "AWS::DynamoDB::Table"
TOPIC, QUEUE = "AWS::SNS::Topic", "AWS::SQS::Queue"


def test_every_stream_is_encrypted_by_kms(every_stage):
    """A record may name a person's address."""
    for stream in every_stage.all(STREAM):
        assert stream.properties["StreamEncryption"]["EncryptionType"] == "KMS", stream.logical_id


def test_every_bucket_is_encrypted_and_private(every_stage):
    """Raw bytes hold what shoppers sent, unread."""
    for bucket in every_stage.all(BUCKET):
        rules = bucket.properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rules[0]["ServerSideEncryptionByDefault"]["SSEAlgorithm"], bucket.logical_id
        assert set(bucket.properties["PublicAccessBlockConfiguration"].values()) == {True}, bucket.logical_id


def test_every_bucket_clears_what_was_never_finished(every_stage):
    """Parts of uploads that broke off are invisible, and bill."""
    for bucket in every_stage.all(BUCKET):
        rules = bucket.properties["LifecycleConfiguration"]["Rules"]
        assert any("AbortIncompleteMultipartUpload" in rule for rule in rules), bucket.logical_id


def test_every_bucket_clears_versions_that_were_replaced(every_stage):
    """Buckets keep no versions; should somebody turn them on, what was erased must not live on in them."""
    for bucket in every_stage.all(BUCKET):
        rules = bucket.properties["LifecycleConfiguration"]["Rules"]
        kept = [rule["NoncurrentVersionExpiration"]["NoncurrentDays"] for rule in rules if _for_all(rule, "Noncurrent")]
        assert kept == [7], bucket.logical_id


def test_raw_records_end_when_the_stage_says(every_stage):
    """They hold what shoppers sent."""
    rules = every_stage.one(BUCKET, "Raw").properties["LifecycleConfiguration"]["Rules"]
    ends = [rule["ExpirationInDays"] for rule in rules if "ExpirationInDays" in rule]
    assert ends == [STAGES[every_stage.stage].raw_retention_days]


def test_old_raw_records_of_prod_are_kept_where_that_is_cheap(prod):
    """After a quarter only a backfill or an erasure reads them, and both must be able to at once."""
    rules = prod.one(BUCKET, "Raw").properties["LifecycleConfiguration"]["Rules"]
    moves = [move for rule in rules if rule["Status"] == "Enabled" for move in rule.get("Transitions", [])]
    assert moves == [{"StorageClass": "GLACIER_IR", "TransitionInDays": 90}]


def test_raw_records_that_end_soon_are_not_moved(dev):
    """A move costs, and is billed for ninety days of storage at least."""
    assert "Transitions" not in json.dumps(dev.one(BUCKET, "Raw").properties["LifecycleConfiguration"])


def test_every_bucket_but_the_log_itself_logs_its_accesses(every_stage):
    """Who read shoppers' data can be answered."""
    unlogged = [b.logical_id for b in every_stage.all(BUCKET) if "LoggingConfiguration" not in b.properties]
    assert len(unlogged) == 1
    assert unlogged[0].startswith("AccessLogs")


def test_every_table_is_encrypted_recoverable_and_forgets(every_stage):
    """A row is kept for as long as the settings say, and a slip can be undone."""
    for table in every_stage.all(TABLE):
        assert table.properties["SSESpecification"]["SSEEnabled"] is True
        assert table.properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
        assert table.properties["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
        assert table.properties["BillingMode"] == "PAY_PER_REQUEST"
    keys = [key["AttributeName"] for table in every_stage.all(TABLE) for key in table.properties["KeySchema"]]
    assert sorted(keys) == ["incident_id", "subject_key"]


def test_every_topic_and_queue_is_encrypted(every_stage):
    """An alert names a shopper."""
    for topic in every_stage.all(TOPIC):
        assert topic.properties["KmsMasterKeyId"], topic.logical_id
    for queue in every_stage.all(QUEUE):
        assert queue.properties["SqsManagedSseEnabled"] is True, queue.logical_id


@pytest.mark.parametrize(
    ("kind", "policy", "names"),
    [
        (BUCKET, "AWS::S3::BucketPolicy", "Bucket"),
        (TOPIC, "AWS::SNS::TopicPolicy", "Topics"),
        (QUEUE, "AWS::SQS::QueuePolicy", "Queues"),
    ],
)
def test_every_bucket_topic_and_queue_refuses_plain_text(every_stage, kind, policy, names):
    """Encryption at rest is half of it."""
    tls_only = set()
    for resource in every_stage.all(policy):
        statements = resource.properties["PolicyDocument"]["Statement"]
        if any(_denies_plain_text(statement) for statement in statements):
            tls_only |= _words(resource.properties[names])
    for resource in every_stage.all(kind):
        assert resource.logical_id in tls_only, f"{resource.logical_id} accepts requests without TLS"


def test_keys_are_turned_every_year(every_stage):
    """A key that leaks is of use for a limited time."""
    for key in every_stage.all("AWS::KMS::Key"):
        assert key.properties["EnableKeyRotation"] is True, key.logical_id


def test_prod_keeps_buckets_and_tables_when_it_is_destroyed(prod):
    """A slip with `cdk destroy` must not cost the shop its history."""
    # Without the catalog the lake's files would be there, and nobody could tell which of them count.
    for kind in (BUCKET, TABLE, "AWS::Glue::Database", "AWS::Glue::Table"):
        for resource in prod.all(kind):
            # But for what a deployment that fails has just made: its names would be in the way of the next one.
            assert resource.body["DeletionPolicy"] == "RetainExceptOnCreate", resource.logical_id
            assert resource.body["UpdateReplacePolicy"] == "Retain", resource.logical_id
    assert not [r for r in prod.everything if r.type == "Custom::S3AutoDeleteObjects"]


@pytest.mark.parametrize("stage", ["dev", "laptop"])
def test_dev_and_laptop_leave_nothing_behind(synthesised, stage):
    """Nothing that bills is left after trying it out, full buckets included."""
    kept = [r.logical_id for r in synthesised(stage).everything if "Retain" in r.body.get("DeletionPolicy", "")]
    assert kept == []
    emptied = json.dumps([r.properties for r in synthesised(stage).all("Custom::S3AutoDeleteObjects")])
    for bucket in synthesised(stage).all(BUCKET):
        assert bucket.logical_id in emptied, f"{bucket.logical_id} is not emptied, so it cannot be deleted"


def test_logs_end(every_stage):
    """A log group without an end bills for ever."""
    for group in every_stage.all("AWS::Logs::LogGroup"):
        assert group.properties["RetentionInDays"] <= 90, group.logical_id
        assert group.body["DeletionPolicy"] == "Delete", group.logical_id


def _for_all(rule, name) -> bool:
    return any(key.startswith(name) for key in rule) and rule["Status"] == "Enabled" and not rule.get("Prefix")


def _denies_plain_text(statement) -> bool:
    condition = statement.get("Condition", {}).get("Bool", {})
    return statement["Effect"] == "Deny" and condition.get("aws:SecureTransport") == "false"


def _words(value) -> set[str]:
    """Return every text in a value, however deep: references among them."""
    if isinstance(value, dict):
        return set().union(*(_words(part) for part in value.values()))
    if isinstance(value, list):
        return set().union(*(_words(part) for part in value))
    return {value} if isinstance(value, str) else set()
