"""The study in words and rows, the same for the terminal and for the page."""

from collections.abc import Iterator

from stacks.cost.enough import Shortfall
from stacks.cost.savings import Saving
from stacks.cost.study import IDLE, SECONDS_OF_A_DAY, Study

Row = tuple[str, ...]


def money(usd: float | None) -> str:
    """Return dollars as a reader wants them: cents where they are few, a dash where there are none to speak of."""
    if usd is None or abs(usd) < 0.005:
        return "-"
    return f"{usd:,.2f}" if abs(usd) < 100 else f"{usd:,.0f}"


def rate_title(study: Study, rate: float) -> str:
    """Return what a column is called."""
    if rate == IDLE:
        return "idle"
    if rate == study.asked_events_per_second:
        return f"{rate * SECONDS_OF_A_DAY:,.0f}/day"
    return f"{rate:,.4g}/s"


def rate_titles(study: Study) -> Row:
    """Return what the columns are called."""
    return tuple(rate_title(study, rate) for rate in study.bills)


def bill_header(study: Study) -> Row:
    """Return the titles of the bill's columns."""
    return ("US dollars a month", *rate_titles(study))


def bill_rows(study: Study) -> Iterator[Row]:
    """Give a row for each service, then the sums."""
    for service in study.services:
        yield (service, *(money(bill.by_service().get(service)) for bill in study.bills.values()))


def sum_rows(study: Study) -> Iterator[Row]:
    """Give the sums: idle, what the events add, all of it, and for each million events."""
    bills, idle = study.bills.values(), study.idle.total
    yield ("idle: paid without a single event", *(money(idle) for _ in bills))
    yield ("added by the events", *(money(bill.total - idle) for bill in bills))
    yield ("in all", *(money(bill.total) for bill in bills))
    yield ("for a million events", *(money(bill.per_million_events()) for bill in bills))
    yield ("for a million more", *(money(_marginal(study, rate)) for rate in study.bills))


def _marginal(study: Study, rate: float) -> float | None:
    bill = study.bills[rate]
    return (bill.total - study.idle.total) / bill.events * 1e6 if bill.events else None


def per_million_rows(study: Study) -> Iterator[Row]:
    """Give a row for each service: dollars for each million events, idle included."""
    busy = [bill for rate, bill in study.bills.items() if rate != IDLE]
    for service in study.services:
        yield (service, *(money(bill.by_service().get(service, 0) / bill.events * 1e6) for bill in busy))


def dominant_rows(study: Study) -> Iterator[Row]:
    """Give for each rate what costs most, with its share of the bill."""
    for rate in study.bills:
        shares = (
            f"{study.table.prices[name].service}, {_per(study, name)}: {share:.0%}"
            for name, share in study.dominant(rate)
        )
        yield (rate_title(study, rate), *shares)


def _per(study: Study, name: str) -> str:
    return study.table.prices[name].per.partition(",")[0]


def saving_rows(study: Study) -> Iterator[Row]:
    """Give for each setting what it saves at each rate."""
    for saving in study.savings:
        saved = (money(saving.usd.get(rate)) for rate in study.bills)
        yield (setting(saving), *saved, saving.gives_up)


def setting(of: Saving | Shortfall) -> str:
    """Return a setting as it is written in the list of stages."""
    return f"{of.setting}={of.value!r}"


def shortfall_rows(study: Study) -> Iterator[Row]:
    """Give each setting that does not do at some rate, the values that would, and what happens otherwise."""
    enough: dict[tuple[str, str], list[str]] = {}
    for rate, missing in study.shortfalls.items():
        for each in missing:
            needed = enough.setdefault((setting(each), each.consequence), [])
            needed.append(f"{each.enough} at {rate_title(study, rate)}")
    for (name, consequence), needed in enough.items():
        yield (name, ", ".join(needed), consequence)


def crossover_sentence(study: Study) -> str:
    """Say where provisioned streams begin to cost less, and up to which peaks."""
    found = study.crossover
    if found.from_events_per_second is None:
        return (
            f"At no rate do shards cost less than on-demand streams, at peaks of {found.peak_factor:g} times the mean."
        )
    since = found.from_events_per_second
    peaks = ", ".join(
        f"{peak * rate:,.0f} at a mean of {rate_title(study, rate)}" for rate, peak in found.highest_peak.items()
    )
    return (
        f"Shards cost less than on-demand streams {f'from {since:,.3g} events/s on' if since else 'at every rate'}, at "
        f"peaks of {found.peak_factor:g} times the mean. On demand costs less only where more events/s come at the "
        f"peak than {peaks}."
    )


def comparison_sentence(study: Study) -> str:
    """Say what others publish for about the same."""
    other, ours = study.table.published_elsewhere, study.bills[10.0].total
    return (
        f"For comparison: {other.what}, was published as about {other.usd_per_month:,.0f} US dollars a month "
        f"({other.page}). Floorwalker, stage {study.stage}, at 10 events/s: {ours:,.0f}."
    )
