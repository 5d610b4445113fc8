"""The traffic that the detector is measured with, as files of lines: people by Zipf's law, and attacks among them.

A hundred events come a second, so a longer file is more hours of the same shop. Two files hold them in turn, as two
shards would. Dice are hashes of counters (`benchmarks.input`): the same number of events gives the same bytes.
"""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from benchmarks.input import EVENTS_A_USER, EVENTS_A_VISIT, chance, dice, zipf

EVENTS_PER_SECOND = 100
SHARDS = 2
BEGIN = datetime(2025, 3, 3, 8, tzinfo=UTC)
USER_EXPONENT = 0.5
PRODUCT_EXPONENT = 0.8
PRODUCTS = 50_000
HOT_USER = "499999999"
# Each kind of attack comes again after so long.
ATTACK_EVERY_SECONDS = 600
# People are already in the shop when the traffic begins: it is as dense in its first minute as in its last.
WARM_UP_SECONDS = 1800
_BROWSERS = 40
_BEGIN_MS = round(BEGIN.timestamp() * 1000)


@dataclass(frozen=True, kw_only=True)
class Attack:
    """So many events at one pace; they take turns between users, sessions, addresses and products."""

    events: int
    every_ms: int
    event_type: str = "view"
    users: int = 1
    sessions: int = 1
    addresses: int = 1
    products: int = 5
    cents: int = 1999
    shake: float = 0.8


# What each rule is to find, but for the surge of a whole site, and those that look back for more hours than are made.
ATTACKS = (
    Attack(events=300, every_ms=350),
    Attack(events=300, every_ms=350, users=3),
    Attack(events=500, every_ms=200, users=5, sessions=5),
    Attack(events=220, every_ms=2_500, products=500),
    Attack(events=50, every_ms=25_000, shake=0.02),
    Attack(events=60, every_ms=15_000, event_type="cart", products=60),
    Attack(events=15, every_ms=20_000, event_type="purchase", cents=100, products=15),
    Attack(events=30, every_ms=20_000, users=6, addresses=6),
    Attack(events=120, every_ms=8_000, users=60, sessions=60),
)


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """A folder with a file a shard. `users` is how many different ones there are."""

    events: int
    users: int
    folder: Path

    @property
    def bytes(self) -> int:
        """The size of the files."""
        return sum(path.stat().st_size for path in self.folder.glob("shard-*"))


def prepare(events: int, *, below: Path, hot: bool = False) -> Traffic:
    """Return about so many events, making them unless an earlier run has. With `hot`, half are of one user."""
    folder = below / f"traffic-{events}{'-hot' if hot else ''}"
    if not folder.is_dir():
        unfinished = folder.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        _write(events, unfinished, hot=hot)
        unfinished.rename(folder)
    return Traffic(folder=folder, **json.loads((folder / "traffic.json").read_text()))


def _write(events: int, folder: Path, *, hot: bool) -> None:
    """Write the shards and, beside them, how many events and users they hold."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
        connection.execute(f"CREATE TEMP TABLE acts AS {_in_turn(events, hot=hot)}")
        for shard in range(SHARDS):
            lines = f"SELECT {_LINE} FROM acts WHERE number % {SHARDS} = {shard} ORDER BY number"
            raw = "FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\x01'"
            connection.execute(f"COPY ({lines}) TO '{folder / f'shard-{shard}'}' ({raw})")
        counts = connection.sql("SELECT COUNT(*), COUNT(DISTINCT user_id) FROM acts").fetchall()[0]
    (folder / "traffic.json").write_text(json.dumps(dict(zip(("events", "users"), counts, strict=True))))


def _in_turn(events: int, *, hot: bool) -> str:
    """Return the query for all acts by time, numbered; those of the hot user look at products as anybody does."""
    seconds = events / EVENTS_PER_SECOND
    visits = round((seconds + WARM_UP_SECONDS) * EVENTS_PER_SECOND / EVENTS_A_VISIT)
    user = f"CASE WHEN {dice('at_ms', 'act', 41)} % 2 = 0 THEN '{HOT_USER}' ELSE user_id END" if hot else "user_id"
    return f"""
