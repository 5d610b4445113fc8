"""What the raw records that are `judged` say and the lake does not: the statements by which the ledger finds it.

A valid record must be in the lake by its id, whether it was the first to bring it or a duplicate; a reject by its
place. And every row of the lake must be what the record at its place says, value by value: of a duplicate no row has
the place, so the event is compared with its first bringer alone.
"""

from collections.abc import Mapping

from glue_jobs.tables import EVENTS, REJECTS, SOURCE, Table

LOST = """
SELECT source_object, line_number, event_id FROM (
  SELECT source_object, line_number, event_id FROM judged
  WHERE reason IS NULL AND NOT EXISTS (SELECT 1 FROM events WHERE events.event_id = judged.event_id)
  UNION ALL
  SELECT source_object, line_number, NULL AS event_id FROM judged
  WHERE reason IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM rejects
    WHERE rejects.source_object = judged.source_object AND rejects.line_number = judged.line_number
  )
) AS lost
ORDER BY source_object, line_number"""


def _differing(table: Table, *, valid: bool, name: str, read: Mapping[str, str]) -> str:
    """Return the query for the first row that is not what its record says: place, `name`, and how many such rows are.

    `read` says how a column is made of `judged` where that has it otherwise. Each ? is the first and the last object
    that is judged: no files of others need to be read.
    """
    values = [column for column in table.column_names if column not in {place.name for place in SOURCE}]
    said = ", ".join(f"{read.get(column, column)} AS {column}" for column in values)
    unlike = " OR ".join(f"found.{column} IS DISTINCT FROM said.{column}" for column in values)
    return f"""
SELECT found.source_object, found.line_number, {name}, COUNT(*) OVER () AS rows FROM (
  SELECT * FROM {table.name}
  WHERE source_object BETWEEN ? AND ? AND source_object IN (SELECT source_object FROM judged)
) AS found
LEFT JOIN (
  SELECT source_object, line_number, {said} FROM judged WHERE reason IS {"NULL" if valid else "NOT NULL"}
) AS said
  ON found.source_object = said.source_object AND found.line_number = said.line_number
WHERE said.line_number IS NULL OR {unlike}
ORDER BY 1, 2
LIMIT 1"""


_TYPED = {
    "event_time": "event_time_parsed",
    "event_day": "CAST(event_time_parsed AS DATE)",
    "price": f"CAST(price AS {EVENTS.type_of('price')})",
}
DIFFERING_EVENTS = _differing(EVENTS, valid=True, name="found.event_id", read=_TYPED)
DIFFERING_REJECTS = _differing(REJECTS, valid=False, name="NULL AS event_id", read={"line": "raw"})
