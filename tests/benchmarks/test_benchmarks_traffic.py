"""The traffic that the detector is measured with: the same again, in time, of Zipf's users, with attacks in it."""

import json
from collections import Counter
from datetime import UTC, datetime

import pytest

from benchmarks.traffic import ATTACKS, EVENTS_PER_SECOND, HOT_USER, Traffic, prepare
from commerce.event import Event, parse

EVENTS = 60_000
LONG_AFTER = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def traffic(tmp_path_factory) -> Traffic:
    return prepare(EVENTS, below=tmp_path_factory.mktemp("traffic"))


@pytest.fixture(scope="module")
def shards(traffic) -> list[list[Event]]:
    read = [[parse(line, arrived_at=LONG_AFTER) for line in shard] for shard in lines(traffic)]
    assert all(isinstance(event, Event) for shard in read for event in shard)
    return read


def lines(traffic: Traffic) -> list[list[bytes]]:
    return [path.read_bytes().splitlines() for path in sorted(traffic.folder.glob("shard-*"))]


def test_the_same_number_gives_the_same_bytes(traffic, tmp_path):
    """Two runs on one machine measure the same work."""
    again = prepare(EVENTS, below=tmp_path)
    for path in traffic.folder.iterdir():
        assert path.read_bytes() == (again.folder / path.name).read_bytes()


def test_each_shard_is_in_time_and_counted(traffic, shards):
    """Out of order, events would be late, and what is late is not judged."""
    times = [[event.event_time for event in shard] for shard in shards]
    assert all(moments == sorted(moments) for moments in times)
    events = [event for shard in shards for event in shard]
    assert len(events) == len({event.event_id for event in events}) == traffic.events
    assert len({event.user_id for event in events}) == traffic.users
    assert traffic.events == pytest.approx(EVENTS, rel=0.15)
    seconds = (max(map(max, times)) - min(map(min, times))).total_seconds()
    assert seconds == pytest.approx(EVENTS / EVENTS_PER_SECOND, rel=0.1)


def test_few_users_make_much_of_the_traffic(shards):
    """With equal users no state would ever be met twice, and none would be large."""
    people = Counter(event.user_id for shard in shards for event in shard if event.user_id < "7")
    top = sum(count for _, count in people.most_common(len(people) // 100))
    assert top > 0.05 * people.total()
    assert len(people) > 0.5 * EVENTS / 14


def test_every_kind_of_attack_is_in_it(shards):
    """Rules that find nothing would have nothing to do once a pane is counted."""
    attackers = Counter(event.event_id.split("-")[0] for shard in shards for event in shard)
    assert all(attackers[f"a{number}"] > 10 for number in range(len(ATTACKS)))


def test_the_hot_user_has_half(traffic, shards, tmp_path):
    """All else is as without it."""
    hot = [[json.loads(line) for line in shard] for shard in lines(prepare(EVENTS, below=tmp_path, hot=True))]
    of_the_hot = sum(event["user_id"] == HOT_USER for shard in hot for event in shard)
    assert of_the_hot == pytest.approx(traffic.events / 2, rel=0.03)
    assert [event["event_id"] for shard in hot for event in shard] == [
        event.event_id for shard in shards for event in shard
    ]
