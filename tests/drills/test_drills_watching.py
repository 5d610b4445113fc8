"""Watching a schedule: what is reached, and when."""

from dataclasses import dataclass, field

from drills.watching import Mailbox, Watch, reached_at


@dataclass
class Archive:
    records: int = 0
    reads: int = 0

    def read(self) -> None:
        self.reads += 1


@dataclass
class Told(Mailbox):
    coming: list[str] = field(default_factory=list)

    def read(self) -> None:
        self.told.update(self.coming)


def test_what_came_last_is_seen_when_the_watch_ends(tmp_path):
    """Else a recovery that was complete would be told as one that never came."""
    mailbox, archive = Told(tmp_path, "topic"), Archive()
    watch = Watch(mailbox, archive, ["a", "b"])
    watch.start()
    while not archive.reads:
        pass
    mailbox.coming = ["a", "b"]
    archive.records = 7
    watch.stop()
    assert watch.all_told
    assert reached_at(watch.told, 2) is not None
    assert reached_at(watch.archived, 7) is not None


def test_an_alert_counts_once_all_before_it_are_told(tmp_path):
    """Told out of turn, it says nothing of what was sent before it."""
    mailbox = Told(tmp_path, "topic", coming=["b"])
    watch = Watch(mailbox, Archive(), ["a", "b"])
    watch.start()
    watch.stop()
    assert reached_at(watch.told, 1) is None
