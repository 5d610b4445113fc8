"""What a request to AWS asks for, read from the bytes on the wire: service, operation, stream, caller."""

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, urlsplit

PRODUCER = "drill-producer"
_SCOPE = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request")


class Write(StrEnum):
    """What a write to the incidents table is, to whoever remembers those before it."""

    ROW = "row"  # the first of an episode
    MARK = "mark"  # that an alert is sent of which no row says so yet
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request; the names of `headers` are in lower case. `port` is the caller's own, `write` what it writes."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    port: int = 0
    # Whether the caller has ended its connection: it then never hears the answer.
    gone: Callable[[], bool] = lambda: False
    write: Write = Write.OTHER

    @cached_property
    def service(self) -> str:
        """The service that it is signed for; empty for a request that is not signed."""
        found = _SCOPE.search(self.headers.get("authorization", ""))
        return found[1] if found else ""

    @cached_property
    def operation(self) -> str:
        """The operation's name in the API; of S3 only whether an object is read or written."""
        if target := self.headers.get("x-amz-target"):
            return target.rpartition(".")[2]
        path = urlsplit(self.path).path
        if "/operation/" in path:
            return path.rpartition("/")[2]
        if self.service == "s3":
            return self._of_s3(path)
        if self.service == "lambda" and path.endswith("/invocations"):
            return "Invoke"
        action = parse_qs(self.body.decode(errors="replace")).get("Action", [""])
        return action[0]

    def _of_s3(self, path: str) -> str:
        has_key = path.strip("/").count("/") > 0
        return {"PUT": "PutObject", "GET": "GetObject"}.get(self.method, self.method) if has_key else "bucket"

    @cached_property
    def document(self) -> dict[str, Any]:
        """The body, where it is a JSON object; else empty."""
        try:
            document = json.loads(self.body)
        except ValueError:
            return {}
        return document if isinstance(document, dict) else {}

    @property
    def stream(self) -> str:
        """The stream that it is about, by name; empty for none."""
        arn = str(self.document.get("StreamARN", ""))
        return str(self.document.get("StreamName", "")) or arn.rpartition("/")[2]

    @property
    def by_producer(self) -> bool:
        """Whether the traffic's own client sends it."""
        return PRODUCER in self.headers.get("user-agent", "")

    @property
    def by_function(self) -> bool:
        """Whether a Lambda function sends it."""
        return "AWS_Lambda" in self.headers.get("user-agent", "")

    def records(self) -> list[bytes]:
        """Return the records of a PutRecords."""
        return [base64.b64decode(record["Data"]) for record in self.document.get("Records", [])]

    def with_records(self, entries: list[dict[str, Any]]) -> "Request":
        """Return the PutRecords with these entries in place of its own."""
        body = json.dumps({**self.document, "Records": entries}).encode()
        return replace(self, body=body)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What comes back."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def refusal(request: Request, code: str, status: int) -> Answer:
    """Return an error as the service would word it, in the protocol of the request."""
    if "x-amz-target" in request.headers or "/operation/" in request.path or request.service == "lambda":
        body = json.dumps({"__type": code, "message": "a drill"}).encode()
        kind = "application/x-amz-json-1.1"
    else:
        inner = f"<Code>{code}</Code><Message>a drill</Message>"
        wrapped = f"<Error>{inner}</Error>" if request.service == "s3" else _of_query(inner)
        body, kind = wrapped.encode(), "text/xml"
    return Answer(status=status, headers=(("Content-Type", kind), ("x-amzn-ErrorType", code)), body=body)


def _of_query(inner: str) -> str:
    return f"<ErrorResponse><Error><Type>Receiver</Type>{inner}</Error><RequestId>drill</RequestId></ErrorResponse>"
