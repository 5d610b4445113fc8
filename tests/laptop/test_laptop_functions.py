"""Functions run as Lambda runs them: their own zip, their own environment, their own process."""

import json

from laptop_rig import Cloud, eventually, zipped

SEES = """
import json, os, sys
def handle(event, context):
    try:
        import duckdb
        leak = True
    except ImportError:
        leak = False
    import boto3
    print("seen", event)
    return {
        "event": event, "cwd": sorted(os.listdir(".")), "environment": dict(os.environ), "leak": leak,
        "left": context.get_remaining_time_in_millis(), "arn": context.invoked_function_arn,
        "path": sys.path, "tables": boto3.client("dynamodb").list_tables()["TableNames"],
    }
"""


def invoke(cloud: Cloud, name: str, event: object) -> tuple[dict, dict]:
    answer = cloud.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode())
    return json.load(answer["Payload"]), answer


def test_a_function_sees_its_zip_its_variables_and_the_sdk_and_nothing_of_this_machine(cloud, unique, monkeypatch):
    """What imports here by accident would fail in AWS only."""
    cloud.function(unique, SEES, Environment={"Variables": {"STAGE": "laptop"}}, Timeout=20)
    seen, answer = invoke(cloud, unique, {"a": 1})
    assert "FunctionError" not in answer
    assert seen["event"] == {"a": 1}
    assert seen["cwd"] == ["handler.py"]
    assert seen["leak"] is False
    assert seen["environment"]["STAGE"] == "laptop"
    assert not {"HOME", "VIRTUAL_ENV", "PYTHONPATH"} & set(seen["environment"])
    assert 0 < seen["left"] <= 20_000
    assert seen["arn"].endswith(f":function:{unique}")
    assert isinstance(seen["tables"], list)


def test_a_function_that_raises_reports_the_error_and_serves_the_next_event(cloud, unique):
    """AWS keeps the environment after a handled exception."""
    source = (
        "import os\ndef handle(event, context):\n    if event == 'bad': raise ValueError('no')\n    return os.getpid()"
    )
    cloud.function(unique, source)
    before, _ = invoke(cloud, unique, "good")
    error, answer = invoke(cloud, unique, "bad")
    assert answer["FunctionError"] == "Unhandled"
    assert (error["errorType"], error["errorMessage"]) == ("ValueError", "no")
    assert invoke(cloud, unique, "good")[0] == before


def test_a_function_that_overstays_its_timeout_is_ended(cloud, unique):
    """A hanging call must not hang the shard behind it."""
    cloud.function(unique, "import time\ndef handle(event, context):\n    time.sleep(60)", Timeout=1)
    error, answer = invoke(cloud, unique, {})
    assert answer["FunctionError"] == "Unhandled"
    assert "timed out after 1.00 seconds" in error["errorMessage"]


def test_a_function_whose_process_exits_reports_it_and_the_next_event_gets_a_new_one(cloud, unique):
    """A crash takes one invocation with it, not the function."""
    cloud.function(unique, "import os\ndef handle(event, context):\n    return os._exit(3) if event else 'alive'")
    error, _ = invoke(cloud, unique, 1)
    assert error["errorType"] == "Runtime.ExitError"
    assert invoke(cloud, unique, 0)[0] == "alive"


def test_changed_code_and_variables_are_used_by_the_next_invocation(cloud, unique):
    """A second deploy must not leave the first one answering."""
    source = "import os\ndef handle(event, context):\n    return ['{}', os.environ.get('V')]"
    cloud.function(unique, source.format("one"))
    assert invoke(cloud, unique, 0)[0] == ["one", None]
    cloud.client("lambda").update_function_code(
        FunctionName=unique, ZipFile=zipped({"handler.py": source.format("two")})
    )
    cloud.client("lambda").update_function_configuration(FunctionName=unique, Environment={"Variables": {"V": "2"}})
    assert invoke(cloud, unique, 0)[0] == ["two", "2"]


def test_what_a_function_prints_is_in_its_log_group_and_embedded_metrics_are_metrics(cloud, unique):
    """Operating the platform is tried on the laptop too: logs and metrics are read with the same calls."""
    line = {
        "_aws": {
            "Timestamp": 1_700_000_000_000,
            "CloudWatchMetrics": [
                {"Namespace": unique, "Dimensions": [["rule"]], "Metrics": [{"Name": "Alerts", "Unit": "Count"}]}
            ],
        },
        "rule": "scrape",
        "Alerts": [1, 2],
    }
    cloud.function(unique, f"def handle(event, context):\n    print('hello')\n    print({json.dumps(line)!r})")
    invoke(cloud, unique, {})
    logs = cloud.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{unique}")["events"]
    assert "hello" in [event["message"] for event in logs]
    statistics = cloud.client("cloudwatch").get_metric_statistics(
        Namespace=unique,
        MetricName="Alerts",
        Dimensions=[{"Name": "rule", "Value": "scrape"}],
        StartTime=1_699_999_000,
        EndTime=1_700_001_000,
        Period=3600,
        Statistics=["Sum"],
    )
    assert [point["Sum"] for point in statistics["Datapoints"]] == [3]


def test_a_mail_subscriber_gets_subject_and_text_as_a_file(cloud, unique):
    """The alert is a mail; a person can look at it."""
    sns = cloud.client("sns")
    topic = sns.create_topic(Name=unique)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="owner@example.com")
    sns.publish(TopicArn=topic, Subject=f"Bots {unique}", Message="one\ntwo ü")
    folder = cloud.work_dir / "mail"
    mails = eventually(lambda: [f for f in folder.glob("*.eml") if unique in f.read_text()])
    assert len(mails) == 1
    from email import message_from_bytes, policy

    mail = message_from_bytes(mails[0].read_bytes(), policy=policy.default)
    assert (mail["To"], mail["Subject"]) == ("owner@example.com", f"Bots {unique}")
    assert mail.get_content().startswith("one\ntwo ü\n")