SELECT * REPLACE ({user} AS user_id), row_number() OVER (ORDER BY at_ms, event_id) AS number
FROM ({_people(visits, seconds=seconds, users=max(1, events // EVENTS_A_USER))}
  UNION ALL {" UNION ALL ".join(_attacks(seconds))})
WHERE at_ms BETWEEN {_BEGIN_MS} AND {_BEGIN_MS} - 1 + {round(seconds * 1000)}"""


def _people(visits: int, *, seconds: float, users: int) -> str:
    """Return the acts of people: a look every half minute or so, three in a hundred a cart, some of these bought."""
    return f"""
SELECT {_BEGIN_MS} + begun_ms + act * 28000 + CAST({dice("visit", "act", 1)} % 26000 AS BIGINT) AS at_ms, act,
  printf('e%016x%02x', {dice("visit", 2)}, act) AS event_id,
  CASE WHEN act <= views THEN 'view' WHEN act = views + 1 THEN 'cart' ELSE 'purchase' END AS event_type,
  CAST(1000000 + 337 * {zipf(chance("visit", "act", 3), PRODUCTS, PRODUCT_EXPONENT)} AS VARCHAR) AS product_id,
  CAST(500 + {dice("visit", "act", 4)} % 20000 AS BIGINT) AS cents,
  CAST(500000000 + user_rank AS VARCHAR) AS user_id, printf('s%016x', {dice("visit", 5)}) AS user_session,
  user_rank // 2 AS home, {dice("user_rank", 6)} % {_BROWSERS} AS browser
FROM (
  SELECT *, unnest(range(1, 1 + views + CASE WHEN NOT carts THEN 0 WHEN buys THEN 2 ELSE 1 END)) AS act
  FROM (
    SELECT visit, {zipf(chance("visit", 7), users, USER_EXPONENT)} AS user_rank,
      CAST({chance("visit", 8)} * {(seconds + WARM_UP_SECONDS) * 1000} AS BIGINT)
        - {WARM_UP_SECONDS * 1000} AS begun_ms,
      least(58, 1 + CAST(floor(ln(1 - {chance("visit", 9)}) / ln(0.768)) AS INTEGER)) AS views,
      {chance("visit", 10)} < 0.138 AS carts, {chance("visit", 11)} < 0.5 AS buys
    FROM range({visits}) AS made (visit)
  )
)"""


def _attacks(seconds: float) -> Iterator[str]:
    times = max(1, int(seconds // ATTACK_EVERY_SECONDS))
    for number, attack in enumerate(ATTACKS):
        first = ATTACK_EVERY_SECONDS * 1000 * number // len(ATTACKS) // 2
        start = f"{_BEGIN_MS} + {first} + time * {ATTACK_EVERY_SECONDS * 1000}"
        who = f"(time * {len(ATTACKS)} + {number}) * 1000"
        shaken = f"CAST({attack.shake * attack.every_ms} * {chance('time', 'act', number, 21)} AS BIGINT)"
        yield f"""
SELECT {start} + act * {attack.every_ms} + {shaken}, act, printf('a%d-%d-%d', {number}, time, act),
  '{attack.event_type}', CAST(9000000 + act % {attack.products} AS VARCHAR), CAST({attack.cents} AS BIGINT),
  CAST(700000000 + {who} + act % {attack.users} AS VARCHAR),
  printf('a%d-%d-%d', {number}, time, act % {attack.sessions}), 2000000 + {who} + act % {attack.addresses}, {_BROWSERS}
FROM range({times}) AS repeated (time), range({attack.events}) AS made (act)"""


_LINE = """'{"event_id":"' || event_id
  || '","event_time":"' || strftime(make_timestamp(at_ms * 1000), '%Y-%m-%dT%H:%M:%S.%gZ')
  || '","event_type":"' || event_type || '","product_id":"' || product_id
  || '","category_id":"' || 2053013550000000000 + hash(product_id) % 600
  || '","category_code":"group' || hash(product_id) % 13 || '.kind' || hash(product_id) % 10
  || '","brand":"brand' || hash(product_id) % 3400 || '","price":"' || printf('%d.%02d', cents // 100, cents % 100)
  || '","user_id":"' || user_id || '","user_session":"' || user_session
  || '","ip_address":"' || printf('10.%d.%d.%d', home // 65536 % 256, home // 256 % 256, home % 256)
  || '","user_agent":"Mozilla/5.0 (X11; Linux x86_64; rv:' || 100 + browser || '.0) Gecko/20100101 Firefox"}'"""
