"""Everything the command says about the cost of one stage, computed once for table, JSON, CSV and page."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Any

from stacks.cost.bill import Bill, price
from stacks.cost.crossover import Crossover, crossover
from stacks.cost.enough import Shortfall, shortfalls
from stacks.cost.month import Month
from stacks.cost.savings import Saving, savings
from stacks.cost.tables import PriceTable, assumptions, price_table
from stacks.cost.templates import Templates, synthesise
from stacks.stages import Stage

IDLE = 0.0
RATES = (IDLE, 1.0, 10.0, 100.0, 1000.0)
SECONDS_OF_A_DAY = 86_400
DOMINANT = 3


@dataclass(frozen=True, kw_only=True)
class Study:
    """The bills of one stage by mean rate of events, idle first, what would not do at a rate, and what follows."""

    stage: str
    bills: Mapping[float, Bill]
    asked_events_per_second: float | None
    shortfalls: Mapping[float, tuple[Shortfall, ...]]
    crossover: Crossover
    savings: tuple[Saving, ...]
    table: PriceTable

    @property
    def idle(self) -> Bill:
        """The bill without a single event."""
        return self.bills[IDLE]

    @property
    def services(self) -> list[str]:
        """The services by what they cost in the dearest month."""
        return list(max(self.bills.values(), key=lambda bill: bill.total).by_service())

    def dominant(self, rate: float) -> list[tuple[str, float]]:
        """Return what costs most at a rate: names of prices with their share of the bill."""
        bill = self.bills[rate]
        return [(name, usd / bill.total) for name, usd in list(bill.by_price().items())[:DOMINANT]]

    def as_dict(self) -> dict[str, Any]:
        """Return the study for tools; all money in US dollars a month."""
        return {
            "stage": self.stage,
            "region": self.table.region,
            "as_of": self.table.as_of,
            "idle_usd": self.idle.total,
            "rates": [self._rate(rate) for rate in self.bills],
            "crossover": {
                "peak_factor": self.crossover.peak_factor,
                "provisioned_cheaper_from_events_per_second": self.crossover.from_events_per_second,
                "highest_peak": {f"{rate:g}": peak for rate, peak in self.crossover.highest_peak.items()},
            },
            "savings": [
                {
                    "setting": saving.setting,
                    "value": saving.value,
                    "usd": {f"{rate:g}": usd for rate, usd in saving.usd.items()},
                    "gives_up": saving.gives_up,
                }
                for saving in self.savings
            ],
        }

    def _rate(self, rate: float) -> dict[str, Any]:
        bill = self.bills[rate]
        return {
            "events_per_second": rate,
            "events_per_day": rate * SECONDS_OF_A_DAY,
            "usd": bill.total,
            "usd_above_idle": bill.total - self.idle.total,
            "usd_per_million_events": bill.per_million_events(),
            "services": bill.by_service(),
            "dominant": [{"price": name, "share": share} for name, share in self.dominant(rate)],
            "not_enough": [asdict(each) for each in self.shortfalls[rate]],
        }


def study(
    stage: Stage,
    *,
    templates: Templates | None = None,
    events_per_day: float | None = None,
    synthesised: Callable[[Stage], Templates] = synthesise,
    with_savings: bool = True,
) -> Study:
    """Study a stage; its templates are synthesised if they are not given. Raises what `price` and a synth raise."""
    make = cache(synthesised)
    templates = templates or make(stage)
    asked = None if events_per_day is None else events_per_day / SECONDS_OF_A_DAY
    rates = sorted({*RATES, *(() if asked is None else (asked,))})
    bills = {rate: price(templates, events_per_second=rate) for rate in rates}
    month = Month(templates=templates, assumed=assumptions(), events_per_second=IDLE)
    return Study(
        stage=stage.name,
        bills=bills,
        asked_events_per_second=asked,
        shortfalls={rate: tuple(shortfalls(replace(month, events_per_second=rate))) for rate in rates},
        crossover=crossover(month, prices=price_table().prices, rates=tuple(rates)),
        savings=tuple(savings(stage, bills, month=month, synthesised=make)) if with_savings else (),
        table=price_table(),
    )
