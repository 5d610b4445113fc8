"""What the dashboard in QuickSight shows: one chart a mart. A new chart is one entry.

A mart has every number twice, over all traffic and over people only. A chart therefore shows the two side by side, in
a colour each, or the one that the reader chose; it never adds them up.
"""

from dataclasses import dataclass
from enum import StrEnum

from glue_jobs.marts import READING


class Kind(StrEnum):
    """How a chart looks."""

    LINES = "lines"
    BARS = "bars"
    ROWS = "rows"


@dataclass(frozen=True, kw_only=True)
class Chart:
    """One chart over one mart.

    Lines and bars have the column `across` along their axis and sum `values` for each of its values; of a column of
    text they count the different ones. `colour` is a column with a line for each of its values. Bars are the
    `at_most` longest. Rows list the columns `values`, of the rows whose number in the column `across` is at most
    `at_most`, in order of it. `only` fixes columns to a value.
    """

    mart: str
    title: str
    kind: Kind
    across: str
    values: tuple[str, ...]
    colour: str = ""
    at_most: int = 0
    only: tuple[tuple[str, str], ...] = ()

    @property
    def shows_both_readings(self) -> bool:
        """Whether the readings stand side by side, so that the reader need not choose one."""
        return self.colour == READING.name

    @property
    def lists_rows(self) -> bool:
        """Whether it lists rows of the mart as they are."""
        return self.kind is Kind.ROWS


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One page of the dashboard."""

    name: str
    title: str
    charts: tuple[Chart, ...]


SHEETS: tuple[Sheet, ...] = (
    Sheet(
        name="shop",
        title="The shop",
        charts=(
            Chart(
                mart="daily_visitors",
                title="Visitors by day",
                kind=Kind.LINES,
                across="day",
                values=("visitors",),
                colour=READING.name,
            ),
            Chart(
                mart="daily_revenue",
                title="Revenue by day",
                kind=Kind.LINES,
                across="day",
                values=("revenue",),
                colour=READING.name,
            ),
            # QuickSight's own funnel wants a row a step; this mart has a row a day, and so shows how the steps move.
            Chart(
                mart="funnel",
                title="From looking to buying, by day",
                kind=Kind.LINES,
                across="day",
                values=("viewers", "carters", "buyers"),
                only=(("level", "shop"),),
            ),
            Chart(
                mart="product_performance",
                title="Best products by revenue",
                kind=Kind.ROWS,
                across="revenue_rank",
                values=("product_id", "category", "brand", "views", "purchases", "revenue", "conversion"),
                at_most=20,
            ),
            Chart(
                mart="brand_ranking",
                title="Brands by revenue",
                kind=Kind.BARS,
                across="brand",
                values=("revenue",),
                at_most=15,
            ),
            Chart(
                mart="popular_categories_daily",
                title="Categories by views",
                kind=Kind.BARS,
                across="category",
                values=("views",),
                at_most=15,
            ),
        ),
    ),
    Sheet(
        name="shoppers",
        title="Shoppers",
        charts=(
            Chart(
                mart="weekly_retention",
                title="Who comes back, by weeks after the first visit and week of it",
                kind=Kind.LINES,
                across="weeks_after",
                values=("retention",),
                colour="cohort_week",
            ),
            Chart(
                mart="rfm",
                title="Buyers by segment",
                kind=Kind.BARS,
                across="segment",
                values=("user_id",),
                at_most=10,
            ),
            Chart(
                mart="abandoned_carts",
                title="Value left in carts, by category",
                kind=Kind.BARS,
                across="category",
                values=("value",),
                at_most=15,
            ),
        ),
    ),
)
