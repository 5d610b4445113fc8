"""Firehose: every record of every shard reaches S3, under the declared name, whatever is killed when."""

import gzip
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError
from laptop_rig import Cloud, eventually

from laptop.checkpoints import Checkpoint
from laptop.firehose.delivery import ShardDelivery, destination
from laptop.firehose.prefixes import prefix_at
from laptop.firehose.service import Firehose


class Stopped(Exception):
    """Stands for a kill at the worst moment."""


class KilledAfterPut:
    """An S3 client whose process is killed as soon as the object is there."""

    def __init__(self, s3):
        self._s3 = s3

    def put_object(self, **given):
        self._s3.put_object(**given)
        raise Stopped


class RefusesOnce:
    """An S3 client that refuses the first object."""

    def __init__(self, s3):
        self._s3 = s3
        self._refused = False

    def put_object(self, **given):
        if not self._refused:
            self._refused = True
            raise ClientError({"Error": {"Code": "InternalError"}}, "PutObject")
        self._s3.put_object(**given)


def deploy(cloud: Cloud, name: str, *, shards: int = 1, seconds: int = 0, delimiter: bool = True) -> None:
    cloud.client("kinesis").create_stream(StreamName=name, ShardCount=shards)
    cloud.client("s3").create_bucket(Bucket=name)
    delimit = {
        "Type": "AppendDelimiterToRecord",
        "Parameters": [{"ParameterName": "Delimiter", "ParameterValue": "\\n"}],
    }
    cloud.client("firehose").create_delivery_stream(
        DeliveryStreamName=name,
        DeliveryStreamType="KinesisStreamAsSource",
        KinesisStreamSourceConfiguration={
            "KinesisStreamARN": f"arn:aws:kinesis:us-east-1:123456789012:stream/{name}",
            "RoleARN": cloud.role,
        },
        ExtendedS3DestinationConfiguration={
            "RoleARN": cloud.role,
            "BucketARN": f"arn:aws:s3:::{name}",
            "Prefix": "raw/events/!{timestamp:yyyy/MM/dd/HH}/",
            "ErrorOutputPrefix": "errors/events/!{firehose:error-output-type}/",
            "BufferingHints": {"IntervalInSeconds": seconds, "SizeInMBs": 1},
            "CompressionFormat": "GZIP",
            "ProcessingConfiguration": {"Enabled": delimiter, "Processors": [delimit] if delimiter else []},
        },
    )


def put(cloud: Cloud, name: str, lines: list[str]) -> None:
    records = [{"Data": line.encode(), "PartitionKey": line[:9]} for line in lines]
    cloud.client("kinesis").put_records(StreamName=name, Records=records)


def objects(cloud: Cloud, name: str) -> dict[str, list[str]]:
    s3 = cloud.client("s3")
    listed = s3.list_objects_v2(Bucket=name).get("Contents", [])
    bodies = {item["Key"]: s3.get_object(Bucket=name, Key=item["Key"])["Body"].read() for item in listed}
    return {key: gzip.decompress(body).decode().splitlines() for key, body in bodies.items()}


def delivery(cloud: Cloud, name: str, folder, *, s3=None) -> ShardDelivery:
    described = cloud.client("firehose").describe_delivery_stream(DeliveryStreamName=name)
    return ShardDelivery(
        destination(described["DeliveryStreamDescription"]),
        kinesis=cloud.client("kinesis"),
        s3=s3 or cloud.client("s3"),
        shard="shardId-000000000000",
        checkpoint=Checkpoint(folder / "shard.json"),
    )


def test_records_of_all_shards_arrive_one_a_line_in_the_folder_of_their_hour(cloud, unique, tmp_path):
    """Curate reads by arrival hour and splits at line breaks."""
    deploy(cloud, unique, shards=2)
    lines = [f"line {number}" for number in range(50)]
    put(cloud, unique, lines)
    service = Firehose(endpoint_url=cloud.endpoint_url, state=tmp_path)
    service.look()
    found = eventually(
        lambda: sum(len(part) for part in objects(cloud, unique).values()) == 50 and objects(cloud, unique)
    )
    service.stop()
    assert sorted(line for part in found.values() for line in part) == sorted(lines)
    hour = datetime.now(UTC).strftime("raw/events/%Y/%m/%d/")
    assert all(key.startswith(hour) and key.endswith(".gz") for key in found)


