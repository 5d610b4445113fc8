"""What every source yields and every sink takes, and the one way in which either fails."""

from dataclasses import dataclass
from datetime import datetime


class Fault(Exception):
    """Something the person at the keyboard can put right; the message says what, in one line."""


@dataclass(slots=True, kw_only=True)
class Record:
    """One record for the events stream: its bytes hold no line break.

    `event_time` is None where the record is no event. `source_line` and `source_end` say where a recorded file
    goes on after it: the line's number, and the offset in bytes (of the unpacked file). Not frozen, because setting
    frozen fields costs more than making the event does; nobody changes one.
    """

    data: bytes
    partition_key: str
    event_time: datetime | None
    source_line: int = 0
    source_end: int = 0
