"""Recorded files: every row becomes one event or one bad row with its reason, on every run the same."""

import gzip
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from bad_input import read_recording
from hypothesis import given, settings
from hypothesis import strategies as st

from commerce.event import Event, parse, to_line
from simulator import uci_retail
from simulator.kaggle import COLUMNS, HEADER, to_record
from simulator.layout import event_id
from simulator.record import Fault, Record
from simulator.recorded_file import LONGEST_ROW_BYTES
from simulator.replay import Position, Recording, records

ARRIVED_AT = datetime(2026, 1, 1, tzinfo=UTC)
SESSION = "72d76fde-8bb3-4e00-8c23-a032dfed738c"
ROW = f"2019-10-01 00:00:00 UTC,view,44600062,2103807459595387724,,shiseido,35.79,541312140,{SESSION}"

PIECES = [
    *(f"{line}\n".encode() for line in (HEADER, ROW, uci_retail.HEADER)),
    b"536365,85123A,TEA TOWEL,6,2010-12-01 08:26:00,2.55,17850.0,Norway\r\n",
    b"71,4002,305,pv,1511740800\n",
    b"\n",
    b"\r",
    b'"',
    b",",
    b";",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\x1f\x8b",
    gzip.compress(f"{HEADER}\n{ROW}\n".encode(), mtime=0),
]


def recording_of(tmp_path: Path, *rows: bytes, end: bytes = b"\n") -> Path:
    path = tmp_path / "recorded.csv"
    path.write_bytes(b"\n".join([HEADER.encode(), *rows]) + end)
    return path


def read(path: Path) -> tuple[list[Record], list[tuple[int, bytes, str]]]:
    bad: list[tuple[int, bytes, str]] = []
    return list(records(path, bad_row=lambda *what: bad.append(what))), bad


def row_with(**columns: str) -> str:
    values = dict(zip(COLUMNS, ROW.split(","), strict=True)) | columns
    return ",".join(values.values())


def test_the_recorded_sample_gives_all_its_events(recorded: Path):
    """5,019 rows, 1,755 users and three exact duplicates are what the file holds."""
    rows, bad = read(recorded / "mkechinov-2019-Oct-first-5k.csv")
    events = [parse(row.data, arrived_at=ARRIVED_AT) for row in rows]
    assert not bad
    assert all(isinstance(event, Event) and to_line(event) == row.data for event, row in zip(events, rows, strict=True))
    assert (len(rows), len({row.partition_key for row in rows}), len({row.data for row in rows})) == (5019, 1755, 5016)


def test_a_row_becomes_the_event_it_records():
    """Empty columns stay away, the price stays exact, the time loses its ending."""
    event = parse(to_record(ROW.encode(), line=2, end=0).data, arrived_at=ARRIVED_AT)
    assert isinstance(event, Event)
    assert (event.event_time, event.price) == (datetime(2019, 10, 1, tzinfo=UTC), Decimal("35.79"))
    assert (event.category_code, event.brand, event.user_session) == (None, "shiseido", SESSION)


def test_an_event_keeps_its_id_over_all_runs():
    """A re-send must be recognisable as one: the id is fixed for ever."""
    assert event_id(ROW.split(",")) == "e70544631e4764b12b64dcc9e"


def test_a_gzip_file_reads_like_the_plain_one(tmp_path: Path):
    """By its content, not by its name: months are stored either way."""
    plain = recording_of(tmp_path, ROW.encode(), row_with(brand="a, b").encode())
    packed = tmp_path / "packed.csv"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert read(packed) == read(plain)


def test_quotes_carriage_returns_a_byte_order_mark_and_blank_lines_are_understood(tmp_path: Path):
    """Spreadsheets write CSV like this."""
    path = tmp_path / "spreadsheet.csv"
    quoted = row_with(brand='"Smith, ""Sons"""')
    path.write_bytes(b"\xef\xbb\xbf" + f"{HEADER}\r\n{quoted}\r\n\r\n{ROW}\r\n".encode())
    rows, bad = read(path)
    assert not bad
    assert [json.loads(row.data)["brand"] for row in rows] == ['Smith, "Sons"', "shiseido"]
    assert [row.source_line for row in rows] == [2, 4]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (row_with(event_time="2019-10-01 00:00:00").encode(), "event_time"),
        (row_with(event_time="2019-02-30 00:00:00 UTC").encode(), "event_time"),
        (row_with(event_type="click").encode(), "event_type"),
        (row_with(price="free").encode(), "price"),
        (row_with(price="").encode(), "price is empty"),
        (row_with(user_id="").encode(), "user_id is empty"),
        (row_with(brand="x" * 200).encode(), "brand"),
        (row_with(brand="\N{REPLACEMENT CHARACTER}").encode(), "brand"),
        (row_with(brand="{" * 120).encode(), "brand"),
        (row_with(brand='"open').encode(), "not CSV"),
        (ROW.encode() + b",more", "10 columns"),
        (b"hello", "1 columns"),
        (b"\xff" + ROW.encode(), "not UTF-8"),
    ],
)
def test_a_bad_row_is_reported_with_its_line_its_bytes_and_the_reason(tmp_path: Path, row: bytes, reason: str):
    """Whoever has to mend the file must find the place; the rows around it are sent."""
    rows, [(line, content, why)] = read(recording_of(tmp_path, ROW.encode(), row, ROW.encode()))
    assert (line, content) == (3, row + b"\n")
    assert reason in why
    assert [r.source_line for r in rows] == [2, 4]


