"""Stands in front of AWS and lets requests fail, by faults that are set and taken away while it serves.

What it does to requests it also remembers as far as the comparison needs it: which records it wrote although the
caller had to believe that they were lost, and of which incidents an alert went out unconfirmed.
"""

import http.client
import json
import os
import random
import select
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import psutil

from drills.faults import ONCE, Action, Fault, Standing
from drills.request import Answer, Request, Write, refusal

_NOT_FORWARDED = {"connection", "keep-alive", "transfer-encoding", "expect", "host", "content-length"}
_HELD_BACK = "ProvisionedThroughputExceededException"


class LostAnswerError(Exception):
    """The connection has to end without an answer."""


@dataclass
class Memory:
    """What happened behind the callers' backs, and how many requests of each kind there were.

    `stored` are the incidents that have a row, `told_unmarked` those of them whose row does not say yet that an alert
    went out.
    """

    written_unconfirmed: Counter[bytes] = field(default_factory=Counter)
    told_unconfirmed: Counter[str] = field(default_factory=Counter)
    stored: set[str] = field(default_factory=set)
    told_unmarked: set[str] = field(default_factory=set)
    requests: Counter[str] = field(default_factory=Counter)


class FaultProxy:
    """Serves on `port` what another server has on `target_port`, both on this machine."""

    def __init__(self, *, target_port: int, seed: str) -> None:
        self.memory = Memory()
        self._target_port = target_port
        self._rng = random.Random(seed)
        self._standing: list[Standing] = []
        self._lock = threading.Lock()
        proxy = self

        class Handler(_Handler):
            def answer(self, request: Request) -> Answer:
                return proxy.answer(request, self.upstream)

        self._server = _Server(("127.0.0.1", 0), Handler, target_port=target_port)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True, name="fault proxy")

    @contextmanager
    def serving(self) -> Iterator["FaultProxy"]:
        """Serve while the block runs."""
        self._thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()

    def begin(self, fault: Fault) -> Standing:
        """Let a fault stand until `end`."""
        standing = Standing(fault)
        with self._lock:
            self._standing.append(standing)
        return standing

    def end(self, standing: Standing) -> None:
        """Take a fault away."""
        with self._lock:
            self._standing.remove(standing)
        standing.until = time.monotonic()

    def answer(self, request: Request, upstream: "Upstream") -> Answer:
        """Answer a request, through whatever faults stand."""
        self.memory.requests[f"{request.service}:{request.operation}"] += 1
        request = replace(request, write=self._write(request))
        standing = self._met(request)
        if standing is None:
            answer = self._sent(request, upstream)
            if request.gone():  # a busy machine may let its caller wait too long, without any fault
                self._unconfirmed(request, answer)
            return answer
        if standing.fault.action in ONCE:
            standing.caller = _caller(request, self.port)
            standing.found = standing.caller is not None
        return self._faulty(standing, request, upstream)

    def _write(self, request: Request) -> Write:
        """Return what it writes: further states of an episode look alike, and most first writes of one are refused."""
        row = request.document.get("Item", {})
        if request.operation != "PutItem" or "incident_id" not in row:
            return Write.OTHER
        name, memory = row["incident_id"]["S"], self.memory
        with self._lock:
            if name not in memory.stored:
                return Write.ROW
            return Write.MARK if name in memory.told_unmarked and "alert_claim" not in row else Write.OTHER

    def _met(self, request: Request) -> Standing | None:
        with self._lock:
            standing = list(self._standing)
            chances = [self._rng.random() for _ in standing]
        found = (each for each, chance in zip(standing, chances, strict=True) if each.take(request, chance))
        return next(found, None)

    def _faulty(self, standing: Standing, request: Request, upstream: "Upstream") -> Answer:
        fault = standing.fault
        match fault.action:
            case Action.REFUSE:
                return refusal(request, fault.code, fault.status)
            case Action.HOLD_BACK:
                return self._held_back(request, upstream)
            case Action.DELAY:
                time.sleep(fault.delay_seconds)
                answer = self._sent(request, upstream)
                if request.gone():
                    self._unconfirmed(request, answer)
                return answer
            case Action.LOSE_ANSWER:
                self._unconfirmed(request, self._sent(request, upstream))
                raise LostAnswerError
            case Action.KILL_BEFORE:
                self._forgotten()
                _signal(standing.caller, signal.SIGKILL)
                raise LostAnswerError
            case Action.KILL_AFTER:
                self._sent(request, upstream)
                self._forgotten()
                _signal(standing.caller, signal.SIGKILL)
                raise LostAnswerError
            case Action.FREEZE:
                self._forgotten()
                _signal(standing.caller, signal.SIGSTOP)
                raise LostAnswerError

    def _held_back(self, request: Request, upstream: "Upstream") -> Answer:
        """Write some records, and answer for the others as a shard at its limit does."""
        entries = list(request.document.get("Records", []))
        with self._lock:
            through = [self._rng.random() < 0.5 for _ in entries]
        written = [entry for entry, passes in zip(entries, through, strict=True) if passes]
        results: Iterator[dict[str, Any]] = iter(())
        headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/x-amz-json-1.1"),)
        if written:
            answer = upstream.send(request.with_records(written))
            if answer.status != http.client.OK:
                return answer
            results, headers = iter(json.loads(answer.body)["Records"]), answer.headers
        held = {"ErrorCode": _HELD_BACK, "ErrorMessage": "a drill"}
        body = {
            "FailedRecordCount": len(entries) - len(written),
            "Records": [next(results) if passes else held for passes in through],
        }
        return Answer(status=http.client.OK, headers=headers, body=json.dumps(body).encode())

    def _unconfirmed(self, request: Request, answer: Answer) -> None:
        """Remember what was done of a request whose caller never hears of it."""
        if answer.status != http.client.OK:
            return
        if request.operation == "PutRecords" and request.by_producer:
            results = json.loads(answer.body)["Records"]
            done = (data for data, result in zip(request.records(), results, strict=True) if "ErrorCode" not in result)
            with self._lock:
                self.memory.written_unconfirmed.update(done)
        if request.operation == "Publish":
            with self._lock:
                self.memory.told_unconfirmed[_incident_told(request)] += 1

    def _sent(self, request: Request, upstream: "Upstream") -> Answer:
        """Send it on. Until an alert is marked as sent in its row, nobody knows of it but the process that sent it."""
        answer = upstream.send(request)
        if answer.status != http.client.OK:
            return answer
        memory = self.memory
        with self._lock:
            if request.operation == "Publish":
                memory.told_unmarked |= {_incident_told(request)} & memory.stored
            if request.operation == "PutItem" and "incident_id" in (row := request.document["Item"]):
                memory.stored.add(row["incident_id"]["S"])
                if "alerted_at" in row:
                    memory.told_unmarked.discard(row["incident_id"]["S"])
        return answer

    def _forgotten(self) -> None:
        """Remember what a process knew that is about to be ended: nobody else knows of those alerts."""
        with self._lock:
            self.memory.told_unconfirmed.update(self.memory.told_unmarked)
            self.memory.told_unmarked.clear()


