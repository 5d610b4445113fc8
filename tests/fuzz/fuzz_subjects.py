"""What the coverage-guided run tries: a promise about any bytes, and input to begin with, for each."""

import base64
import gzip
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import bad_input

from commerce.settings import to_environment
from flink_app.settings import DetectorSettings
from lambdas.respond.settings import RespondSettings
from simulator import kaggle, uci_retail

GOLDEN = Path(bad_input.__file__).parent / "golden"
RECORDINGS = (
    f"{kaggle.HEADER}\n2019-10-01 00:00:00 UTC,view,44,21,a.b,sony,35.79,54,72d76fde-8bb3-4e00-8c23-a032dfed738c\nx\n",
    f"{uci_retail.HEADER}\r\n536365,85123A,TEA TOWEL,6,2010-12-01 08:26:00,2.55,17850.0,Norway\r\n\r\nx\r\n",
    "71,4002,305,pv,1511740800\n71,4002,305,buy,1511740801\nx\n",
    uci_retail.HEADER.replace(",", ";") + "\n536365;85123A;;6;1/12/10 8:26;2.55;17850;Norway",
)
# What chance would take long to write, and formats mean something by.
WORDS = (
    "null",
    "true",
    "NaN",
    "-0",
    "1e300",
    "1e-300",
    "\\ud800",
    "\\u0000",
    "[[",
    '""',
    "\ufeff",
    "\ufffd",
    "\r\n",
    "C536",
)
ENVIRONMENTS = (
    bad_input.Everything(name="n", count=1, share=0.5, on=True, names=("a", "b"), maybe_count=2, maybe_share=1e-9),
    DetectorSettings(region="eu-central-1", events_stream="e", incidents_stream="i", known_networks=("192.0.2.0/24",)),
    RespondSettings(incidents_table="i", alerts_topic_arn="arn", threshold_overrides=("request_flood.events=5",)),
)


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A function that raises where the bytes break a promise, and the bytes to begin with."""

    check: Callable[[bytes], None]
    seeds: Callable[[], Iterator[bytes]]


def _event_lines() -> Iterator[bytes]:
    for line in (GOLDEN / "lines" / "lines.jsonl").read_text().splitlines():
        yield base64.b64decode(json.loads(line)["line_base64"])


def _recordings() -> Iterator[bytes]:
    yield from (text.encode() for text in RECORDINGS)
    yield gzip.compress(RECORDINGS[0].encode(), mtime=0)


def _environments() -> Iterator[bytes]:
    for settings in ENVIRONMENTS:
        yield "\0".join(f"{name}={text}" for name, text in to_environment(settings).items()).encode()


def _incident_records() -> Iterator[bytes]:
    for path in sorted((GOLDEN / "lake").glob("*/raw/incidents/**/*.jsonl")):
        yield path.read_bytes()
        yield from path.read_bytes().splitlines()


def _read_environment(held: bytes) -> None:
    """Read the bytes as the kernel holds an environment: NAME=text, and a zero byte between two."""
    entries = (entry.partition("=") for entry in os.fsdecode(held).split("\0"))
    bad_input.read_environment({name: text for name, _, text in entries})


SUBJECTS = {
    "event-lines": Subject(check=bad_input.read_event_line, seeds=_event_lines),
    "recordings": Subject(check=bad_input.read_recording, seeds=_recordings),
    "settings": Subject(check=_read_environment, seeds=_environments),
    "incident-records": Subject(check=bad_input.read_incident_record, seeds=_incident_records),
}
