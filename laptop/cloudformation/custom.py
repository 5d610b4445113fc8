"""Custom resources: the template's own function is run and its answer taken, as CloudFormation does it.

The function gets a ResponseURL on a small server of this process and puts its answer there; what the function
returns is of no account, in AWS as here.
"""

import json
import queue
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from moto.awslambda.models import LambdaBackend
from moto.awslambda.utils import get_backend
from moto.cloudformation import parsing
from moto.cloudformation.exceptions import ValidationError
from moto.core.common_models import CloudFormationModel

from laptop.cloudformation.resource import Properties, Resource, api

_PATIENCE_SECONDS = 120


class CustomResource(Resource, CloudFormationModel):  # type: ignore[misc]  # moto has no types
    """A resource that a function of the template makes; Ref gives the id that the function answers."""

    TYPE = "AWS::CloudFormation::CustomResource"
    REPLACES = ("ServiceToken",)

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._physical_id: str | None = None
        self._data: dict[str, Any] = {}

    @property
    def reference(self) -> str:
        """Return the id that the function answered."""
        return self._physical_id or self.name

    def create(self) -> None:
        """Run the function with Create."""
        self._run("Create", self.properties)

    def change(self, properties: Properties) -> None:
        """Run the function with Update; an id other than before means that the old one is deleted."""
        old_id, old = self._physical_id, self.properties
        self._run("Update", properties, OldResourceProperties=old)
        if self._physical_id != old_id:
            new_id, new_data = self._physical_id, self._data
            self._physical_id = old_id
            self._run("Delete", old)
            self._physical_id, self._data = new_id, new_data

    def remove(self) -> None:
        """Run the function with Delete."""
        self._run("Delete", self.properties)

    def attributes(self) -> dict[str, Any]:
        """Return the Data of the answer."""
        return self._data

    def _run(self, request: str, properties: Properties, **more: Any) -> None:
        event = {
            "RequestType": request,
            "StackId": self.context["StackId"],
            "RequestId": str(uuid.uuid4()),
            "LogicalResourceId": self.context["LogicalId"],
            "ResourceType": self.context["ResourceType"],
            "ServiceToken": properties["ServiceToken"],
            "ResourceProperties": _texts(properties),
            **({"PhysicalResourceId": self._physical_id} if self._physical_id else {}),
            **{name: _texts(value) for name, value in more.items()},
        }
        answer = self._ask(event)
        if answer.get("Status") != "SUCCESS":
            reason = answer.get("Reason", "no reason given")
            raise ValidationError(message=f"{request} of {self.context['LogicalId']} failed: {reason}")
        self._physical_id = answer.get("PhysicalResourceId") or self._physical_id or event["RequestId"]
        self._data = answer.get("Data") or {}

    def _ask(self, event: dict[str, Any]) -> dict[str, Any]:
        backend: LambdaBackend = get_backend(self.account_id, self.region)
        function = backend.get_function(event["ServiceToken"])
        with _Answers() as answers:
            headers: dict[str, Any] = {}
            body = json.dumps({**event, "ResponseURL": answers.url})
            result = function.invoke(body, {}, headers)
            if "x-amz-function-error" in headers:
                return {"Status": "FAILED", "Reason": str(result)}
            return answers.take()


class EmptiedBucket(Resource, CloudFormationModel):  # type: ignore[misc]  # moto has no types
    """A bucket that is emptied before its stack deletes it.

    The function behind it is the CDK's own JavaScript, which wants the Node SDK that AWS's runtime brings along and
    the laptop has not; what it does is done here.
    """

    TYPE = "Custom::S3AutoDeleteObjects"

    def create(self) -> None:
        """Nothing is to be done before the end."""

    def change(self, properties: Properties) -> None:
        """Nothing is to be done before the end."""

    def remove(self) -> None:
        """Delete every version of every object."""
        bucket = self.properties["BucketName"]
        s3 = api("s3")
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            for listed in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                s3.delete_object(Bucket=bucket, Key=listed["Key"], VersionId=listed["VersionId"])


def _texts(value: Any) -> Any:
    """Return the properties as CloudFormation sends them: every scalar as text."""
    if isinstance(value, dict):
        return {name: _texts(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_texts(item) for item in value]
    return str(value).lower() if isinstance(value, bool) else str(value)


class _Answers:
    """A server that takes one answer."""

    def __enter__(self) -> "_Answers":
        self._answers: queue.Queue[bytes] = queue.Queue()
        answers = self._answers

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                answers.put(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Keep quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    @property
    def url(self) -> str:
        return f"http://localhost:{self._server.server_port}/answer"

    def take(self) -> dict[str, Any]:
        try:
            return dict(json.loads(self._answers.get(timeout=_PATIENCE_SECONDS)))
        except queue.Empty:
            return {"Status": "FAILED", "Reason": f"the function put no answer within {_PATIENCE_SECONDS} s"}

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _class_of(resource_type: str) -> type[CloudFormationModel]:
    """Return the class of a type; moto would take its own for every custom type."""
    if resource_type.startswith("Custom::"):
        return EmptiedBucket if resource_type == EmptiedBucket.TYPE else CustomResource
    found: type[CloudFormationModel] = _moto_class_of(resource_type)
    return found


_moto_class_of = parsing.resource_class_from_type
parsing.resource_class_from_type = _class_of
