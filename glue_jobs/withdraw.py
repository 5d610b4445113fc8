"""A person overrules a verdict: what the rule took for an automaton was none, so its events count as people's again.

The decision is kept with its reason; nothing is deleted. The next build of the marts restates the numbers.
"""

from datetime import datetime

from glue_jobs.engine import Engine
from glue_jobs.tables import TABLES, WITHDRAWALS


class WithdrawError(ValueError):
    """An incident that cannot be withdrawn; the message says why."""


def withdraw(engine: Engine, incident_id: str, *, because: str, at: datetime, undo: bool = False) -> dict[str, int]:
    """Note that the incident's verdict is withdrawn or, with `undo`, stands again. Raises WithdrawError."""
    for table in TABLES:
        engine.create(table)
    found = engine.ask("SELECT COUNT(*) FROM incidents WHERE incident_id = ?", (incident_id,)).rows[0][0]
    if not found:
        raise WithdrawError(f"no incident {incident_id!r} in the lake: the alert and `ask verdicts` name them")
    decision = {"incident_id": incident_id, "decided_at": at, "withdrawn": not undo, "because": because}
    engine.present("decision", WITHDRAWALS.columns, [decision])
    return {"decisions": engine.append(WITHDRAWALS, f"SELECT {', '.join(WITHDRAWALS.column_names)} FROM decision")}