def _incident_told(request: Request) -> str:
    """Return of which incident a Publish tells, by its message attribute."""
    given = parse_qs(request.body.decode())
    names = {name: values[0] for name, values in given.items() if name.endswith(".Name")}
    prefix = next(name.removesuffix(".Name") for name, value in names.items() if value == "incident_id")
    return given[f"{prefix}.Value.StringValue"][0]


def _caller(request: Request, port: int) -> psutil.Process | None:
    """Return the process at the other end of the request's connection, unless it is this one."""
    for connection in psutil.net_connections("tcp4"):
        ends = [end.port for end in (connection.laddr, connection.raddr) if end]
        if ends == [request.port, port]:
            own = connection.pid in (None, os.getpid())
            return None if own else psutil.Process(connection.pid)
    return None


def _signal(process: psutil.Process | None, number: signal.Signals) -> None:
    if process is not None:
        with suppress(psutil.Error):
            process.send_signal(number)


class Upstream:
    """A connection to the server behind, kept open between requests."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connection: http.client.HTTPConnection | None = None

    def send(self, request: Request) -> Answer:
        """Forward a request and return its answer. Raises OSError."""
        headers = {name: value for name, value in request.headers.items() if name not in _NOT_FORWARDED}
        headers["content-length"] = str(len(request.body))
        if self._connection is None:
            self._connection = http.client.HTTPConnection("localhost", self._port, timeout=1000)
        try:
            self._connection.request(request.method, request.path, request.body, headers)
            response = self._connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise LostAnswerError from error
        kept = tuple((name, value) for name, value in response.getheaders() if name.lower() not in _NOT_FORWARDED)
        length = response.getheader("Content-Length")
        if request.method == "HEAD" and length is not None:
            kept = (*kept, ("Content-Length", length))
        return Answer(status=response.status, headers=kept, body=body)

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: type["_Handler"], *, target_port: int) -> None:
        self.target_port = target_port
        super().__init__(address, handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of connections that the other side has ended: here they are ended on purpose."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        assert isinstance(self.server, _Server)
        self.upstream = Upstream(self.server.target_port)

    def finish(self) -> None:
        self.upstream.close()
        with suppress(OSError):
            super().finish()

    def answer(self, request: Request) -> Answer:
        """Answer a request."""
        raise NotImplementedError

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        request = Request(
            method=self.command,
            path=self.path,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length),
            port=self.client_address[1],
            gone=self._gone,
        )
        try:
            answer = self.answer(request)
        except LostAnswerError:
            self.close_connection = True
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
            return
        self._send(answer)

    def _gone(self) -> bool:
        readable, _, _ = select.select([self.connection], [], [], 0)
        return bool(readable) and self.connection.recv(1, socket.MSG_PEEK) == b""

    def _send(self, answer: Answer) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        if not any(name.lower() == "content-length" for name, _ in answer.headers):
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = _serve

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing of each request."""