def test_without_a_delimiter_records_are_put_one_behind_the_other(cloud, unique, tmp_path):
    """What the template does not declare must not happen here either: AWS would not do it."""
    deploy(cloud, unique, delimiter=False)
    put(cloud, unique, ["a"])
    put(cloud, unique, ["b"])
    delivery(cloud, unique, tmp_path).step()
    assert list(objects(cloud, unique).values()) == [["ab"]]


def test_an_object_is_put_when_its_size_is_reached_or_its_time_is_up(cloud, unique, tmp_path):
    """The declared buffering is what decides."""
    deploy(cloud, unique, seconds=900)
    shard = delivery(cloud, unique, tmp_path)
    put(cloud, unique, ["small"])
    shard.step()
    assert objects(cloud, unique) == {}
    put(cloud, unique, ["x" * 600_000])
    put(cloud, unique, ["y" * 600_000])
    shard.step()
    assert [len(part) for part in objects(cloud, unique).values()] == [3]


def test_a_kill_between_put_and_checkpoint_puts_the_same_object_again(cloud, unique, tmp_path):
    """Raw records must equal produced records, also after a crash: nothing lost, nothing twice."""
    deploy(cloud, unique)
    put(cloud, unique, ["1", "2", "3"])
    with pytest.raises(Stopped):
        delivery(cloud, unique, tmp_path, s3=KilledAfterPut(cloud.client("s3"))).step()
    put(cloud, unique, ["4"])
    again = delivery(cloud, unique, tmp_path)
    again.step()
    again.step()
    assert sorted(objects(cloud, unique).values()) == [["1", "2", "3"], ["4"]]


def test_what_was_read_behind_an_object_that_s3_refuses_is_delivered_too(cloud, unique, tmp_path):
    """One read may hold the records of several objects; the refusal of the first must not cost the others."""
    deploy(cloud, unique, seconds=900)
    for letter in "abcd":
        put(cloud, unique, [letter * 600_000])
    shard = delivery(cloud, unique, tmp_path, s3=RefusesOnce(cloud.client("s3")))
    with pytest.raises(ClientError):
        shard.step()
    assert shard.step()
    assert sorted(line[0] for part in objects(cloud, unique).values() for line in part) == list("abcd")


def test_a_new_process_goes_on_behind_the_last_object(cloud, unique, tmp_path):
    """The checkpoint is on disk."""
    deploy(cloud, unique)
    put(cloud, unique, ["1"])
    delivery(cloud, unique, tmp_path).step()
    put(cloud, unique, ["2"])
    delivery(cloud, unique, tmp_path).step()
    assert sorted(objects(cloud, unique).values()) == [["1"], ["2"]]


def test_prefix_expressions_are_evaluated_in_utc():
    """Two spellings of the same hour would be two folders."""
    moment = datetime(2019, 10, 1, 7, 5, tzinfo=UTC)
    assert prefix_at("raw/!{timestamp:yyyy/MM/dd/HH}/", arrived_at=moment) == "raw/2019/10/01/07/"
    assert prefix_at("raw/!{timestamp:yyyy}/!{timestamp:MM}/", arrived_at=moment) == "raw/2019/10/"
    assert prefix_at("plain/", arrived_at=moment) == "plain/2019/10/01/07/"
    assert prefix_at("e/!{firehose:error-output-type}/", arrived_at=moment, error_type="failed") == "e/failed/"
    with pytest.raises(ValueError, match="partitionKeyFromQuery"):
        prefix_at("!{partitionKeyFromQuery:user}", arrived_at=moment)
