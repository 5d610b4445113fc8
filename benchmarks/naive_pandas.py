"""The five questions as an analyst would write them in pandas, over the lake's own files.

All events are read into one frame, then each question is a few lines. Prices become whole cents, because sums of
floats would not give the same ranks.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from benchmarks.timing import Stopwatch

COLUMNS = ["event_time", "event_type", "product_id", "category_id", "category_code", "brand", "price", "user_id"]
COLUMNS += ["user_session"]
LEVELS = {"shop": [], "category": ["category"], "brand": ["category", "brand"]}
Frame = pd.DataFrame


def run(files: Sequence[str], answers: Path) -> dict[str, Any]:
    """Answer all five from the files and write each answer as Parquet; return the seconds of each and of reading."""
    watch = Stopwatch()
    with watch.step("reading"):
        events = pd.concat([read(path) for path in files], ignore_index=True)
    for question in QUESTIONS:
        (answers / question.__name__).mkdir(parents=True)
        with watch.step(question.__name__):
            question(events).to_parquet(answers / question.__name__ / "answer.parquet")
    return watch.seconds_by_step()


def read(path: str) -> Frame:
    """Read one file, with the columns that the questions want."""
    events = pd.read_parquet(path, columns=COLUMNS, partitioning=None)
    events["day"] = events["event_time"].dt.tz_localize(None).dt.floor("D")
    events["cents"] = (events["price"].astype(float) * 100).round().astype("int64")
    events["category"] = events["category_code"].fillna("id " + events["category_id"]).fillna("unknown")
    events["brand"] = events["brand"].fillna("unknown")
    for name, kind in (("views", "view"), ("carts", "cart"), ("purchases", "purchase")):
        events[name] = (events["event_type"] == kind).astype("int64")
    events["revenue"] = events["cents"] * events["purchases"]
    return events.drop(columns=["event_time", "event_type", "price", "cents", "category_id", "category_code"])


def daily_visitors(events: Frame) -> Frame:
    """Visitors, visits and what they did, by day."""
    visits = events.groupby(["user_id", "user_session"]).agg(day=("day", "min"), sold=("purchases", "max"))
    by_day = events.groupby("day").agg(
        visitors=("user_id", "nunique"),
        events=("user_id", "size"),
        views=("views", "sum"),
        carts=("carts", "sum"),
        purchases=("purchases", "sum"),
        revenue=("revenue", "sum"),
    )
    by_day["visits"] = visits.groupby("day").size().reindex(by_day.index, fill_value=0)
    by_day["conversion"] = visits.groupby("day")["sold"].mean()
    return _in_money(by_day.reset_index())


def funnel(events: Frame) -> Frame:
    """From looking to buying, by day: the shop, each category, each brand in it."""
    return pd.concat([_funnel(events, level, keys) for level, keys in LEVELS.items()], ignore_index=True)


def _funnel(events: Frame, level: str, keys: list[str]) -> Frame:
    users = events.groupby(["day", "user_id", *keys])[["views", "carts", "purchases"]].sum().reset_index()
    viewed, carted, bought = users["views"] > 0, users["carts"] > 0, users["purchases"] > 0
    users = users.assign(
        viewers=viewed,
        carters=viewed & carted,
        buyers=viewed & carted & bought,
        all_carters=carted,
        all_buyers=bought,
    )
    counted = users.drop(columns="user_id").groupby(["day", *keys]).sum().reset_index()
    missing = {name: "" for name in ("category", "brand") if name not in keys}
    return counted.assign(level=level, **missing)


def brand_ranking(events: Frame) -> Frame:
    """Brands within their category, by week."""
    week = (events["day"] - pd.to_timedelta(events["day"].dt.weekday, unit="D")).rename("week")
    brands = events.groupby([week, "category", "brand"])[["views", "carts", "purchases", "revenue"]].sum().reset_index()
    brands["view_share"] = brands["views"] / brands.groupby(["week", "category"])["views"].transform("sum")
    brands = brands.sort_values(
        ["week", "category", "revenue", "views", "brand"], ascending=[True, True, False, False, True]
    )
    known = brands[brands["brand"] != "unknown"]
    brands["rank"] = (known.groupby(["week", "category"]).cumcount() + 1).astype("Int64")
    return _in_money(brands)


def product_performance(events: Frame) -> Frame:
    """Best and worst products."""
    products = (
        events.groupby("product_id")
        .agg(
            category=("category", "max"),
            brand=("brand", "max"),
            views=("views", "sum"),
            carts=("carts", "sum"),
            purchases=("purchases", "sum"),
            revenue=("revenue", "sum"),
        )
        .reset_index()
    )
    products["conversion"] = products["purchases"] / products["views"].where(products["views"] > 0)
    often = products[products["views"] >= 10]
    products["revenue_rank"] = _rank(products, ["revenue", "purchases"], [False, False])
    products["revenue_rank_from_bottom"] = _rank(products, ["revenue", "views"], [True, False])
    products["conversion_rank"] = _rank(often, ["conversion", "views"], [False, False])
    products["conversion_rank_from_bottom"] = _rank(often, ["conversion", "views"], [True, False])
    return _in_money(products)


def _rank(products: Frame, by: list[str], ascending: list[bool]) -> "pd.Series[int]":
    """Return each product's place, from 1; those that are equal are ordered by product_id."""
    ordered = products.sort_values([*by, "product_id"], ascending=[*ascending, True])
    return pd.Series(np.arange(1, len(ordered) + 1), index=ordered.index)


def rfm(events: Frame) -> Frame:
    """Buyers by recency, frequency and value."""
    bought = events[events["purchases"] == 1]
    orders = bought.groupby(["user_id", "user_session"]).agg(day=("day", "max"), revenue=("revenue", "sum"))
    buyers = orders.groupby("user_id").agg(day=("day", "max"), orders=("day", "size"), revenue=("revenue", "sum"))
    buyers = buyers.reset_index()
    buyers["recency_days"] = (events["day"].max() - buyers["day"]).dt.days
    r = _fifth(-buyers["recency_days"], equals="average")
    f, m = _fifth(buyers["orders"]), _fifth(buyers["revenue"])
    buyers["score"] = r.astype(str) + f.astype(str) + m.astype(str)
    segments = [
        ((r >= 4) & (f >= 4) & (m >= 4), "champions"),
        ((r >= 3) & (f >= 4), "loyal"),
        ((r >= 3) & (m >= 4), "big_spenders"),
        ((f >= 4) | (m >= 4), "at_risk"),
        ((r >= 4) & (f <= 2), "new"),
        (r >= 3, "promising"),
        (r == 2, "sleeping"),
    ]
    conditions, names = zip(*segments, strict=True)
    buyers["segment"] = np.select(list(conditions), list(names), default="lost")
    return _in_money(buyers.drop(columns="day"))


def _fifth(values: "pd.Series[int]", *, equals: Literal["min", "average"] = "min") -> "pd.Series[int]":
    """Return 1 to 5 by the share of the others that are below; of equals, by the lowest or by the middle of them."""
    below_twice = (2 * values.rank(method=equals)).astype("int64") - (2 if equals == "min" else 1)
    return (1 + 5 * below_twice // (2 * len(values))).clip(upper=5)


def _in_money(frame: Frame) -> Frame:
    return frame.assign(revenue=frame["revenue"] / 100)


QUESTIONS: tuple[Callable[[Frame], Frame], ...] = (
    daily_visitors,
    funnel,
    brand_ranking,
    product_performance,
    rfm,
)
