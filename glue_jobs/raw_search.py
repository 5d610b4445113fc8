"""Looks through raw objects for a user, and writes those anew that hold one.

Which objects that are cannot be told from the tables: they name the object an event came from, but not those in which
it came again, nor those that nobody has taken yet. So every object is read; several at once, because most of the time
is spent waiting for them.
"""

from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from glue_jobs.raw import RawBucket, RawObject, records
from glue_jobs.settings import LakeSettings
from glue_jobs.traces import Haunt, Sought, Traces

READ_AT_ONCE = 4


@dataclass(frozen=True, kw_only=True)
class TouchedObject:
    """A raw object that holds something of the user: so many records change, so many remain.

    The rest is that of `Traces`.
    """

    raw: RawObject
    feed: str
    changed: int
    remaining: int
    event_ids: frozenset[str]
    haunts: frozenset[Haunt]
    shares_ids: bool


@dataclass(frozen=True, kw_only=True)
class RawSearch:
    """The raw objects of both feeds. `with_duplicates` are those of which some records were duplicates."""

    raw: RawBucket
    settings: LakeSettings
    with_duplicates: Collection[str] = ()

    def look(self, feed: str, sought: Sought) -> tuple[TouchedObject, ...]:
        """Return the objects of a feed that hold something of the user. Raises RawError."""
        objects = self.raw.objects(self._prefix(feed))
        with ThreadPoolExecutor(READ_AT_ONCE) as readers:
            looked = readers.map(lambda found: self._look(feed, found, sought), objects)
            return tuple(touched for touched in looked if touched.changed or touched.shares_ids)

    def rewrite(self, touched: TouchedObject, sought: Sought) -> None:
        """Write the object anew without what it holds of the user. Raises RawError."""
        content = self.raw.read(touched.raw.key)
        traces = self._traces(touched.feed, touched.raw, content, sought)
        self.raw.rewrite(touched.raw.key, traces.removed_from(content))

    def delete_versions(self, feed: str, sought: Sought) -> Iterator[str]:
        """Delete older versions that hold something of the user, where the bucket keeps versions; yield their keys."""
        for found, version_id in self.raw.older_versions(self._prefix(feed)):
            content = self.raw.read(found.key, version_id=version_id)
            if self._traces(feed, found, content, sought).lines:
                self.raw.delete_version(found.key, version_id)
                yield found.key

    def _look(self, feed: str, found: RawObject, sought: Sought) -> TouchedObject:
        content = self.raw.read(found.key)
        traces = self._traces(feed, found, content, sought)
        remaining = sum(1 for _ in records(traces.removed_from(content))) if traces.lines else 0
        return TouchedObject(
            raw=found,
            feed=feed,
            changed=len(traces.lines),
            remaining=remaining,
            event_ids=traces.event_ids,
            haunts=traces.haunts,
            shares_ids=traces.shares_ids,
        )

    def _traces(self, feed: str, found: RawObject, content: bytes, sought: Sought) -> Traces:
        if feed == "incidents":
            return sought.in_incidents(content)
        may_share_ids = found.key in self.with_duplicates
        return sought.in_events(content, arrived_at=found.arrived_at, may_share_ids=may_share_ids)

    def _prefix(self, feed: str) -> str:
        return self.settings.incidents_prefix if feed == "incidents" else self.settings.events_prefix
