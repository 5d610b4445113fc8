"""What CloudWatch makes of a function's output: log events, and metrics out of its embedded metric lines."""

import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from laptop.functions.worker import Function
from laptop.network import client

_METRICS_A_CALL = 500


class Logs:
    """Writes to CloudWatch Logs and metrics; what they refuse is kept in the file `fallback`."""

    def __init__(self, *, endpoint_url: str, fallback: Path) -> None:
        self._endpoint_url = endpoint_url
        self._fallback = fallback
        self._streams: set[tuple[str, str]] = set()
        self._clients: dict[str, Any] = {}

    def keep(self, function: Function, stream: str, output: bytes) -> None:
        """Put each line that the function printed where AWS would put it."""
        lines = [line for line in output.decode("utf-8", "replace").splitlines() if line.strip()]
        if not lines:
            return
        try:
            self._put_lines(function.log_group, stream, lines)
            for line in lines:
                self._put_metrics(line)
        except ClientError as error:
            with self._fallback.open("a") as file:
                file.write(f"{function.name}: {error}\n" + output.decode("utf-8", "replace"))

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = client(service, self._endpoint_url)
        return self._clients[service]

    def _put_lines(self, group: str, stream: str, lines: list[str]) -> None:
        logs = self._client("logs")
        if (group, stream) not in self._streams:
            with suppress(logs.exceptions.ResourceAlreadyExistsException):
                logs.create_log_group(logGroupName=group)
            with suppress(logs.exceptions.ResourceAlreadyExistsException):
                logs.create_log_stream(logGroupName=group, logStreamName=stream)
            self._streams.add((group, stream))
        now = int(time.time() * 1000)
        events = [{"timestamp": now, "message": line} for line in lines]
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)

    def _put_metrics(self, line: str) -> None:
        for namespace, data in metric_data(line):
            for start in range(0, len(data), _METRICS_A_CALL):
                self._client("cloudwatch").put_metric_data(
                    Namespace=namespace, MetricData=data[start : start + _METRICS_A_CALL]
                )


def metric_data(line: str) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return the metrics in a line of the embedded metric format, by namespace; none for any other line."""
    if '"CloudWatchMetrics"' not in line:
        return []
    try:
        document = json.loads(line)
        described = document["_aws"]
        return [
            (directive["Namespace"], list(_data(document, directive, described["Timestamp"] / 1000)))
            for directive in described["CloudWatchMetrics"]
        ]
    except (ValueError, KeyError, TypeError):
        return []  # CloudWatch also keeps such a line as a log event and no more


def _data(document: dict[str, Any], directive: dict[str, Any], timestamp: float) -> list[dict[str, Any]]:
    data = []
    for names in directive.get("Dimensions") or [[]]:
        dimensions = [{"Name": name, "Value": str(document[name])} for name in names]
        for metric in directive["Metrics"]:
            given = document[metric["Name"]]
            values = given if isinstance(given, list) else [given]
            data.append(
                {
                    "MetricName": metric["Name"],
                    "Unit": metric.get("Unit", "None"),
                    "Dimensions": dimensions,
                    "Timestamp": timestamp,
                    "Values": [float(value) for value in values],
                    "Counts": [1.0] * len(values),
                }
            )
    return data
