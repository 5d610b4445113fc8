"""Which sink `--to` means. The one place that makes an AWS client; its endpoint comes from AWS_ENDPOINT_URL."""

import sys
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from simulator.kept import KeptFile
from simulator.record import Fault
from simulator.sinks import FileSink, KinesisSink, StandardOutputSink


def open_sink(to: str, *, refused_file: KeptFile, keep_bytes: int = 0) -> FileSink | KinesisSink | StandardOutputSink:
    """Return the sink for `kinesis:STREAM`, `file:PATH` or `stdout`. Raises Fault."""
    kind, _, name = to.partition(":")
    if to == "stdout":
        return StandardOutputSink(sys.stdout.buffer)
    if (file := target_file(to)) is not None:
        return FileSink(file, keep_bytes=keep_bytes)
    if kind == "kinesis" and name:
        return _kinesis(name, refused_file)
    raise Fault(f"--to is {to!r}, expected kinesis:STREAM, file:PATH or stdout")


def target_file(to: str) -> Path | None:
    """Return the file that `file:PATH` means; None for every other target."""
    kind, _, name = to.partition(":")
    return Path(name) if kind == "file" and name else None


def _kinesis(stream: str, refused_file: KeptFile) -> KinesisSink:
    # The sink retries by itself, record by record; boto3 would send whole batches again, unaccounted for.
    config = Config(retries={"total_max_attempts": 1, "mode": "standard"}, connect_timeout=5, read_timeout=30)
    try:
        session = boto3.Session()
        if session.get_credentials() is None:
            raise Fault("no AWS credentials: run 'aws configure' or set AWS_PROFILE")
        if session.region_name is None:
            raise Fault("no AWS region: set AWS_DEFAULT_REGION, or the region of your profile")
        return KinesisSink(client=session.client("kinesis", config=config), stream=stream, refused_file=refused_file)
    except BotoCoreError as error:
        raise Fault(str(error)) from error
    except ValueError as error:  # what boto3 makes of an endpoint that it does not understand
        raise Fault(f"{error}: AWS_ENDPOINT_URL, where it is set, is an address as http://localhost:4566") from error
