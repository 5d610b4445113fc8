"""Which sink `--to` means. The one place that makes an AWS client; its endpoint comes from AWS_ENDPOINT_URL."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from simulator.kept import KeptFile
from simulator.record import Fault
from simulator.sinks import FileSink, KinesisSink, StandardOutputSink
from simulator.sinks.kinesis import ADVICE

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient

ATTEMPTS_TO_DESCRIBE = 8
# Whoever may only write to a stream, or is served by something simpler than AWS, is not told when it was made.
NOT_TOLD = frozenset({"AccessDeniedException", "UnknownOperationException"})


def open_sink(to: str, *, refused_file: KeptFile, keep_bytes: int = 0) -> FileSink | KinesisSink | StandardOutputSink:
    """Return the sink for `kinesis:STREAM`, `file:PATH` or `stdout`. Raises Fault."""
    kind, _, name = to.partition(":")
    if to == "stdout":
        return StandardOutputSink(sys.stdout.buffer)
    if (file := target_file(to)) is not None:
        return FileSink(file, keep_bytes=keep_bytes)
    if kind == "kinesis" and name:
        # The sink retries by itself, record by record; boto3 would send whole batches again, unaccounted for.
        return KinesisSink(client=_client(attempts=1), stream=name, refused_file=refused_file)
    raise Fault(f"--to is {to!r}, expected kinesis:STREAM, file:PATH or stdout")


def target_file(to: str) -> Path | None:
    """Return the file that `file:PATH` means; None for every other target."""
    kind, _, name = to.partition(":")
    return Path(name) if kind == "file" and name else None


def identity(to: str) -> str:
    """Return what tells a target from every other: what one stream has acknowledged, another has never seen.

    One of the same name may be elsewhere, or have been made anew. Raises Fault.
    """
    kind, _, name = to.partition(":")
    return f"{to} {_which(name)}" if kind == "kinesis" and name else to


def _which(stream: str) -> str:
    """Return where a stream is and, if that is told, which one it is there and when it was made."""
    client = _client(attempts=ATTEMPTS_TO_DESCRIBE)
    where = f"{client.meta.endpoint_url} {client.meta.region_name}"
    try:
        found = client.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in NOT_TOLD:
            return where
        raise Fault(f"stream {stream}: {ADVICE.get(code, error)}") from error
    except BotoCoreError as error:
        raise Fault(f"stream {stream}: {error}") from error
    return f"{where} {found['StreamARN']} {found['StreamCreationTimestamp'].timestamp()}"


def _client(*, attempts: int) -> "KinesisClient":
    config = Config(retries={"total_max_attempts": attempts, "mode": "standard"}, connect_timeout=5, read_timeout=30)
    try:
        session = boto3.Session()
        if session.get_credentials() is None:
            raise Fault("no AWS credentials: run 'aws configure' or set AWS_PROFILE")
        if session.region_name is None:
            raise Fault("no AWS region: set AWS_DEFAULT_REGION, or the region of your profile")
        return session.client("kinesis", config=config)
    except BotoCoreError as error:
        raise Fault(str(error)) from error
    except ValueError as error:  # what boto3 makes of an endpoint that it does not understand
        raise Fault(f"{error}: AWS_ENDPOINT_URL, where it is set, is an address as http://localhost:4566") from error
