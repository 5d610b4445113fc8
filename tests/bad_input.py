"""What must hold of any bytes that somebody sends: no crash, a reason each, and the bytes are kept.

One function for each program that reads what others write. Hypothesis and the coverage-guided run (`tests/fuzz`) both
call these, so that what is promised stands here only.
"""

import gzip
import io
import json
from base64 import b64decode
from codecs import BOM_UTF8
from collections.abc import Iterable, Mapping
from contextlib import closing, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory
from zlib import crc32

from aws_in_memory import Log, Table, Topic, failed_records, responder_over
from botocore.exceptions import ClientError
from signals import incident

from commerce.allowance import Allowance, to_item
from commerce.event import Event, parse, to_line
from commerce.incident import Incident
from commerce.incident import parse as parse_record
from commerce.incident import to_line as record_line
from commerce.rejects import REJECT_REASONS, Reject
from commerce.settings import SettingsError, from_environment, to_environment
from flink_app.settings import DetectorSettings
from glue_jobs.settings import LakeSettings
from lambdas.addresses import Concealment
from lambdas.conceal.settings import ConcealSettings
from lambdas.kinesis import KinesisRecord
from lambdas.respond.episode import folded
from lambdas.respond.reading import UnreadableLineError
from lambdas.respond.row import from_item
from lambdas.respond.settings import RespondSettings
from lambdas.settings import AddressForm
from lambdas.start_detector.settings import StartDetectorSettings
from simulator.kept import KeptFile
from simulator.record import Fault
from simulator.recorded_file import GZIP_MAGIC, LONGEST_ROW_BYTES, RecordedFile
from simulator.replay import records

ARRIVED_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
# Recorded rows may be of any day of this century.
END_OF_THE_CENTURY = datetime(2099, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Everything:
    """One setting of every kind the codec knows."""

    name: str
    count: int
    share: float
    on: bool
    names: tuple[str, ...] = ()
    maybe_name: str | None = None
    maybe_count: int | None = None
    maybe_share: float | None = None


SETTINGS = (Everything, ConcealSettings, DetectorSettings, LakeSettings, RespondSettings, StartDetectorSettings)
NEIGHBOUR = record_line(incident("518043721", ARRIVED_AT))
FORMS = tuple(Concealment(form=form, key=b"k" * 32) for form in AddressForm)
ALLOWED = to_item(
    Allowance(
        subject_type="address",
        subject="203.0.113.0/24",
        because="our price checker",
        added_at=ARRIVED_AT,
        added_by="keeper",
        expires_at=ARRIVED_AT + timedelta(hours=1),
    )
)


def read_event_line(line: bytes) -> None:
    """Check that a line is an event, which the wire carries unchanged, or is rejected for a reason of the list."""
    result = parse(line, arrived_at=ARRIVED_AT)
    if isinstance(result, Reject):
        assert result.reason in REJECT_REASONS
    else:
        assert parse(to_line(result), arrived_at=ARRIVED_AT) == result


def read_recording(content: bytes) -> None:
    """Check that every row of a file is one event for the domain, or is kept with its line, its bytes and a reason.

    What is no recording, or cannot be read to its end, is refused by its name.
    """
    with TemporaryDirectory() as folder:
        path, kept = Path(folder) / "recorded.csv", KeptFile(Path(folder) / "bad.jsonl")
        path.write_bytes(content)
        bad: dict[int, bytes] = {}

        def keep(line: int, row: bytes, reason: str) -> None:
            assert reason and line not in bad
            bad[line] = row
            kept.keep(row, reason=reason, file=str(path), line=line)

        try:
            sent = {record.source_line: record for record in records(path, bad_row=keep)}
        except Fault as fault:
            assert str(fault).startswith(str(path))
            return
        finally:
            _kept_as_it_came(kept, bad)
        with closing(RecordedFile(path, as_published=False)) as file:
            begins = 1 if file.layout.header is None else 2
    rows = _rows(content)
    ends = list(accumulate(map(len, rows)))
    rows[:1] = [row.removeprefix(BOM_UTF8) for row in rows[:1]]
    expected = {line for line, row in enumerate(rows, start=1) if line >= begins and row.rstrip(b"\r\n")}
    assert sent.keys().isdisjoint(bad) and sent.keys() | bad.keys() == expected
    assert bad == {line: rows[line - 1][: LONGEST_ROW_BYTES + 1] for line in bad}
    for line, record in sent.items():
        assert isinstance(parse(record.data, arrived_at=END_OF_THE_CENTURY), Event)
        assert record.source_end == ends[line - 1]


def read_environment(environment: Mapping[str, str]) -> None:
    """Check that an environment gives settings, which the codec carries unchanged, or one error that names them."""
    for program in SETTINGS:
        try:
            settings = from_environment(program, environment)
        except SettingsError as error:
            assert str(error).startswith(f"{program.__name__}: ")
            continue
        carried = to_environment(settings)
        assert to_environment(from_environment(program, carried)) == carried


def read_incident_record(data: bytes) -> None:
    """Check that a record of the incidents stream is answered, or given back, counted and logged with a reason.

    Whatever incident it tells of is a row that says the same, unless AWS refuses it; the record beside it is answered.
    Which form addresses have is the input's own choice, so that the same bytes always do the same.
    """
    batch = [KinesisRecord(sequence_number="1", data=data), KinesisRecord(sequence_number="2", data=NEIGHBOUR)]
    incidents, unreadable = _said(batch)
    concealment = FORMS[crc32(data) % len(FORMS)]
    table, topic, log = Table([ALLOWED]), Topic(), Log()
    with redirect_stdout(io.StringIO()) as printed:
        faults = responder_over(table, topic, log, concealment).answer(batch, seconds_left=lambda: 60.0)
    refused = table.refused | topic.refused
    assert all(isinstance(fault, UnreadableLineError | ClientError) for fault in faults.values()), faults
    assert list(faults) == ["1"] * bool(unreadable or refused)
    assert failed_records(printed.getvalue()) == len(faults)
    assert all(line["reason"] for line in log.errors()) and bool(log.errors()) == bool(faults)
    stored = {name: from_item(item).incident for name, item in table.items.items()}
    expected = map(concealment.incident, folded(incidents).values())
    assert stored == {each.incident_id: each for each in expected if each.incident_id not in table.refused}


def _said(batch: Iterable[KinesisRecord]) -> tuple[list[Incident], int]:
    """Return the incidents that the records tell of, and how many lines are nothing."""
    incidents: list[Incident] = []
    unreadable = 0
    for line in (line for record in batch for line in record.lines()):
        try:
            said = parse_record(line)
        except ValueError as error:
            assert str(error)
            unreadable += 1
        else:
            incidents += [said] if isinstance(said, Incident) else []
    return incidents, unreadable


def _kept_as_it_came(kept: KeptFile, bad: Mapping[int, bytes]) -> None:
    entries = kept.path.read_text(encoding="utf-8").split("\n")[:-1] if bad else []
    found = [json.loads(entry) for entry in entries]
    assert [(each["line"], b64decode(each["bytes_base64"])) for each in found] == list(bad.items())


def _rows(content: bytes) -> list[bytes]:
    unpacked = gzip.decompress(content) if content.startswith(GZIP_MAGIC) else content
    return io.BytesIO(unpacked).readlines()
