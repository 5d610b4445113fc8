"""The marts: questions answered once a day and kept. Each is one SELECT, in DuckDB's SQL, in a file of its name."""

from dataclasses import dataclass
from importlib.resources import files

from glue_jobs.engine import Engine
from glue_jobs.tables import Column, Table


@dataclass(frozen=True, kw_only=True)
class Mart:
    """One mart: its table with documented columns and grain, and what it is good for."""

    table: Table
    good_for: str

    @property
    def select(self) -> str:
        """The SQL that gives the mart's rows."""
        return (files(__package__) / f"{self.table.name}.sql").read_text(encoding="utf-8")


DAILY_VISITORS = Mart(
    table=Table(
        name="daily_visitors",
        grain="One row a UTC day that has events.",
        columns=(
            Column("day", "date", "The UTC day of the events."),
            Column("visitors", "bigint", "Different users."),
            Column("visits", "bigint", "Different sessions; a user's events without a session are one a day."),
            Column("events", "bigint", "Events of every type."),
            Column("views", "bigint", "Product views."),
            Column("carts", "bigint", "Products put into a cart."),
            Column("purchases", "bigint", "Products bought."),
            Column("revenue", "decimal(18,2)", "Sum of the prices of what was bought, exact."),
        ),
    ),
    good_for="How busy the shop was each day, and what it took.",
)

MARTS: tuple[Mart, ...] = (DAILY_VISITORS,)


def build_marts(engine: Engine) -> dict[str, int]:
    """Compute every mart anew from the lake; return its rows. Each mart is replaced in one commit."""
    for mart in MARTS:
        engine.create(mart.table)
        engine.replace(mart.table, mart.select)
    return {mart.table.name: engine.ask(f"SELECT COUNT(*) FROM {mart.table.name}").rows[0][0] for mart in MARTS}
