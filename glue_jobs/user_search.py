"""Finds all that is kept of one user, in the tables and in the raw objects. It changes nothing."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from commerce.rules.rule import SUBJECT_FIELDS
from glue_jobs.engine import Engine
from glue_jobs.raw_search import RawSearch, TouchedObject
from glue_jobs.tables import ALLOWANCES, EVENTS, INCIDENTS, VERDICTS, Column, Table
from glue_jobs.traces import Haunt, Sought
from glue_jobs.upkeep import every_table


@dataclass(frozen=True, kw_only=True)
class Found:
    """What there is of a user.

    `events` counts them by object. `rejects` are their lines by object. `rows` counts the rows of each other table
    with a column of users or of subjects. `samples` are incidents about something else, already without the user
    and the user's events.
    """

    sought: Sought
    events: Mapping[str, int]
    event_days: frozenset[date]
    rejects: Mapping[str, list[int]]
    rows: Mapping[str, int]
    incident_ids: frozenset[str]
    withdrawals: int
    samples: tuple[dict[str, Any], ...]
    objects: tuple[TouchedObject, ...]

    @property
    def other_rows(self) -> int:
        """Rows about the user in tables other than events and rejects."""
        return sum(self.rows.values()) + len(self.incident_ids) + self.withdrawals

    @property
    def changed_objects(self) -> tuple[TouchedObject, ...]:
        """The raw objects to write anew, incidents first: their samples are told by the ids of the events."""
        changed = (touched for touched in self.objects if touched.changed)
        return tuple(sorted(changed, key=lambda touched: (touched.feed != "incidents", touched.raw.key)))

    @property
    def anything(self) -> bool:
        """Whether there is anything at all."""
        return bool(self.events or self.rejects or self.other_rows or self.samples or self.changed_objects)


@dataclass(frozen=True, kw_only=True)
class UserSearch:
    """Looks for one user."""

    engine: Engine
    raw: RawSearch
    user_id: str

    def find(self) -> Found:
        """Look everywhere. Raises RawError."""
        sought, objects = self._objects()
        present_subjects(self.engine, sought)
        incident_ids = self._texts(f"SELECT incident_id FROM incidents WHERE {about_the_user(INCIDENTS)}")
        withdrawn = Counter(
            incident_id for (incident_id,) in self.engine.ask("SELECT incident_id FROM withdrawals").rows
        )
        by_object = self.engine.ask(EVENTS_BY_OBJECT, (self.user_id,)).rows
        days = self.engine.ask("SELECT DISTINCT event_day FROM events WHERE user_id = ?", (self.user_id,)).rows
        return Found(
            sought=sought,
            events=dict(by_object),
            event_days=frozenset(day for (day,) in days),
            rejects=self._rejects(sought),
            rows={table.name: self._count(table) for table in (*tables_with_users(), *TABLES_WITH_SUBJECTS)},
            incident_ids=incident_ids,
            withdrawals=sum(withdrawn[incident_id] for incident_id in incident_ids),
            samples=tuple(self._samples(sought, incident_ids)),
            objects=objects,
        )

    def _objects(self) -> tuple[Sought, tuple[TouchedObject, ...]]:
        """Look through the raw objects; events nobody has taken yet have ids too that incidents may name."""
        ids = self._texts("SELECT event_id FROM events WHERE user_id = ?", self.user_id)
        events = self.raw.look("events", Sought(user_id=self.user_id, event_ids=ids))
        sought = Sought(
            user_id=self.user_id,
            event_ids=ids.union(*(touched.event_ids for touched in events)),
            own_haunts=self._own_haunts(events),
        )
        return sought, (*events, *self.raw.look("incidents", sought))

    def _own_haunts(self, events: Iterable[TouchedObject]) -> frozenset[Haunt]:
        """Return the sessions and addresses of the user's events that no event of another user in the lake has."""
        found: set[Haunt] = set().union(*(touched.haunts for touched in events))
        for subject_type, column in HAUNT_COLUMNS.items():
            seen = self._texts(f"SELECT DISTINCT {column} FROM events WHERE user_id = ?", self.user_id)
            found |= {(subject_type, name) for name in seen if name is not None}
        _present_subjects(self.engine, "haunts", found)
        others: set[Haunt] = set()
        for subject_type, column in HAUNT_COLUMNS.items():
            shared = f"""
                SELECT DISTINCT {column} FROM events WHERE user_id <> ?
                AND {column} IN (SELECT subject FROM haunts WHERE subject_type = '{subject_type}')"""
            others |= {(subject_type, name) for name in self._texts(shared, self.user_id)}
        return frozenset(found - others)

    def _rejects(self, sought: Sought) -> dict[str, list[int]]:
        lines: dict[str, list[int]] = defaultdict(list)
        hexadecimal = self.user_id.encode().hex().upper()
        for key, number, line in self.engine.ask(REJECTS_TO_READ.format(user=hexadecimal)).rows:
            if sought.names_user(line):
                lines[key].append(number)
        return dict(lines)

    def _samples(self, sought: Sought, about: frozenset[str]) -> Iterator[dict[str, Any]]:
        answer = self.engine.ask(f"SELECT {', '.join(INCIDENTS.column_names)} FROM incidents")
        for row in (dict(zip(answer.columns, values, strict=True)) for values in answer.rows):
            samples = [event_id for event_id in row["sample_event_ids"] if event_id not in sought.event_ids]
            # Incidents from before there was the column have nothing in it.
            subjects = row["subjects"] and sought.others(row["subjects"])
            left = {**row, "sample_event_ids": samples, "subjects": subjects}
            if row["incident_id"] not in about and left != row:
                yield left

    def _count(self, table: Table) -> int:
        counted = f"SELECT COUNT(*) FROM {table.name} WHERE"
        if "user_id" in table.column_names:
            return int(self.engine.ask(f"{counted} user_id = ?", (self.user_id,)).rows[0][0])
        return int(self.engine.ask(f"{counted} {about_the_user(table)}").rows[0][0])

    def _texts(self, select: str, *values: str) -> frozenset[str]:
        return frozenset(text for (text,) in self.engine.ask(select, values).rows)