@settings(deadline=None)
@given(st.lists(st.text(max_size=130), min_size=9, max_size=9) | st.just(ROW.split(",")), st.data())
def test_a_row_is_an_event_for_the_domain_or_it_is_kept(columns: list[str], data: st.DataObject):
    """What replay sends as an event must never be rejected downstream."""
    good = ROW.split(",")
    for position in data.draw(st.sets(st.integers(0, 8), max_size=2)):
        good[position] = columns[position]
    read_recording(f"{HEADER}\n{','.join(good)}\n{ROW}".encode())


@settings(deadline=None)
@given(st.binary(max_size=99) | st.lists(st.sampled_from(PIECES)).map(b"".join))
def test_of_any_file_every_row_is_sent_or_kept_with_its_bytes_and_a_reason(content: bytes):
    """Whatever a download, a spreadsheet or a disk has made of it."""
    read_recording(content)


@pytest.mark.parametrize("cut", [1, 10, 40, 100])
def test_a_cut_off_last_row_is_bad(tmp_path: Path, cut: int):
    """Half a session id would be another session, half a price another price."""
    rows, [(line, _, reason)] = read(recording_of(tmp_path, ROW.encode(), ROW.encode()[:-cut], end=b""))
    assert (len(rows), line) == (1, 3)
    assert "columns" in reason or "ends in the middle" in reason


def test_a_whole_last_row_without_a_line_break_counts(tmp_path: Path):
    """Some tools end a file without one."""
    assert len(read(recording_of(tmp_path, ROW.encode(), ROW.encode(), end=b""))[0]) == 2


def test_a_truncated_gzip_file_is_named_as_such(tmp_path: Path):
    """What was there is sent, and then it must not look like the end."""
    path = tmp_path / "cut.csv.gz"
    whole = gzip.compress(f"{HEADER}\n".encode() + f"{ROW}\n".encode() * 50_000)
    path.write_bytes(whole[: len(whole) // 2])
    taken = iter(records(path))
    with pytest.raises(Fault, match="cut off after line"):
        for _ in taken:
            pass


@pytest.mark.parametrize(
    "content", [b"", b"a,b\n1,2\n", b"\x1f\x8bnonsense", b"\x00" * 100, b"x" * (LONGEST_ROW_BYTES + 2)]
)
def test_what_is_no_recording_stops_at_once(tmp_path: Path, content: bytes):
    """Nothing may be sent from a file of another kind."""
    path = tmp_path / "other"
    path.write_bytes(content)
    with pytest.raises(Fault, match="other"):
        records(path)


def test_without_a_keeper_of_bad_rows_the_first_one_stops(tmp_path: Path):
    """Nobody may lose rows by not asking."""
    with pytest.raises(Fault, match="line 3: price"):
        list(records(recording_of(tmp_path, ROW.encode(), row_with(price="-").encode())))


@pytest.mark.parametrize("packed", [False, True])
def test_it_goes_on_after_any_position(tmp_path: Path, packed: bool):
    """The rest is the rest, wherever an earlier run stopped."""
    path = recording_of(tmp_path, *(row_with(product_id=str(number)).encode() for number in range(1, 8)))
    if packed:
        path.write_bytes(gzip.compress(path.read_bytes()))
    whole = list(Recording(path))
    for count, record in enumerate(whole, start=1):
        after = Position(line=record.source_line, offset=record.source_end)
        assert list(Recording(path, after=after)) == whole[count:]


def test_a_file_shorter_than_the_position_is_refused(tmp_path: Path):
    """It is not the file that was begun."""
    with pytest.raises(Fault, match="without --resume"):
        Recording(recording_of(tmp_path, ROW.encode()), after=Position(line=9, offset=10_000))
