"""Days of a shop's events as raw objects on disk, made by SQL: tens of millions of lines in minutes.

The shape is that of the recorded data (docs/dataset.md): fourteen events a user, five a visit, interest in users and
products that falls by Zipf's law, 3 % carts, 1.5 % purchases, a third of the products without a category's name. Some
records come twice and some are no events. Dice are hashes of counters, so the same number of rows gives the same
bytes, and no process has to remember what another one drew.
"""

import gzip
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from pathlib import Path

import duckdb

from simulator.people import day_curve

FIRST_DAY = date(2019, 10, 1)
MONTH_DAYS = 31
EVENTS_PREFIX = "raw/events/"
EVENTS_A_VISIT = 4.6
EVENTS_A_USER = 14
USER_EXPONENT = 0.5
PRODUCT_EXPONENT = 0.8
DUPLICATES = 0.003
REJECTS = 0.001
# Below this size a day comes in one object; above it in one an hour, as from a busy shop.
HOURLY_FROM_ROWS = 1_000_000
_MINUTE_MS = 60_000


@dataclass(frozen=True, kw_only=True)
class Input:
    """The raw objects of one size. `folder` is laid out as the bucket is."""

    rows: int
    days: tuple[date, ...]
    folder: Path

    @property
    def compressed_bytes(self) -> int:
        """The size of all objects."""
        return sum(path.stat().st_size for path in self.folder.rglob("*.gz"))


def prepare(
    rows: int, *, below: Path, days: int = MONTH_DAYS, reached: Callable[[str], None] = lambda _step: None
) -> Input:
    """Return the input of about so many rows, making it unless an earlier run has; a broken-off one is made anew."""
    name = f"input-{rows}" if days == MONTH_DAYS else f"input-{rows}-{days}-days"
    made = Input(rows=rows, days=tuple(FIRST_DAY + timedelta(days=n) for n in range(days)), folder=below / name)
    if made.folder.is_dir():
        return made
    unfinished = below / f"{name}.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
        for number, day in enumerate(made.days):
            reached(f"{rows:,} rows: {day}")
            lines = _lines_sql(rows, round(rows / days / EVENTS_A_VISIT), number=number, day=day)
            _write_day(connection, unfinished, lines=lines, day=day)
    unfinished.rename(made.folder)
    return made


def _write_day(connection: duckdb.DuckDBPyConnection, folder: Path, *, lines: str, day: date) -> None:
    connection.execute(f"CREATE OR REPLACE TEMP TABLE lines AS {lines}")
    hours = [hour for (hour,) in connection.sql("SELECT DISTINCT hour FROM lines ORDER BY hour").fetchall()]
    with ThreadPoolExecutor(max_workers=2) as writers:  # zlib lets other threads run meanwhile
        written = [
            writers.submit(_write_object, folder / _key(hour, day), _hour_of_lines(connection, hour)) for hour in hours
        ]
    for future in written:
        future.result()


def _hour_of_lines(connection: duckdb.DuckDBPyConnection, hour: datetime) -> str:
    together = "SELECT string_agg(line || chr(10), '' ORDER BY event_time) FROM lines WHERE hour = ?"
    return str(connection.execute(together, [hour]).fetchall()[0][0])


def delivered_from(day: date) -> str:
    """Return what the keys of all objects begin with, or come behind, that are delivered on this day or later."""
    return f"{EVENTS_PREFIX}{day:%Y/%m/%d}/"


def _key(hour: datetime, day: date) -> str:
    return f"{EVENTS_PREFIX}{hour:%Y/%m/%d/%H}/events-{day:%Y%m%d}.gz"


def _write_object(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode(), compresslevel=4, mtime=0))


def dice(*parts: str | int) -> str:
    """Return an expression for 64 bits that depend on all of the parts, the last of which names the purpose.

    Hashed twice: DuckDB's hash of several values only XORs the last one in, so two purposes would go hand in hand.
    """
    return f"hash(hash({', '.join(map(str, parts))}))"


def chance(*parts: str | int) -> str:
    """Return an expression that is uniform in [0, 1) over its parts."""
    return f"({dice(*parts)} / 18446744073709551616.0)"


def zipf(chance: str, count: int, exponent: float) -> str:
    """Return an expression for a rank from 0 to `count` - 1; the inverse of the continuous distribution."""
    power = 1 - exponent
    return f"least(CAST(floor(pow(1 + {(count + 1) ** power - 1!r} * {chance}, {1 / power!r})) AS BIGINT), {count}) - 1"


def _lines_sql(rows: int, visits: int, *, number: int, day: date) -> str:
    """Return the query for the lines of a day, the `number`-th, with so many visits: event_time, arrival hour, line."""
    return f"""
WITH visits AS ({_visits(visits, users=max(1, rows // EVENTS_A_USER), number=number)}
), acts AS ({_acts(rows, day)}
), described AS ({_described()}
), written AS ({_written()}
)
SELECT event_time, {_arrival_hour(rows)} AS hour, line FROM (
  SELECT event_time, line FROM written
  UNION ALL
  SELECT event_time + INTERVAL 2 SECOND, line FROM written WHERE fate < {DUPLICATES}
  UNION ALL
  SELECT event_time, {_spoilt()} FROM written WHERE fate BETWEEN {DUPLICATES} AND {DUPLICATES + REJECTS}
)"""


