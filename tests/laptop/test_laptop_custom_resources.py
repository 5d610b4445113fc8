"""Custom resources and failing stacks over the real CloudFormation API."""

import json

import pytest
from laptop_rig import Cloud

from laptop.cloud.stack_order import deletion_order

ANSWERS = """
import json, urllib.request
def handle(event, context):
    given = event["ResourceProperties"]
    answer = {
        "Status": "FAILED" if given.get("Fail") == event["RequestType"] else "SUCCESS",
        "Reason": "asked to fail",
        "PhysicalResourceId": "id-" + given["Id"],
        "StackId": event["StackId"], "RequestId": event["RequestId"], "LogicalResourceId": event["LogicalResourceId"],
        "Data": {"Said": event["RequestType"] + " " + event.get("PhysicalResourceId", "none") + " " + given["Flag"]},
    }
    print("REQUEST", event["RequestType"], event.get("PhysicalResourceId"))
    urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], json.dumps(answer).encode(), method="PUT"))
"""


def template(cloud: Cloud, function: str, type_: str, **properties) -> str:
    arn = cloud.client("lambda").get_function(FunctionName=function)["Configuration"]["FunctionArn"]
    resource = {"Type": type_, "Properties": {"ServiceToken": arn, "Flag": True, **properties}}
    said = {"Said": {"Value": {"Fn::GetAtt": ["R", "Said"]}}, "Ref": {"Value": {"Ref": "R"}}}
    return json.dumps({"Resources": {"R": resource}, "Outputs": said})


def outputs(cloud: Cloud, stack: str) -> dict[str, str]:
    described = cloud.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    return {item["OutputKey"]: item["OutputValue"] for item in described["Outputs"]}


def requests(cloud: Cloud, function: str) -> list[str]:
    events = cloud.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{function}")["events"]
    return [event["message"].removeprefix("REQUEST ") for event in events if "REQUEST" in event["message"]]


@pytest.mark.parametrize("type_", ["Custom::Thing", "AWS::CloudFormation::CustomResource"])
def test_the_functions_answer_is_what_ref_and_getatt_give(cloud, unique, type_):
    """The starter of the detector is such a resource: a fake answer would leave it stopped."""
    cloud.function(unique, ANSWERS, Timeout=20)
    stacks = cloud.client("cloudformation")
    stacks.create_stack(StackName=unique, TemplateBody=template(cloud, unique, type_, Id="1"))
    assert outputs(cloud, unique) == {"Said": "Create none true", "Ref": "id-1"}
    stacks.update_stack(StackName=unique, TemplateBody=template(cloud, unique, type_, Id="2"))
    assert outputs(cloud, unique) == {"Said": "Update id-1 true", "Ref": "id-2"}
    stacks.delete_stack(StackName=unique)
    assert requests(cloud, unique) == ["Create None", "Update id-1", "Delete id-1", "Delete id-2"]


def test_a_failed_answer_fails_the_stack_with_its_reason(cloud, unique):
    """`cdk deploy` has to exit with the reason, not with a stack that says it is complete."""
    cloud.function(unique, ANSWERS, Timeout=20)
    stacks = cloud.client("cloudformation")
    stacks.create_stack(StackName=unique, TemplateBody=template(cloud, unique, "Custom::Thing", Id="1", Fail="Create"))
    assert stacks.describe_stacks(StackName=unique)["Stacks"][0]["StackStatus"] == "ROLLBACK_COMPLETE"
    events = stacks.describe_stack_events(StackName=unique)["StackEvents"]
    assert any("asked to fail" in event.get("ResourceStatusReason", "") for event in events)


def test_a_stack_is_deleted_from_its_users_to_what_they_use():
    """The starter must stop the detector before the function that does it is gone."""
    resources = {
        "Function": {"Properties": {"Role": {"Fn::GetAtt": ["Role", "Arn"]}}},
        "Role": {"Properties": {}},
        "Running": {"Properties": {"ServiceToken": {"Fn::GetAtt": "Function.Arn"}}, "DependsOn": ["App"]},
        "App": {"Properties": {"Name": {"Fn::Sub": "x-${Role}"}}},
    }
    order = deletion_order(resources)
    for user, used in (("Running", "Function"), ("Running", "App"), ("Function", "Role"), ("App", "Role")):
        assert order.index(user) < order.index(used)
