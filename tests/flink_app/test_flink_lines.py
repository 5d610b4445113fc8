"""The detector reads a line as the reference parser does: the same lines are events, the same reasons are given."""

import base64
import json
from pathlib import Path

from commerce.sql.flink import judged_sql, lines_sql
from flink_app.tables import table_environment

from detecting import SETTINGS  # isort: skip  # a module beside this one

LINES = Path(__file__).parent.parent / "golden" / "lines" / "lines.jsonl"


def judged(folder: Path, records: list[bytes]) -> list[tuple[int, str | None]]:
    """Return (number of the record, reason) for every line of the records."""
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
    query = judged_sql(lines="lines", carried=("arrived_at",), seal="a1b2c3")
    rows = tables.execute_sql(f"SELECT arrived_at, reason FROM ({query})").collect()
    return sorted((row[0].minute * 60 + row[0].second, row[1] or "") for row in rows)


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
