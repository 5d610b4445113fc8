"""Watches how far the pipeline has got while a schedule runs: which incidents were told, how much is in the archive."""

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from laptop.demo.readings import RawRecords, alert_mail

LOOK_EVERY_SECONDS = 0.25
ARCHIVE_EVERY_SECONDS = 1.0


@dataclass
class Mailbox:
    """The alerts told so far, read as they come: how often each incident, and how often that it has risen."""

    folder: Path
    topic: str
    told: Counter[str] = field(default_factory=Counter)
    risen: Counter[str] = field(default_factory=Counter)
    _seen: set[str] = field(default_factory=set)

    def read(self) -> None:
        """Take the mails that are new."""
        for file in self.folder.glob("*.eml"):
            if file.name not in self._seen:
                self._seen.add(file.name)
                if (mail := alert_mail(file, topic=self.topic)) is not None:
                    (self.risen if mail.risen else self.told)[mail.incident_id] += 1


@dataclass(frozen=True)
class Step:
    """Something that was seen to be reached: when, by the monotonic clock, and how much."""

    at: float
    reached: int


class Watch:
    """Looks at mailbox and archive from a thread of its own.

    `due` are the incidents of the schedule in the order in which they must come; what is reached is how many of them,
    from the first on, are told without a gap.
    """

    def __init__(self, mailbox: Mailbox, archive: RawRecords, due: Sequence[str]) -> None:
        self.told = [Step(time.monotonic(), 0)]
        self.archived = [Step(time.monotonic(), archive.records)]
        self._mailbox = mailbox
        self._archive = archive
        self._due = list(due)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True, name="watch")

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look once more, and no longer."""
        self._end.set()
        self._thread.join()

    @property
    def all_told(self) -> bool:
        """Whether every incident has been told."""
        return self.told[-1].reached == len(self._due)

    def _watch(self) -> None:
        archive_at = 0.0
        while not self._end.is_set():
            self._look()
            if time.monotonic() >= archive_at:
                self._look_at_archive()
                archive_at = time.monotonic() + ARCHIVE_EVERY_SECONDS
            self._end.wait(LOOK_EVERY_SECONDS)
        self._look()
        self._look_at_archive()

    def _look(self) -> None:
        self._mailbox.read()
        reached = self.told[-1].reached
        while reached < len(self._due) and self._due[reached] in self._mailbox.told:
            reached += 1
        self.told.append(Step(time.monotonic(), reached))

    def _look_at_archive(self) -> None:
        self._archive.read()
        self.archived.append(Step(time.monotonic(), self._archive.records))


def reached_at(steps: Sequence[Step], count: int) -> float | None:
    """Return when so many were reached; None where they never were."""
    return next((step.at for step in steps if step.reached >= count), None)
