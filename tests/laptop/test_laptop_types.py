"""The resource types added to moto: created, changed in place, replaced and deleted, with AWS's Ref and GetAtt."""

import copy
import json

import pytest
from botocore.exceptions import ClientError
from laptop_rig import Cloud

ARN = "arn:aws:iam::123456789012:role/any"
POLICY = {
    "Statement": [
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "*",
            "Resource": "*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ]
}


def template(name: str) -> dict:
    def of(type_: str, **properties) -> dict:
        return {"Type": f"AWS::{type_}", "Properties": properties}

    resources = {
        "Bucket": of("S3::Bucket", BucketName=name),
        "Policy": of("S3::BucketPolicy", Bucket={"Ref": "Bucket"}, PolicyDocument=POLICY),
        "Emptied": {
            "Type": "Custom::S3AutoDeleteObjects",
            "DependsOn": ["Bucket"],
            "Properties": {"ServiceToken": "any", "BucketName": {"Ref": "Bucket"}},
        },
        "Key": of("KMS::Key", KeyPolicy={"Statement": []}),
        "Stream": of("Kinesis::Stream", Name=name, ShardCount=1),
        "Hose": of(
            "KinesisFirehose::DeliveryStream",
            DeliveryStreamType="KinesisStreamAsSource",
            KinesisStreamSourceConfiguration={"KinesisStreamARN": {"Fn::GetAtt": ["Stream", "Arn"]}, "RoleARN": ARN},
            ExtendedS3DestinationConfiguration={
                "BucketARN": {"Fn::GetAtt": ["Bucket", "Arn"]},
                "RoleARN": ARN,
                "Prefix": "one/",
            },
        ),
        "Database": of("Glue::Database", CatalogId="123456789012", DatabaseInput={"Name": name}),
        "Table": of(
            "Glue::Table",
            CatalogId="123456789012",
            DatabaseName={"Ref": "Database"},
            TableInput={"Name": "events", "Description": "one"},
        ),
        "Job": of("Glue::Job", Role=ARN, Command={"Name": "glueetl", "ScriptLocation": "s3://b/one.py"}),
        "Trigger": of(
            "Glue::Trigger", Type="SCHEDULED", Schedule="cron(0 1 * * ? *)", Actions=[{"JobName": {"Ref": "Job"}}]
        ),
        "Security": of(
            "Glue::SecurityConfiguration",
            Name=name,
            EncryptionConfiguration={"S3Encryptions": [{"S3EncryptionMode": "SSE-S3"}]},
        ),
        "Group": of(
            "Athena::WorkGroup",
            Name=name,
            Description="one",
            WorkGroupConfiguration={"BytesScannedCutoffPerQuery": 10_000_000},
        ),
        "Query": of("Athena::NamedQuery", Database=name, Name="q", QueryString="SELECT 1", WorkGroup={"Ref": "Group"}),
        "App": of(
            "KinesisAnalyticsV2::Application",
            ApplicationName=name,
            RuntimeEnvironment="FLINK-1_20",
            ServiceExecutionRole=ARN,
            ApplicationConfiguration={
                "ApplicationCodeConfiguration": {
                    "CodeContentType": "ZIPFILE",
                    "CodeContent": {"S3ContentLocation": {"BucketARN": "arn:aws:s3:::b", "FileKey": "one.zip"}},
                },
                "EnvironmentProperties": {"PropertyGroups": [{"PropertyGroupId": "g", "PropertyMap": {"k": "one"}}]},
            },
        ),
        "Group0": of("Logs::LogGroup", LogGroupName=name),
        "LogStream": of("Logs::LogStream", LogGroupName={"Ref": "Group0"}, LogStreamName="s"),
        "Logging": of(
            "KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption",
            ApplicationName={"Ref": "App"},
            CloudWatchLoggingOption={"LogStreamARN": f"arn:aws:logs:us-east-1:1:log-group:{name}:log-stream:s"},
        ),
        "Topic": of("SNS::Topic", TopicName=name),
        "TopicPolicy": of("SNS::TopicPolicy", Topics=[{"Ref": "Topic"}], PolicyDocument=POLICY),
        "Mail": of("SNS::Subscription", TopicArn={"Ref": "Topic"}, Protocol="email", Endpoint="one@example.com"),
        "Queue": of("SQS::Queue", QueueName=name),
        "QueuePolicy": of("SQS::QueuePolicy", Queues=[{"Ref": "Queue"}], PolicyDocument=POLICY),
        "Alarm": of(
            "CloudWatch::Alarm",
            AlarmName=name,
            MetricName="m",
            Namespace="n",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        ),
    }
    asked = {
        "HoseArn": {"Fn::GetAtt": ["Hose", "Arn"]},
        "AlarmArn": {"Fn::GetAtt": ["Alarm", "Arn"]},
        "Query": {"Ref": "Query"},
        "Hose": {"Ref": "Hose"},
        "Job": {"Ref": "Job"},
        "Mail": {"Ref": "Mail"},
        "Table": {"Ref": "Table"},
        "App": {"Ref": "App"},
        "Policy": {"Ref": "Policy"},
        "Key": {"Ref": "Key"},
    }
    return {"Resources": resources, "Outputs": {key: {"Value": value} for key, value in asked.items()}}


def changed(given: dict) -> dict:
    new = copy.deepcopy(given)
    text = json.dumps(new["Resources"])
    for old, now in (
        ("one/", "two/"),
        ('"one"', '"two"'),
        ("one.py", "two.py"),
        ("one.zip", "two.zip"),
        ("one@", "two@"),
        ("SELECT 1", "SELECT 2"),
        ("10000000", "20000000"),
    ):
        text = text.replace(old, now)
    new["Resources"] = json.loads(text)
    return new


class Seen:
    """What the services say about the stack's resources."""

    def __init__(self, cloud: Cloud, name: str):
        self._cloud, self._name = cloud, name
        stack = cloud.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
        assert stack["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), stack
        self.outputs = {item["OutputKey"]: item["OutputValue"] for item in stack["Outputs"]}

    def figures(self) -> dict[str, object]:
        ask, name, ref = self._cloud.client, self._name, self.outputs
        hose = ask("firehose").describe_delivery_stream(DeliveryStreamName=ref["Hose"])["DeliveryStreamDescription"]
        app = ask("kinesisanalyticsv2").describe_application(ApplicationName=name)["ApplicationDetail"]
        described = app["ApplicationConfigurationDescription"]
        code = described["ApplicationCodeConfigurationDescription"]["CodeContentDescription"]
        groups = described["EnvironmentPropertyDescriptions"]["PropertyGroupDescriptions"]
        group = ask("athena").get_work_group(WorkGroup=name)["WorkGroup"]
        subscriptions = ask("sns").list_subscriptions()["Subscriptions"]
        return {
            "prefix": hose["Destinations"][0]["ExtendedS3DestinationDescription"]["Prefix"],
            "table": ask("glue").get_table(DatabaseName=name, Name=ref["Table"])["Table"]["Description"],
            "script": ask("glue").get_job(JobName=ref["Job"])["Job"]["Command"]["ScriptLocation"],
            "group": group["Description"],
            "cutoff": group["Configuration"]["BytesScannedCutoffPerQuery"],
            "query": ask("athena").get_named_query(NamedQueryId=ref["Query"])["NamedQuery"]["QueryString"],
            "code": code["S3ApplicationCodeLocationDescription"]["FileKey"],
            "property": groups[0]["PropertyMap"]["k"],
            "mail": [s["Endpoint"] for s in subscriptions if s["SubscriptionArn"] == ref["Mail"]],
            "logging": len(app["CloudWatchLoggingOptionDescriptions"]),
            "status": app["ApplicationStatus"],
        }


def figures(word: str, cutoff: int) -> dict[str, object]:
    return {
        "prefix": f"{word}/",
        "table": word,
        "script": f"s3://b/{word}.py",
        "group": word,
        "cutoff": cutoff,
        "query": f"SELECT {1 if word == 'one' else 2}",
        "code": f"{word}.zip",
        "property": word,
        "mail": [f"{word}@example.com"],
        "logging": 1,
        "status": "READY",
    }


def test_every_type_is_created_changed_and_deleted_with_its_stack(cloud, unique):
    """A second deployment and `cdk destroy` are as real as the first deployment."""
    stacks = cloud.client("cloudformation")
    stacks.create_stack(StackName=unique, TemplateBody=json.dumps(template(unique)))
    first = Seen(cloud, unique)
    assert first.figures() == figures("one", 10_000_000)
    assert first.outputs["HoseArn"].endswith(f":deliverystream/{first.outputs['Hose']}")
    assert first.outputs["AlarmArn"].endswith(f":alarm:{unique}")
    assert first.outputs["Policy"] == unique
    assert cloud.client("kms").describe_key(KeyId=first.outputs["Key"])["KeyMetadata"]["Enabled"]
    stacks.update_stack(StackName=unique, TemplateBody=json.dumps(changed(template(unique))))
    second = Seen(cloud, unique)
    assert second.figures() == figures("two", 20_000_000)
    assert (second.outputs["Hose"], second.outputs["Job"]) == (first.outputs["Hose"], first.outputs["Job"])
    cloud.client("s3").put_object(Bucket=unique, Key="left", Body=b"behind")
    stacks.delete_stack(StackName=unique)
    _all_gone(cloud, unique, second.outputs)


def test_asking_for_a_deleted_stack_brings_nothing_back(cloud, unique):
    """The CDK asks until the stack is gone, and moto creates what an output refers to where it is not there."""
    stacks = cloud.client("cloudformation")
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": unique}}
    given = {"Resources": {"Bucket": bucket}, "Outputs": {"Name": {"Value": {"Ref": "Bucket"}}}}
    stack_id = stacks.create_stack(StackName=unique, TemplateBody=json.dumps(given))["StackId"]
    stacks.delete_stack(StackName=unique)
    assert stacks.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE"
    with pytest.raises(ClientError):
        cloud.client("s3").head_bucket(Bucket=unique)


def _all_gone(cloud: Cloud, name: str, ref: dict[str, str]) -> None:
    ask = cloud.client
    for question in (
        lambda: ask("s3").head_bucket(Bucket=name),
        lambda: ask("firehose").describe_delivery_stream(DeliveryStreamName=ref["Hose"]),
        lambda: ask("glue").get_database(Name=name),
        lambda: ask("glue").get_job(JobName=ref["Job"]),
        lambda: ask("glue").get_security_configuration(Name=name),
        lambda: ask("kinesisanalyticsv2").describe_application(ApplicationName=name),
        lambda: ask("sns").get_topic_attributes(TopicArn=ref["Mail"].rpartition(":")[0]),
    ):
        with pytest.raises(ClientError):
            question()
    assert name not in [group["Name"] for group in ask("athena").list_work_groups()["WorkGroups"]]
    assert ask("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"] == []


def test_a_property_that_aws_does_not_know_fails_the_stack(cloud, unique):
    """A misspelt property must not wait for the first deployment to AWS."""
    wrong = {"Resources": {"A": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"AlarmNme": "x"}}}}
    stacks = cloud.client("cloudformation")
    stacks.create_stack(StackName=unique, TemplateBody=json.dumps(wrong))
    assert stacks.describe_stacks(StackName=unique)["Stacks"][0]["StackStatus"] == "ROLLBACK_COMPLETE"
    reasons = [e.get("ResourceStatusReason", "") for e in stacks.describe_stack_events(StackName=unique)["StackEvents"]]
    assert any("AlarmNme" in reason for reason in reasons)
