"""Recorded traffic of three shops, through replay, curate and the marts, against plain counting over the files."""

import csv
import gzip
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from itertools import islice, pairwise
from pathlib import Path

from lake_rig import Lake, embedded, new_bucket, put

from simulator.replay import records


def replayed(file: Path, lake: Lake, *, records_an_object: int = 50_000) -> Lake:
    """Fill the lake with the rows of a file that are events, as Firehose would deliver them."""
    lines = [record.data for record in records(file, bad_row=lambda *_: None)]
    for first in range(0, len(lines), records_an_object):
        content = b"\n".join(lines[first : first + records_an_object]) + b"\n"
        put(lake.settings.raw_bucket, f"raw/events/2026/01/01/00/{first:09d}.jsonl.gz", content)
    lake.curate()
    lake.build()
    return lake


def test_kaggles_sample_gives_the_numbers_that_counting_gives(recorded, s3, tmp_path):
    """Duplicate rows count once; a missing brand is counted as unknown, not left out."""
    file = recorded / "mkechinov-2019-Oct-first-5k.csv"
    lake = replayed(file, embedded(new_bucket(), tmp_path))
    rows = list({tuple(row.values()): row for row in csv.DictReader(file.open())}.values())
    types = Counter(row["event_type"] for row in rows)
    bought = [Decimal(row["price"]) for row in rows if row["event_type"] == "purchase"]
    (day,) = lake.rows("SELECT * FROM daily_visitors WHERE reading = 'all_traffic'")
    assert (day["visitors"], day["events"]) == (len({row["user_id"] for row in rows}), len(rows))
    assert (day["views"], day["carts"], day["purchases"]) == (types["view"], types["cart"], types["purchase"])
    assert (day["visits"], day["revenue"]) == (len({(r["user_id"], r["user_session"]) for r in rows}), sum(bought))
    brands = lake.rows("SELECT brand, views FROM brand_ranking WHERE reading = 'all_traffic'")
    views: Counter[str] = Counter()
    for row in brands:
        views[row["brand"]] += row["views"]
    assert views == Counter(row["brand"] or "unknown" for row in rows if row["event_type"] == "view")


def test_taobaos_hours_give_the_numbers_that_counting_gives(recorded, s3, tmp_path):
    """A shop that sends no sessions, prices, brands or names of categories."""
    file = recorded / "taobao-UserBehavior-96k.csv.gz"
    lake = replayed(file, embedded(new_bucket(), tmp_path))
    with gzip.open(file, "rt") as lines:
        rows = {tuple(row) for row in csv.reader(lines) if len(row) == 5 and row[4].isdecimal() and len(row[4]) == 10}
    kinds = Counter(kind for _, _, _, kind, _ in rows)
    days = lake.rows("SELECT * FROM daily_visitors WHERE reading = 'people_only' ORDER BY day")
    assert sum(day["events"] for day in days) == len(rows)
    assert [sum(day[name] for day in days) for name in ("views", "carts", "purchases")] == [
        kinds["pv"],
        kinds["cart"],
        kinds["buy"],
    ]
    visits = lake.rows("SELECT COUNT(*) AS visits FROM sessions WHERE reading = 'all_traffic'")[0]["visits"]
    assert visits == sum(_visits(times) for times in _times_by_user(rows).values())


def test_uci_retails_months_give_the_numbers_that_counting_gives(recorded, s3, tmp_path):
    """Some weeks of invoices: each is an order, and the sum is exact to the penny."""
    file = tmp_path / "weeks.csv"
    with gzip.open(recorded / "uci-online-retail-2010-12-to-2011-06.csv.gz", "rt") as lines:
        file.write_text("".join(islice(lines, 50_000)))
    lake = replayed(file, embedded(new_bucket(), tmp_path))
    months = lake.rows("SELECT * FROM daily_revenue WHERE reading = 'all_traffic'")
    sold = list(_sold(file))
    assert sum(day["revenue"] for day in months) == sum(value for _, _, value in sold)
    assert sum(day["orders"] for day in months) == len({(invoice, customer) for invoice, customer, _ in sold})
    assert sum(day["items"] for day in months) == len(sold)
    customers = lake.rows("SELECT COUNT(*) AS customers FROM rfm WHERE reading = 'people_only'")[0]["customers"]
    assert customers == len({customer for _, customer, _ in sold})


def _times_by_user(rows: set[tuple[str, ...]]) -> dict[str, list[int]]:
    times = defaultdict(list)
    for user, *_, seconds in rows:
        times[user].append(int(seconds))
    return times


def _visits(times: list[int]) -> int:
    ordered = sorted(times)
    return 1 + sum(later - earlier > 1800 for earlier, later in pairwise(ordered))


def _sold(file: Path) -> Iterator[tuple[str, str, Decimal]]:
    """Yield invoice, customer and value of each line that sold something to somebody."""
    with file.open() as lines:
        for row in csv.DictReader(lines):
            value = Decimal(row["UnitPrice"]) * Decimal(row["Quantity"])
            cents = value.quantize(Decimal("0.01"), ROUND_HALF_UP)
            if row["CustomerID"] and not row["InvoiceNo"].startswith("C") and cents > 0 and " " not in row["StockCode"]:
                yield row["InvoiceNo"], row["CustomerID"], cents