def tables_with_users() -> tuple[Table, ...]:
    """Return the tables with a column of users, without the events themselves."""
    return tuple(table for table in every_table() if "user_id" in table.column_names and table is not EVENTS)


def present_subjects(engine: Engine, sought: Sought) -> None:
    """Make what an incident about the user can be about a relation, for `about_the_user`."""
    _present_subjects(engine, "user_subjects", sought.subjects)


def about_the_user(table: Table) -> str:
    """Return the condition that a row of a table of subjects is about the user."""
    return (
        f"EXISTS (SELECT 1 FROM user_subjects WHERE user_subjects.subject_type = {table.name}.subject_type "
        f"AND user_subjects.subject = {table.name}.subject)"
    )


def _present_subjects(engine: Engine, name: str, subjects: Iterable[Haunt]) -> None:
    rows = [{"subject_type": subject_type, "subject": subject} for subject_type, subject in sorted(subjects)]
    engine.present(name, _SUBJECT, rows)


TABLES_WITH_SUBJECTS = (VERDICTS, ALLOWANCES)
HAUNT_COLUMNS = {kind.value: column for kind, column in SUBJECT_FIELDS.items() if column != "user_id"}
_SUBJECT = (Column("subject_type", "string", "Its type."), Column("subject", "string", "Its name."))
EVENTS_BY_OBJECT = "SELECT source_object, COUNT(*) FROM events WHERE user_id = ? GROUP BY source_object"
# Those that could name the user: with the bytes of the id, or with an escape (5C75 is \u) that may stand for some.
REJECTS_TO_READ = """
SELECT source_object, line_number, line FROM rejects
WHERE hex(line) LIKE '%{user}%' OR hex(line) LIKE '%5C75%'"""