def _visits(visits: int, *, users: int, number: int) -> str:
    return f"""
  SELECT
    {number} * {visits}::BIGINT + visit AS visit,
    {zipf(chance("visit", number, 1), users, USER_EXPONENT)} AS user_rank,
    ({_minutes()})[1 + CAST(floor({chance("visit", number, 2)} * 1440) AS INTEGER)] * {_MINUTE_MS}
      + CAST(floor({chance("visit", number, 3)} * {_MINUTE_MS}) AS BIGINT) AS begun_ms,
    least(58, 1 + CAST(floor(ln(1 - {chance("visit", number, 4)}) / ln(0.768)) AS INTEGER)) AS views,
    {chance("visit", number, 5)} < 0.138 AS carts,
    {chance("visit", number, 6)} < 0.5 AS buys,
    printf('%016x%016x', {dice("visit", number, 7)}, {dice("visit", number, 8)}) AS name
  FROM range({visits}) AS made (visit)"""


def _acts(rows: int, day: date) -> str:
    """Return the acts of each visit: what goes into the cart was looked at last, what is bought went into the cart."""
    products = max(100, min(160_000, rows // 100))
    midnight_ms = round(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
    return f"""
  SELECT *,
    CASE WHEN act <= views THEN 'view' WHEN act = views + 1 THEN 'cart' ELSE 'purchase' END AS event_type,
    {zipf(chance("visit", "least(act, views)", 12), products, PRODUCT_EXPONENT)} AS product,
    {midnight_ms} + begun_ms + act * 28000 + CAST({dice("visit", "act", 13)} % 26000 AS BIGINT) AS at_ms
  FROM (
    SELECT *, unnest(range(1, 1 + views + CASE WHEN NOT carts THEN 0 WHEN buys THEN 2 ELSE 1 END)) AS act FROM visits
  )"""


def _described() -> str:
    """Return the acts with all that stands in a line; a product's description hangs on its number alone."""
    spread = " + ".join(chance("product", purpose) for purpose in (18, 19, 20))
    return f"""
  SELECT visit, act, event_type, make_timestamp(at_ms * 1000) AS event_time,
    {chance("visit", "act", 14)} AS fate,
    500000000 + {dice("user_rank", 15)} % 100000000 AS user_id,
    name[:8] || '-' || name[9:12] || '-' || name[13:16] || '-' || name[17:20] || '-' || name[21:] AS user_session,
    1000000 + product * 337 AS product_id,
    {dice("product", 16)} % 624 AS category,
    {dice("product", 17)} % 3400 AS brand,
    CAST(100 * exp(3.8 + 2.2 * ({spread} - 1.5)) AS BIGINT) AS cents
  FROM acts"""


def _written() -> str:
    """Return the acts as lines of JSON, as `commerce.event.to_line` writes them."""
    code = f"printf('group%d.kind%d', {dice('category', 24)} % 13, {dice('category', 25)} % 10)"
    return f"""
  SELECT event_time, visit, act, fate,
    '{{"event_id":"e' || printf('%016x%08x', {dice("visit", "act", 21)}, {dice("visit", "act", 22)} % 4294967296)
    || '","event_time":"' || strftime(event_time, '%Y-%m-%dT%H:%M:%S.%gZ')
    || '","event_type":"' || event_type
    || '","product_id":"' || product_id
    || '","category_id":"' || 2053013550000000000 + category * 7919
    || CASE WHEN {dice("category", 23)} % 100 < 32 THEN '' ELSE '","category_code":"' || {code} END
    || CASE WHEN brand < 476 THEN '' ELSE '","brand":"brand' || brand END
    || '","price":"' || printf('%d.%02d', cents // 100, cents % 100)
    || '","user_id":"' || user_id
    || '","user_session":"' || user_session || '"}}' AS line
  FROM described"""


def _arrival_hour(rows: int) -> str:
    if rows >= HOURLY_FROM_ROWS:
        return "date_trunc('hour', event_time)"
    return "date_trunc('day', event_time) + INTERVAL 23 HOUR"


def _spoilt() -> str:
    """Return an expression that spoils a line in one of four ways."""
    return f"""CASE {dice("visit", "act", 26)} % 4
    WHEN 0 THEN line[:length(line) * 2 // 3]
    WHEN 1 THEN regexp_replace(line, '"user_id":"[0-9]*",', '')
    WHEN 2 THEN replace(line, '"event_type":"view"', '"event_type":"click"')
    ELSE regexp_replace(line, '"price":"', '"price":"EUR ') END"""


def _minutes() -> str:
    """Return 1,440 minutes of a day, each as likely as the shop is busy then."""
    busy = list(accumulate(day_curve(minute * _MINUTE_MS) for minute in range(1440)))
    return f"[{', '.join(map(str, _at_equal_shares(busy)))}]"


def _at_equal_shares(busy: list[float]) -> Iterator[int]:
    minute = 0
    for share in range(1440):
        while busy[minute] < (share + 0.5) / 1440 * busy[-1]:
            minute += 1
        yield minute
