"""How to ask each service whether a resource of a stack exists: one question a resource type."""

from collections.abc import Callable
from typing import Any

Ask = Callable[[str], Any]
Question = Callable[[Ask, str], Any]


def _listed(service: str, operation: str, answer: str, name: str) -> Question:
    def question(ask: Ask, physical_id: str) -> bool:
        pages = ask(service).get_paginator(operation).paginate()
        return physical_id in [item[name] for page in pages for item in page[answer]]

    return question


def _described(service: str, operation: str, argument: str) -> Question:
    return lambda ask, physical_id: getattr(ask(service), operation)(**{argument: physical_id})


def _tables(ask: Ask, name: str) -> bool:
    glue = ask("glue")
    databases = [database["Name"] for database in glue.get_databases()["DatabaseList"]]
    tables = [table["Name"] for each in databases for table in glue.get_tables(DatabaseName=each)["TableList"]]
    return name in tables


def _log_streams(ask: Ask, name: str) -> bool:
    logs = ask("logs")
    groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
    streams = [s["logStreamName"] for g in groups for s in logs.describe_log_streams(logGroupName=g)["logStreams"]]
    return name in streams


def _logging_options(ask: Ask, _: str) -> bool:
    analytics = ask("kinesisanalyticsv2")
    names = [item["ApplicationName"] for item in analytics.list_applications()["ApplicationSummaries"]]
    details = [analytics.describe_application(ApplicationName=name)["ApplicationDetail"] for name in names]
    return any(detail["CloudWatchLoggingOptionDescriptions"] for detail in details)


def _topic_policies(ask: Ask, _: str) -> bool:
    sns = ask("sns")
    arns = [topic["TopicArn"] for topic in sns.list_topics()["Topics"]]
    policies = [sns.get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"] for arn in arns]
    return all("aws:SecureTransport" in policy for policy in policies)


def _queue_policies(ask: Ask, _: str) -> bool:
    sqs = ask("sqs")
    urls = sqs.list_queues()["QueueUrls"]
    return all("Policy" in sqs.get_queue_attributes(QueueUrl=u, AttributeNames=["All"])["Attributes"] for u in urls)


def _inline_policies(ask: Ask, name: str) -> bool:
    iam = ask("iam")
    roles = [role["RoleName"] for page in iam.get_paginator("list_roles").paginate() for role in page["Roles"]]
    return any(name in iam.list_role_policies(RoleName=role)["PolicyNames"] for role in roles)


def _running(ask: Ask, physical_id: str) -> bool:
    name = physical_id.removeprefix("running-")
    detail = ask("kinesisanalyticsv2").describe_application(ApplicationName=name)["ApplicationDetail"]
    return bool(detail["ApplicationStatus"] == "RUNNING")


def _dashboards(ask: Ask, name: str) -> bool:
    return name in [entry["DashboardName"] for entry in ask("cloudwatch").list_dashboards()["DashboardEntries"]]


def _permissions(ask: Ask, _: str) -> bool:
    lambda_ = ask("lambda")
    names = [function["FunctionName"] for function in lambda_.list_functions()["Functions"]]
    return any("Policy" in lambda_.get_policy(FunctionName=name) for name in names)


QUESTIONS: dict[str, Question] = {
    "AWS::Athena::NamedQuery": _described("athena", "get_named_query", "NamedQueryId"),
    "AWS::Athena::WorkGroup": _described("athena", "get_work_group", "WorkGroup"),
    "AWS::CloudWatch::Alarm": _listed("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    "AWS::CloudWatch::Dashboard": _dashboards,
    "AWS::DynamoDB::Table": _described("dynamodb", "describe_table", "TableName"),
    "AWS::Events::Rule": _described("events", "describe_rule", "Name"),
    "AWS::Glue::Database": _described("glue", "get_database", "Name"),
    "AWS::Glue::Job": _described("glue", "get_job", "JobName"),
    "AWS::Glue::SecurityConfiguration": _described("glue", "get_security_configuration", "Name"),
    "AWS::Glue::Table": _tables,
    "AWS::Glue::Trigger": _described("glue", "get_trigger", "Name"),
    "AWS::IAM::Policy": _inline_policies,
    "AWS::IAM::Role": _described("iam", "get_role", "RoleName"),
    "AWS::KMS::Alias": _listed("kms", "list_aliases", "Aliases", "AliasName"),
    "AWS::KMS::Key": _described("kms", "describe_key", "KeyId"),
    "AWS::Kinesis::Stream": _described("kinesis", "describe_stream_summary", "StreamName"),
    "AWS::KinesisAnalyticsV2::Application": _described("kinesisanalyticsv2", "describe_application", "ApplicationName"),
    "AWS::KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption": _logging_options,
    "AWS::KinesisFirehose::DeliveryStream": _described("firehose", "describe_delivery_stream", "DeliveryStreamName"),
    "AWS::Lambda::EventSourceMapping": _described("lambda", "get_event_source_mapping", "UUID"),
    "AWS::Lambda::Function": _described("lambda", "get_function", "FunctionName"),
    "AWS::Lambda::Permission": _permissions,
    "AWS::Logs::LogGroup": _listed("logs", "describe_log_groups", "logGroups", "logGroupName"),
    "AWS::Logs::LogStream": _log_streams,
    "AWS::S3::Bucket": _described("s3", "head_bucket", "Bucket"),
    "AWS::S3::BucketPolicy": _described("s3", "get_bucket_policy", "Bucket"),
    "AWS::SNS::Subscription": _described("sns", "get_subscription_attributes", "SubscriptionArn"),
    "AWS::SNS::Topic": _described("sns", "get_topic_attributes", "TopicArn"),
    "AWS::SNS::TopicPolicy": _topic_policies,
    "AWS::SQS::Queue": lambda ask, url: ask("sqs").get_queue_attributes(QueueUrl=url),
    "AWS::SQS::QueuePolicy": _queue_policies,
    "Custom::RunningDetector": _running,
    # It stands for what happens to a bucket at the end, see the tests of the types.
    "Custom::S3AutoDeleteObjects": lambda *_: True,
}
