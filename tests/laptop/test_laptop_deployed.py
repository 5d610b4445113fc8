"""The project's own application, deployed to the laptop by the real CDK CLI, with the detector in a real cluster."""

import json
import urllib.request

import pytest
from laptop_existence import QUESTIONS
from laptop_rig import eventually

from laptop.cloudformation import NOT_HERE
from laptop.running import running_laptop


@pytest.fixture(scope="module")
def laptop(tmp_path_factory):
    with running_laptop(work_dir=tmp_path_factory.mktemp("laptop") / "work") as running:
        yield running


@pytest.fixture(scope="module")
def resources(laptop) -> list[tuple[str, str]]:
    """Return (type, physical id) of everything that the synthesised templates hold."""
    stacks = laptop.client("cloudformation")
    found = []
    for path in laptop.deployment.assembly.glob("*.template.json"):
        listed = stacks.list_stack_resources(StackName=path.name.removesuffix(".template.json"))
        physical = {item["LogicalResourceId"]: item["PhysicalResourceId"] for item in listed["StackResourceSummaries"]}
        for logical, resource in json.loads(path.read_text())["Resources"].items():
            if resource["Type"] not in NOT_HERE:
                name = resource.get("Properties", {}).get("PolicyName")  # an inline policy has no id, but a name
                found.append((resource["Type"], name or physical[logical]))
    return found


def test_every_resource_of_the_templates_exists_or_is_on_the_list_with_a_reason(laptop, resources):
    """What the laptop silently leaves out would first be missed in AWS."""
    for type_, physical_id in resources:
        assert type_ in QUESTIONS, f"{type_}: add how to ask for it to laptop_existence, or to NOT_HERE with a reason"
        assert QUESTIONS[type_](laptop.client, physical_id), f"{type_} {physical_id} does not exist"
    assert len(resources) > 40


def test_deploying_leaves_the_detector_running_in_the_cluster(laptop):
    """The API's word is not enough: the job is asked for where it runs."""
    assert laptop.application_status(laptop.outputs["DetectorName"]) == "RUNNING"
    with urllib.request.urlopen(f"{laptop.flink_web}/jobs/overview") as answer:
        jobs = json.load(answer)["jobs"]
    assert "RUNNING" in [job["state"] for job in jobs]


def test_an_event_put_into_the_stream_is_in_the_raw_bucket(laptop):
    """Firehose acts on the delivery stream that the template declares."""
    laptop.client("kinesis").put_record(
        StreamName=laptop.outputs["EventsStreamName"], Data=b'{"no": "event"}', PartitionKey="1"
    )
    s3 = laptop.client("s3")
    bucket = laptop.outputs["RawBucketName"]
    found = eventually(lambda: s3.list_objects_v2(Bucket=bucket, Prefix="raw/events/").get("Contents"))
    assert found[0]["Key"].endswith(".gz")
