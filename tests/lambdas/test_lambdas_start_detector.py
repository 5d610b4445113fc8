"""Deploying leaves the detector running, destroying leaves it stopped, and CloudFormation always gets an answer."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.validate import validate_parameters
from kinesis_delivery import REGION, Context

from lambdas.start_detector.application import Application, ApplicationError
from lambdas.start_detector.handler import carry_out


class ManagedFlink:
    """Managed Flink as its documentation describes it: a call sets a way of statuses, each look is a step on it.

    Arguments are held to the service's own model.
    """

    def __init__(self, *way: str, snapshots: tuple[str, ...] = (), start_ends: str = "RUNNING") -> None:
        self.way, self.snapshots, self.start_ends = list(way), snapshots, start_ends
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self._model = boto3.client("kinesisanalyticsv2", region_name=REGION).meta.service_model

    def _called(self, operation: str, arguments: dict[str, Any]) -> None:
        validate_parameters(arguments, self._model.operation_model(operation).input_shape)
        self.calls.append((operation, arguments))

    def describe_application(self, **arguments: Any) -> Any:
        validate_parameters(arguments, self._model.operation_model("DescribeApplication").input_shape)
        if not self.way:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": "no"}}, "DescribeApplication")
        status = self.way.pop(0) if len(self.way) > 1 else self.way[0]
        return {"ApplicationDetail": {"ApplicationStatus": status}}

    def list_application_snapshots(self, **arguments: Any) -> Any:
        validate_parameters(arguments, self._model.operation_model("ListApplicationSnapshots").input_shape)
        return {"SnapshotSummaries": [{"SnapshotStatus": status} for status in self.snapshots]}

    def start_application(self, **arguments: Any) -> None:
        assert self.way == ["READY"], "an application that is not READY refuses to start"
        self._called("StartApplication", arguments)
        self.way = ["STARTING", "STARTING", self.start_ends]

    def stop_application(self, **arguments: Any) -> None:
        assert self.way == ["RUNNING"], "an application that is not RUNNING refuses to stop"
        self._called("StopApplication", arguments)
        self.way = ["STOPPING", "READY"]

    @property
    def operations(self) -> list[str]:
        return [operation for operation, _ in self.calls]


def application(flink: ManagedFlink, *, seconds: float = 100) -> Application:
    waited: list[float] = []
    return Application(
        client=flink,
        name="detector",
        poll_seconds=2,
        seconds_left=lambda: seconds - sum(waited),
        wait=waited.append,
    )


def restore_type(flink: ManagedFlink) -> str:
    (arguments,) = [arguments for operation, arguments in flink.calls if operation == "StartApplication"]
    assert arguments["RunConfiguration"]["FlinkRunConfiguration"] == {"AllowNonRestoredState": True}
    return arguments["RunConfiguration"]["ApplicationRestoreConfiguration"]["ApplicationRestoreType"]


def test_a_new_application_is_started_afresh() -> None:
    """Nobody should have to press 'Run' after the first deployment."""
    flink = ManagedFlink("READY")
    application(flink).run()
    assert flink.way == ["RUNNING"]
    assert restore_type(flink) == "SKIP_RESTORE_FROM_SNAPSHOT"


def test_a_stopped_application_goes_on_where_it_stopped() -> None:
    """Starting afresh would forget the windows and open the same episodes anew."""
    flink = ManagedFlink("READY", snapshots=("DELETING", "READY"))
    application(flink).run()
    assert restore_type(flink) == "RESTORE_FROM_LATEST_SNAPSHOT"


def test_a_snapshot_that_is_not_ready_is_none() -> None:
    """Asking for a snapshot where none can be read fails the start."""
    flink = ManagedFlink("READY", snapshots=("FAILED",))
    application(flink).run()
    assert restore_type(flink) == "SKIP_RESTORE_FROM_SNAPSHOT"


def test_a_running_application_is_left_alone() -> None:
    """CloudFormation restarts a running application itself when its code changes."""
    flink = ManagedFlink("UPDATING", "UPDATING", "RUNNING")
    application(flink).run()
    assert flink.operations == []


@pytest.mark.parametrize("way", [("READY",), ("STOPPING", "READY"), ()])
def test_an_application_at_rest_or_gone_needs_no_stop(way: tuple[str, ...]) -> None:
    """A stack that failed half way must still be deletable."""
    flink = ManagedFlink(*way)
    application(flink).rest()
    assert flink.operations == []


@pytest.mark.parametrize("way", [("RUNNING",), ("STARTING", "RUNNING")])
def test_a_running_application_is_stopped_and_waited_for(way: tuple[str, ...]) -> None:
    """The snapshot is taken while it stops; deleted too early, it is lost."""
    flink = ManagedFlink(*way)
    application(flink).rest()
    assert flink.operations == ["StopApplication"]
    assert flink.way == ["READY"]


def test_an_application_that_does_not_stay_up_fails_the_deployment() -> None:
    """A deployment that says 'done' over a dead detector is the worst answer."""
    with pytest.raises(ApplicationError, match="is READY: see its log group"):
        application(ManagedFlink("READY", start_ends="READY")).run()


def test_time_that_runs_out_is_said_in_time() -> None:
    """Killed by its time limit the function could not answer, and the stack would hang for an hour."""
    with pytest.raises(ApplicationError, match="still UPDATING and the time is up"):
        application(ManagedFlink("UPDATING"), seconds=5).run()


@pytest.fixture
def answers() -> Iterator[tuple[str, list[Any]]]:
    """Receive answers as the signed address does; yield it and what arrived."""
    arrived: list[Any] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            arrived.append((self.headers.get("Content-Type"), json.loads(body)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            """Keep quiet."""

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/answer", arrived
    server.shutdown()
    server.server_close()
    thread.join()


def request(kind: str, url: str, **changes: Any) -> dict[str, Any]:
    """Return the event that CloudFormation sends."""
    return {
        "RequestType": kind,
        "ResponseURL": url,
        "StackId": f"arn:aws:cloudformation:{REGION}:123456789012:stack/detection/1",
        "RequestId": "r-1",
        "LogicalResourceId": "Running",
        "ResourceType": "Custom::RunningDetector",
        "ResourceProperties": {"ServiceToken": "arn", "ApplicationName": "detector", "CodeKey": "abc.zip"},
    } | changes


def test_deleting_what_is_gone_succeeds_under_the_id_that_was_given(answers: Any) -> None:
    """A delete that fails leaves a stack that nobody can remove."""
    url, arrived = answers
    carry_out(request("Delete", url, PhysicalResourceId="whatever-it-was"), Context(), client=ManagedFlink())
    ((content_type, answer),) = arrived
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", "whatever-it-was")
    assert content_type == ""


def test_what_cannot_be_started_is_answered_with_the_reason(answers: Any) -> None:
    """The reason stands in the stack's events, where whoever deploys looks first."""
    url, arrived = answers
    carry_out(request("Create", url), Context(), client=ManagedFlink())
    ((_, answer),) = arrived
    assert answer["Status"] == "FAILED"
    assert answer["Reason"] == "ApplicationError: there is no application detector"
    assert {answer[name] for name in ("RequestId", "LogicalResourceId")} == {"r-1", "Running"}


def test_a_request_without_a_name_is_answered_too(answers: Any) -> None:
    """The template's mistake must come back as a failure, not as silence."""
    url, arrived = answers
    carry_out(request("Create", url, ResourceProperties={"ServiceToken": "arn"}), Context(), client=ManagedFlink())
    assert arrived[0][1]["Status"] == "FAILED"


def test_the_id_stays_while_the_code_changes(answers: Any) -> None:
    """A new id would have CloudFormation delete the old resource, and so stop the detector it just updated."""
    url, arrived = answers
    for key in ("abc.zip", "def.zip"):
        properties = {"ApplicationName": "detector", "CodeKey": key}
        carry_out(
            request("Update", url, PhysicalResourceId="x", ResourceProperties=properties),
            Context(),
            client=ManagedFlink(),
        )
    assert {answer["PhysicalResourceId"] for _, answer in arrived} == {"running-detector"}
