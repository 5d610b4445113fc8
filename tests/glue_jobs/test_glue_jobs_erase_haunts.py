"""What is kept about a session or an address that was the user's alone goes with the user; what others share stays."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from erasure_rig import NOW, USER, Incident, erase, event, fill, incident, raw_objects
from lake_rig import Lake, embedded, new_bucket

from commerce.incident import to_line
from glue_jobs.tables import ALLOWANCES, VERDICTS, Table
from glue_jobs.tables import INCIDENTS as INCIDENTS_TABLE

pytestmark = pytest.mark.usefixtures("few_marts_throughout")
OWN, SHARED = "192.0.2.7", "192.0.2.8"
EVENTS = "raw/events/2019/10/01/10/a.gz"
INCIDENTS = "raw/incidents/2019/10/01/10/i.gz"
LATER = "raw/events/2019/10/02/10/later.gz"


def about(subject_type: str, subject: str) -> Incident:
    return replace(incident(f"{subject_type} {subject}", subject), subject_type=subject_type)


SUBJECTS = [
    ("session", "own"),
    ("session", "shared"),
    ("session", "later"),
    ("session", USER),  # a session called like the user, and somebody else's
    ("address", OWN),
    ("address", SHARED),
    ("user", "u2"),
    ("user", "own"),  # a user called like the session
]
GOES = {"session own", "session later", f"address {OWN}"}
# An incident of several subjects, some of them the user by one name or another.
CROWD = replace(about("site", "site"), subjects=("own", "u2", USER, OWN, "shared"))
RAW = {
    EVENTS: [
        event("e1", USER, user_session="own", ip_address=OWN),
        event("e2", USER, user_session="shared", ip_address=SHARED),
        event("e3", "u2", user_session="shared", ip_address=SHARED),
        event("e4", "u3", user_session=USER),
        event("e5", USER),
    ],
    INCIDENTS: [*(to_line(about(*subject)) for subject in SUBJECTS), to_line(CROWD)],
}


def add(lake: Lake, table: Table, **columns: Any) -> None:
    rows = [
        {"subject_type": kind, "subject": name, "incident_id": f"{kind} {name}", **columns} for kind, name in SUBJECTS
    ]
    filled = [
        {name: row.get(name) for name in table.column_names}
        for row in (*rows, {"subject_type": "user", "subject": USER})
    ]
    lake.engine.present("added", table.columns, filled)
    lake.engine.append(table, f"SELECT {', '.join(table.column_names)} FROM added")


def erased_in(folder: Path) -> Lake:
    """Return a lake after the erasure; one object with events of the user nobody had taken yet."""
    lake = embedded(new_bucket(), folder)
    fill(lake.settings.raw_bucket, RAW)
    lake.curate()
    fill(lake.settings.raw_bucket, {LATER: [event("e6", USER, day=2, user_session="later")]})
    add(lake, VERDICTS, taken_out_from=NOW, taken_out_until=NOW)
    add(lake, ALLOWANCES, because="a", added_by="b", added_at=NOW, expires_at=datetime(2100, 1, 1, tzinfo=UTC))
    erase(lake)
    return lake


def test_incidents_from_before_anybody_else_took_part_do_not_stand_in_the_way(s3, tmp_path):
    """A lake that was begun by an older version has rows with nothing in that column."""
    lake = embedded(new_bucket(), tmp_path)
    fill(lake.settings.raw_bucket, RAW)
    lake.curate()
    columns = ", ".join("NULL AS subjects" if name == "subjects" else name for name in INCIDENTS_TABLE.column_names)
    lake.engine.replace(INCIDENTS_TABLE, f"SELECT {columns} FROM incidents")
    fill(lake.settings.raw_bucket, {LATER: [event("e6", USER, day=2, user_session="later")]})
    erase(lake)
    left = {row["incident_id"] for row in lake.rows("SELECT incident_id FROM incidents WHERE subjects IS NULL")}
    assert left == {CROWD.incident_id, *(f"{kind} {name}" for kind, name in SUBJECTS)} - GOES


@pytest.fixture(scope="module")
def erased(s3, tmp_path_factory) -> Lake:
    return erased_in(tmp_path_factory.mktemp("haunts"))


def test_incidents_about_what_was_the_users_alone_go(erased):
    """The session's name is the user's as much as the user's id."""
    left = {CROWD.incident_id, *(f"{kind} {name}" for kind, name in SUBJECTS)} - GOES
    assert {row["incident_id"] for row in erased.rows("SELECT incident_id FROM incidents")} == left


def test_their_lines_in_the_raw_objects_become_empty_and_all_others_stay(erased):
    """Or the first rebuild would bring them back."""
    assert raw_objects(erased)[INCIDENTS][:-1] == [
        b"" if f"{kind} {name}" in GOES else line
        for (kind, name), line in zip(SUBJECTS, RAW[INCIDENTS][:-1], strict=True)
    ]


def test_the_user_is_taken_from_those_who_took_part(erased):
    """In the lake and in the raw object alike; the others stay."""
    left = erased.rows("SELECT subjects FROM incidents WHERE subject = 'site'")
    assert left == [{"subjects": ["u2", "shared"]}]
    assert raw_objects(erased)[INCIDENTS][-1] == to_line(replace(CROWD, subjects=("u2", "shared")))


@pytest.mark.parametrize("table", ["verdicts", "allowances"])
def test_rows_that_name_a_subject_by_its_type_go_with_the_user(erased, table):
    """The user's own, and those of what was the user's alone."""
    left = {f"{row['subject_type']} {row['subject']}" for row in erased.rows(f"SELECT * FROM {table}")}
    assert left == {f"{kind} {name}" for kind, name in SUBJECTS} - GOES
    iceberg = erased.engine._iceberg(next(each for each in (VERDICTS, ALLOWANCES) if each.name == table))
    assert len(iceberg.snapshots()) == 1, "time travel would still show them"


def test_the_receipt_counts_them(erased):
    """Three incidents, and of each table three and the user's own."""
    assert erased.rows("SELECT other_rows FROM erasures") == [{"other_rows": 3 + 4 + 4}]


def test_who_is_erased_last_takes_what_was_shared_along(s3, tmp_path):
    """Then it is nobody else's any more."""
    lake = erased_in(tmp_path)
    erase(lake, "u2")
    left = {row["incident_id"] for row in lake.rows("SELECT incident_id FROM incidents")}
    assert left == {f"session {USER}", "user own", CROWD.incident_id}
