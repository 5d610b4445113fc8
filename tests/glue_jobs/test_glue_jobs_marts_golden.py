"""Each mart, over the golden shop, gives the rows that were worked out without it; and the rules that need more room.

The golden files are in `golden/marts`: `events.csv` tells the shop's three weeks, each mart's file its rows, with a
comment where one is surprisingly there or not. NULL is written out, an empty field is the empty text.
"""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from itertools import count

import pytest
from lake_rig import embedded
from marts_rig import GOLDEN_EVENTS, GOLDEN_MARTS, Made, events_of, golden_events, make_marts, read_commented_csv

from glue_jobs.marts import Period, marts
from glue_jobs.settings import KEPT_FOR_A_TIME

NAMES = sorted(mart.name for mart in marts())
PYTHON_TYPES = {
    "string": str,
    "bigint": int,
    "double": float,
    "boolean": bool,
    "date": date,
    "timestamp": datetime,
    "decimal(12,2)": Decimal,
    "decimal(18,2)": Decimal,
    "decimal(38,4)": Decimal,
}
BANDS = {
    "0": "0000-0010",
    "9.99": "0000-0010",
    "10": "0010-0025",
    "24.99": "0010-0025",
    "25": "0025-0050",
    "50": "0050-0100",
    "99.99": "0050-0100",
    "100": "0100-0250",
    "250": "0250-0500",
    "500": "0500-1000",
    "999.99": "0500-1000",
    "1000": "1000 and more",
    "9999999999.99": "1000 and more",
}
DAY_PRICES = list(enumerate(BANDS, start=1))
DEVICES = {
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) Version/18.3 Mobile/15E148 Safari/604.1": "phone",
    "Mozilla/5.0 (Linux; Android 10; K) Chrome/133.0.0.0 Mobile Safari/537.36": "phone",
    "Mozilla/5.0 (Linux; Android 13; CUBOT P80) Chrome/133.0.0.0 Mobile Safari/537.36": "phone",
    "Mozilla/5.0 (Linux; Android 13; CUBOT P80; compatible; Googlebot/2.1) Mobile": "script",
    "Mozilla/5.0 (Linux; Android 14; SM-X200) Chrome/133.0.0.0 Safari/537.36": "tablet",
    "Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X) Mobile/15E148 Safari/604.1": "tablet",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:135.0) Gecko/20100101 Firefox/135.0": "computer",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.3 Safari/605.1.15": "computer",
    "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) Chrome/133.0.0.0 Safari/537.36": "computer",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)": "script",
    "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/133.0.0.0 Safari/537.36": "script",
    "PYTHON-REQUESTS/2.32.3": "script",
    "Go-http-client/2.0": "script",
    "curl/8.5.0": "script",
    "Wget/1.24.5": "script",
    "Scrapy/2.12.0 (+https://scrapy.org)": "script",
    "Baiduspider": "script",
    "Ahrefs crawler": "script",
    "Apache-HttpClient/5.4 (Java/17)": "script",
    "Apache-HttpClient/5.4": "script",
    "Java/17.0.9": "script",
    "okhttp/4.12.0": "script",
    "something else": None,
    "": None,
}
Make = Callable[..., dict[str, Made]]
_NUMBERS = count(1)


@pytest.fixture(scope="module")
def make(tmp_path_factory) -> Make:
    """Return what makes all marts of some events in DuckDB."""
    engine = embedded("raw", tmp_path_factory.mktemp("duckdb")).engine
    return partial(make_marts, engine)


@pytest.fixture(scope="module")
def golden(make) -> dict[str, Made]:
    """Return the marts of the golden shop."""
    return make(golden_events())


def event(event_type: str, **fields: str) -> dict[str, str]:
    """Return an event as it is written on the wire, with what the test does not care about filled in."""
    usual = {
        "event_id": f"e-{next(_NUMBERS):06d}",
        "event_time": "2025-03-03T12:00:00.000Z",
        "event_type": event_type,
        "product_id": "product",
        "category_code": "category",
        "price": "100.00",
        "user_id": "somebody",
        "user_session": "visit",
    }
    return {**usual, **fields}


def views(times: int, day: str, **fields: str) -> list[dict[str, str]]:
    return [event("view", event_time=f"2025-03-{day}T12:00:00.000Z", **fields) for _ in range(times)]


def purchases(times: int, day: str, **fields: str) -> list[dict[str, str]]:
    return [event("purchase", event_time=f"2025-03-{day}T12:00:00.000Z", **fields) for _ in range(times)]


@pytest.mark.parametrize("name", NAMES)
def test_a_mart_gives_the_rows_of_its_golden_file_in_order(name, golden):
    """The rows were worked out from the definitions, not by the query."""
    header, *rows = read_commented_csv(GOLDEN_MARTS / f"{name}.csv")
    assert list(golden[name].columns) == header
    assert golden[name].texts() == [tuple(row) for row in rows]


