"""The detector reads a line as the reference parser does: the same lines are events, the same reasons are given."""

import base64
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from commerce.event import Event, parse
from commerce.sql.flink import judged_sql, lines_sql
from flink_app.tables import table_environment

from detecting import SETTINGS  # isort: skip  # a module beside this one

LINES = Path(__file__).parent.parent / "golden" / "lines" / "lines.jsonl"


def judged(folder: Path, records: list[bytes]) -> list[tuple[int, str | None]]:
    """Return (number of the record, reason) for every line of the records."""
    rows = taken_apart(folder, records, carried=("arrived_at",))
    return sorted((number(row), row[-1] or "") for row in rows)


def number(row: Any) -> int:
    """Return the number of the record that a row comes from: it arrived at that second."""
    return row[0].minute * 60 + row[0].second


def taken_apart(folder: Path, records: list[bytes], *, carried: Sequence[str]) -> list[Any]:
    """Return the rows that lines become: what is carried, and the reason."""
    tables = table_environment(SETTINGS)
    source = folder / "records.json"
    source.write_text(
        "".join(
            json.dumps(
                {"record": base64.b64encode(data).decode(), "arrived_at": f"2026-01-01 00:{i // 60:02d}:{i % 60:02d}"}
            )
            + "\n"
            for i, data in enumerate(records)
        )
    )
    tables.execute_sql(
        "CREATE TEMPORARY TABLE records (record BYTES, arrived_at TIMESTAMP(3)) "
        f"WITH ('connector' = 'filesystem', 'path' = '{source}', 'format' = 'json')"
    )
    tables.execute_sql(f"CREATE TEMPORARY VIEW lines AS {lines_sql('records')}")
    query = judged_sql(lines="lines", carried=carried, seal="a1b2c3")
    return list(tables.execute_sql(f"SELECT {', '.join(carried)}, reason FROM ({query})").collect())


def test_every_nasty_line_gets_the_reason_the_reference_parser_gives(tmp_path: Path) -> None:
    """Detector and lake must refuse the same records for the same reason, or the counts would not add up."""
    corpus = [json.loads(line) for line in LINES.read_text().splitlines()]
    found = judged(tmp_path, [base64.b64decode(entry["line_base64"]) for entry in corpus])
    expected = [(number, entry["reason"] or "") for number, entry in enumerate(corpus)]
    assert found == expected


def test_a_record_of_several_lines_is_several_events_and_blank_lines_are_none(tmp_path: Path) -> None:
    """The archive keeps lines; Flink's own json format would drop the second event without a word."""
    entry = next(json.loads(line) for line in LINES.read_text().splitlines() if json.loads(line)["reason"] is None)
    line = base64.b64decode(entry["line_base64"])
    found = judged(tmp_path, [line + b"\n" + line, line + b"\n", b"\n \t\r\n", b"", line + b"\n{"])
    assert found == [(0, ""), (0, ""), (1, ""), (4, ""), (4, "not_a_json_object")]


def test_an_event_has_the_fields_the_reference_parser_reads_however_it_is_written(tmp_path: Path) -> None:
    """Most lines are cut at their quotes and the others parsed: the rules must see no difference."""
    corpus = [base64.b64decode(json.loads(line)["line_base64"]) for line in LINES.read_text().splitlines()]
    names = ("event_id", "event_type", "product_id", "user_id", "user_session", "ip_address", "user_agent")
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
    written = [*corpus, text.encode(), again.encode(), json.dumps(plain).encode(), text.replace("7", "x7").encode()]
    rows = taken_apart(tmp_path, written, carried=("arrived_at", *names))
    read = [parse(line, arrived_at=datetime(2026, 1, 1, tzinfo=UTC)) for line in written]
    expected = [tuple(getattr(event, name) for name in names) for event in read if isinstance(event, Event)]
    assert [tuple(row[1:-1]) for row in sorted(rows, key=number) if row[-1] is None] == expected
    assert len(expected) > 10
