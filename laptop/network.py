"""Ports on this machine, and the clients that talk to the AWS behind one of them."""

import os
import socket
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from laptop.ports import free_port
from laptop.processes import LaptopError

REGION = "us-east-1"
ACCOUNT = "123456789012"


def chosen_port(asked: int | None, *, what: str, option: str) -> int:
    """Return the port asked for, or a free one; raises LaptopError where the one asked for is taken."""
    if asked is None:
        return free_port()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", asked))
        except OSError as error:
            raise LaptopError(
                f"Port {asked} for {what} is in use: name another with {option}, or leave it out"
            ) from error
    return asked


def endpoint(port: int) -> str:
    """Return the address of AWS; by name, because moto finds buckets by host name."""
    return f"http://localhost:{port}"


def aws_environment(endpoint_url: str) -> dict[str, str]:
    """Return what points any AWS SDK, and with it the CDK and our programs, at the laptop."""
    return {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ENDPOINT_URL_S3": endpoint_url,
        "AWS_ACCESS_KEY_ID": "laptop",
        "AWS_SECRET_ACCESS_KEY": "laptop",  # moto takes any  # nosec B105
        "AWS_SESSION_TOKEN": "laptop",  # nosec B105
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def clean_environment(base: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment without anything that belongs to an AWS account of the user's."""
    source = os.environ if base is None else base
    return {name: value for name, value in source.items() if not name.startswith(("AWS_", "CDK_"))}


@cache
def client(service: str, endpoint_url: str, *, answer_seconds: int = 60, attempts: int = 4) -> Any:
    """Return a boto3 client of the laptop, whatever AWS profile the user has; it waits so long for an answer.

    Threads may share it, and have to: making one reads megabytes of service descriptions.
    """
    session: Any = boto3.Session(
        aws_access_key_id="laptop",
        aws_secret_access_key="laptop",  # nosec B106
        region_name=REGION,
    )
    config = Config(
        retries={"mode": "standard", "total_max_attempts": attempts},
        s3={"addressing_style": "path"},
        connect_timeout=10,
        read_timeout=answer_seconds,
    )
    return session.client(service, endpoint_url=endpoint_url, config=config)


def wait_until(ready: Callable[[], bool], *, seconds: float, what: str, pause_seconds: float = 0.1) -> None:
    """Wait for something to become true; raises LaptopError when it does not in time."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise LaptopError(f"{what} did not come up within {seconds:.0f} s")
        time.sleep(pause_seconds)
