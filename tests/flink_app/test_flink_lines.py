"""The detector reads a line as the reference parser does: the same lines are events, the same reasons are given."""

import base64
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from commerce.event import Event, parse
from commerce.sql.flink import judged_sql
from flink_app.over_files import JAR
from flink_app.streams import give_lines
from flink_app.tables import table_environment

NAMES = ("event_id", "event_type", "product_id", "user_id", "user_session", "ip_address", "user_agent")
Records = Callable[[], Sequence[bytes | None]]
Rows = Callable[[Records], list[Any]]
LINES = Path(__file__).parent.parent / "golden" / "lines" / "lines.jsonl"


def corpus() -> list[dict[str, Any]]:
    """Return the golden lines, each with its reason."""
    return [json.loads(line) for line in LINES.read_text().splitlines()]


def of_corpus() -> list[bytes]:
    return [base64.b64decode(entry["line_base64"]) for entry in corpus()]


def of_several_lines() -> list[bytes | None]:
    """Return records that hold several lines, blank ones, none at all, or nothing."""
    line = base64.b64decode(next(entry["line_base64"] for entry in corpus() if entry["reason"] is None))
    return [line + b"\n" + line, line + b"\n", b"\n \t\r\n", b"", line + b"\n{", None]


def written_otherwise() -> list[bytes]:
    """Return one event as several programs would write it, one with a field given twice."""
    plain = {
        "event_id": "e1",
        "event_time": "2025-03-03T08:00:00.000Z",
        "event_type": "view",
        "product_id": "1",
        "brand": "",
        "price": "9",
        "user_id": "7",
        "user_agent": "a, b: c",
    }
    text = json.dumps(plain, separators=(",", ":"))
    again = text.replace("}", ',"user_id":"8","user_session":"s-1","ip_address":"::1"}')
    return [text.encode(), again.encode(), json.dumps(plain).encode(), text.replace("7", "x7").encode()]


def number(row: Any) -> int:
    """Return the number of the record that a row comes from: it arrived at that second."""
    return row[0].minute * 60 + row[0].second


def taken_apart(folder: Path, records: list[bytes | None]) -> list[Any]:
    """Return the rows that lines become: when they arrived, the fields, and the reason."""
    tables = table_environment()
    tables.get_config().set("pipeline.jars", JAR.as_uri())
    source = folder / "records.json"
    lines = []
    for i, data in enumerate(records):
        record = None if data is None else base64.b64encode(data).decode()
        lines.append(json.dumps({"record": record, "arrived_at": f"2026-01-01 00:{i // 60:02d}:{i % 60:02d}"}) + "\n")
    source.write_text("".join(lines))
    tables.execute_sql(
        "CREATE TEMPORARY TABLE records (record BYTES, arrived_at TIMESTAMP(3)) "
        f"WITH ('connector' = 'filesystem', 'path' = '{source}', 'format' = 'json')"
    )
    give_lines(tables)
    carried = ("arrived_at", *NAMES)
    query = judged_sql(lines="lines", carried=carried, seal="a1b2c3")
    return list(tables.execute_sql(f"SELECT {', '.join(carried)}, reason FROM ({query})").collect())


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """Return what gives the rows of one group of records, numbered from 0: all were read in one run."""
    folder = tmp_path_factory.mktemp("lines")
    groups = (of_corpus, of_several_lines, written_otherwise)
    found = sorted(taken_apart(folder, [record for group in groups for record in group()]), key=number)

    def of_group(group: Records) -> list[Any]:
        first = sum(len(before()) for before in groups[: groups.index(group)])
        last = first + len(group())
        return [(number(row) - first, *row[1:]) for row in found if first <= number(row) < last]

    return of_group


def reasons(rows: list[Any]) -> list[tuple[int, str]]:
    """Return (number of the record, reason) for every line of the records."""
    return sorted((row[0], row[-1] or "") for row in rows)


def test_every_nasty_line_gets_the_reason_the_reference_parser_gives(rows: Rows) -> None:
    """Detector and lake must refuse the same records for the same reason, or the counts would not add up."""
    expected = [(number, entry["reason"] or "") for number, entry in enumerate(corpus())]
    assert reasons(rows(of_corpus)) == expected


def test_a_record_of_several_lines_is_several_events_and_blank_lines_are_none(rows: Rows) -> None:
    """The archive keeps lines; Flink's own json format would drop the second event without a word."""
    found = reasons(rows(of_several_lines))
    assert found == [(0, ""), (0, ""), (1, ""), (4, ""), (4, "not_a_json_object")]


def test_an_event_has_the_fields_the_reference_parser_reads_however_it_is_written(rows: Rows) -> None:
    """Most lines are cut at their quotes and the others parsed: the rules must see no difference."""
    read = [parse(line, arrived_at=datetime(2026, 1, 1, tzinfo=UTC)) for line in [*of_corpus(), *written_otherwise()]]
    expected = [tuple(getattr(event, name) for name in NAMES) for event in read if isinstance(event, Event)]
    found = [*rows(of_corpus), *rows(written_otherwise)]
    assert [tuple(row[1:-1]) for row in found if row[-1] is None] == expected
    assert len(expected) > 10