def test_every_golden_file_is_of_a_mart():
    """A file that nobody reads proves nothing."""
    assert {path.stem for path in GOLDEN_MARTS.glob("*.csv")} == {*NAMES, GOLDEN_EVENTS.stem}


@pytest.mark.parametrize("name", NAMES)
def test_a_row_has_its_key_to_itself_and_its_types(name, golden):
    """Rows are compared and replaced by their key; DuckDB sums whole numbers into wider types unless told."""
    mart = next(mart for mart in marts() if mart.name == name)
    rows = golden[name].dicts()
    keys = [tuple(row[column] for column in mart.key) for row in rows]
    assert len(set(keys)) == len(keys)
    assert None not in {value for key in keys for value in key}
    for column in mart.columns:
        held = {type(row[column.name]) for row in rows} - {type(None)}
        assert held <= {PYTHON_TYPES[column.type]}


def test_the_order_in_which_events_lie_changes_nothing(make, golden):
    """Files are read in any order; whatever is first or last must be so by time and event_id."""
    assert make(golden_events()[::-1]) == golden


def test_nothing_is_made_of_nothing(make):
    """The first build of a new shop is no error, and no row says so."""
    assert {name: made.rows for name, made in make([]).items()} == {name: [] for name in NAMES}


def test_a_price_is_in_the_band_that_begins_with_it(make):
    """No price is in two bands or in none."""
    made = make(events_of([event("view", event_time=f"2025-03-{n:02d}T12:00:00Z", price=p) for n, p in DAY_PRICES]))
    assert [row["band"] for row in made["price_bands"].dicts()] == list(BANDS.values())


def test_a_device_is_known_by_its_user_agent(make):
    """A script that poses as a browser on Linux is still a script."""
    events = [event("view", user_id=f"user-{number}", user_agent=agent) for number, agent in enumerate(DEVICES)]
    made = {row["user_id"]: row["device"] for row in make(events_of(events))["sessions"].dicts()}
    assert {agent: made[f"user-{number}"] for number, agent in enumerate(DEVICES)} == DEVICES


def test_the_segments_that_the_golden_shop_lacks(make):
    """Five buyers, so that a score is a place: recency, orders and revenue from 1, the worst, to 5."""
    # r, f, m
    scores = {"loyal": (4, 5, 1), "at_risk": (1, 4, 2), "at_risk_too": (2, 1, 5), "promising": (3, 3, 3)}
    scores["big_spenders"] = (5, 2, 4)
    bought = [
        row
        for user_id, (recency, orders, revenue) in scores.items()
        for number in range(orders)
        for row in purchases(
            1, f"{recency + 2:02d}", user_id=user_id, user_session=f"s{number}", price=f"{revenue * 1000 / orders:.2f}"
        )
    ]
    made = {row["user_id"]: row for row in make(events_of(bought))["rfm"].dicts()}
    assert {user_id: row["score"] for user_id, row in made.items()} == {
        user_id: "".join(map(str, score)) for user_id, score in scores.items()
    }
    assert {user_id: row["segment"] for user_id, row in made.items()} == {
        user_id: user_id.removesuffix("_too") for user_id in scores
    }


@pytest.mark.parametrize(
    ("history", "now", "listed"),
    [
        # 20 views without a sale, where the other brand sells 2 of 20: an equal part of the views as before.
        ((10, 10), (20, 0, 20, 2), True),
        ((10, 10), (19, 0, 19, 2), False),
        # 1 of 20 against 3 of 40: more than half the rate. Against 4 of 40: half of it, which is not below.
        ((10, 10), (20, 1, 20, 2), False),
        ((10, 10), (20, 1, 20, 3), False),
        ((10, 10), (20, 1, 20, 4), True),
        # A category that sells nothing is nobody's fault.
        ((10, 10), (20, 0, 20, 0), False),
        # A part that rises from 10 of 21 to 20 of 40.
        ((10, 11), (20, 0, 20, 2), False),
    ],
)
def test_a_brand_needs_marketing_by_views_sales_and_its_part_of_the_category(history, now, listed, make):
    """Each of the three conditions counts, at its very border."""
    brand_before, other_before = history
    brand_views, brand_sales, other_views, other_sales = now
    events = [
        *views(brand_before, "07", brand="brand"),
        *views(other_before, "13", brand="other", product_id="other"),
        *views(brand_views, "14", brand="brand"),
        *purchases(brand_sales, "20", brand="brand"),
        *views(other_views, "20", brand="other", product_id="other"),
        *purchases(other_sales, "20", brand="other", product_id="other"),
    ]
    made = make(events_of(events))["brands_needing_marketing"].dicts()
    assert [row["brand"] for row in made] == ["brand"] * listed
    assert [row["falling"] for row in made] == [row["share_change"] < 0 for row in made]


@pytest.mark.parametrize(
    ("first_day", "told"),
    [("08", "There are no 7 days before to compare with."), ("07", "Nobody viewed the category in the 7 days before.")],
)
def test_a_brand_without_a_week_before_has_no_share_to_compare(first_day, told, make):
    """Thirteen days of history are no two weeks; a NULL says so, and the sentence why."""
    events = [
        *views(1, first_day, product_id="old", category_code="elsewhere"),
        *views(20, "20", brand="brand"),
        *views(20, "20", brand="other", product_id="other"),
        *purchases(2, "20", brand="other", product_id="other"),
    ]
    [row] = make(events_of(events))["brands_needing_marketing"].dicts()
    assert (row["share_before"], row["share_change"], row["falling"], row["share_now"]) == (None, None, None, 0.5)
    assert row["reason"].endswith(told)


def test_a_product_of_no_known_brand_needs_no_marketing(make):
    """Nobody can push a brand without a name."""
    events = [
        *views(20, "20"),
        *views(20, "20", brand="other", product_id="other"),
        *purchases(2, "20", brand="other", product_id="other"),
    ]
    assert make(events_of(events))["brands_needing_marketing"].rows == []


def test_of_equal_products_the_worst_is_the_one_viewed_more(make):
    """Ten looks without a sale are worse than one. By conversion, the one viewed more is the surer best, too."""
    events = [
        *views(12, "03", product_id="stared-at"),
        *views(10, "03", product_id="looked-at"),
        *views(1, "03", product_id="glanced-at"),
        *purchases(1, "03", product_id="sold"),
    ]
    made = make(events_of(events))["product_performance"]
    ranks = [made.columns.index(name) for name in made.columns if "rank" in name]
    assert {row[0]: tuple(row[place] for place in ranks) for row in made.rows} == {
        "sold": (1, 4, None, None),
        "glanced-at": (2, 3, None, None),
        "looked-at": (3, 2, 2, 2),
        "stared-at": (4, 1, 1, 1),
    }


def test_those_who_bought_on_one_day_are_neither_lost_nor_the_best(make):
    """After a sale most buyers are equally recent: the crowd is in the middle, and those who stayed away are below."""
    crowd = [row for n in range(17) for row in purchases(1, "20", user_id=f"crowd-{n:02d}", user_session=f"s{n}")]
    away = [row for n in range(3) for row in purchases(1, "03", user_id=f"away-{n}", user_session=f"a{n}")]
    scores = {row["user_id"]: row["recency_score"] for row in make(events_of([*crowd, *away]))["rfm"].dicts()}
    assert {scores[name] for name in scores if name.startswith("crowd")} == {3}
    assert {scores[name] for name in scores if name.startswith("away")} == {1}


def test_a_day_that_has_only_begun_is_no_day_of_the_hours_to_come(make):
    """The marts are built at night: the running day must not make its weekday look quiet."""
    hours = [("10", 2), ("10", 18), ("17", 2), ("17", 18), ("24", 2)]
    seen = [event("view", event_time=f"2025-03-{day}T{hour:02d}:30:00Z", user_id=day) for day, hour in hours]
    made = make(events_of(seen))["weekday_hours"].dicts()
    assert [(row["hour"], row["days"], row["visitors_per_day"]) for row in made] == [(2, 3, 1.0), (18, 2, 1.0)]


def test_a_brand_is_ranked_among_brands(make):
    """What has no brand may sell most: it is part of the category, and no competitor."""
    sold = [
        *purchases(3, "03", product_id="nameless"),
        *purchases(2, "03", product_id="leader", brand="leader"),
        *purchases(1, "03", product_id="second", brand="second"),
    ]
    made = {row["brand"]: row for row in make(events_of(sold))["brand_ranking"].dicts()}
    assert {brand: row["rank"] for brand, row in made.items()} == {"leader": 1, "second": 2, "unknown": None}
    assert sum(row["revenue_share"] for row in made.values()) == 1


@pytest.mark.parametrize(("ahead", "listed"), [("12:59:59Z", 0), ("13:00:00Z", 1)])
def test_a_clock_that_is_ahead_abandons_nobodys_cart(ahead, listed, make):
    """A cart is left for an hour by the time that it is, whatever some browser takes the time to be."""
    cart = event("cart", event_time="2025-03-03T12:00:00Z")
    hasty = event("view", event_time="2025-03-04T11:00:00Z", user_id="hasty", user_session="hasty")
    made = make(events_of([cart, hasty]), asked_at=datetime.fromisoformat(f"2025-03-03T{ahead}"))
    assert len(made["abandoned_carts"].rows) == listed


def test_every_mart_of_single_people_by_the_day_can_be_kept_for_a_time() -> None:
    """A new one must not be left out, but for those that loyalty is told from, over the whole past."""
    of_users = {mart.name for mart in marts() if mart.period is Period.DAY and "user_id" in mart.column_names}
    assert of_users - {"user_days", "basket_days"} == {mart.name for mart in marts()} & set(KEPT_FOR_A_TIME)
