"""The page about the bill, docs/cost.md, made from the studies of the stages."""

from collections.abc import Iterable, Iterator

from commerce.rules.page import markdown_table
from stacks.cost.enough import caught_up_events_per_second
from stacks.cost.savings import NIGHT_HOURS
from stacks.cost.study import Study
from stacks.cost.tables import PriceTable, assumptions
from stacks.cost.wording import (
    bill_header,
    bill_rows,
    comparison_sentence,
    crossover_sentence,
    dominant_rows,
    per_million_rows,
    rate_titles,
    saving_rows,
    shortfall_rows,
    sum_rows,
)

_INTRODUCTION = """\
# What it costs

A model, not a bill: it synthesises the templates of a stage, goes over every resource in them, and multiplies what a
month of steady traffic uses by list prices. A type of resource that has neither a price nor a place on the list of
what costs nothing is an error. This page is made by

```sh
python -m stacks cost --page docs/cost.md
```

and a bill for your own traffic, for people or for tools, by

```sh
python -m stacks cost --events-per-day 2000000 --stage prod
python -m stacks cost --events-per-day 2000000 --stage dev --format json
python -m stacks cost --stage dev --cdk-out cdk.out --format csv
```

With `--cdk-out` it prices the templates that `make synth` wrote, and says nothing about other settings.
"""
_READING = """\
Rates are means over the month, day and night. Storage is counted when it is as full as it will be: raw objects for
as long as the stage keeps them, and a year of the lake. What is not in a template is not in the bill: the bucket of
`cdk bootstrap`, users of QuickSight, a shop's own way of sending events, and traffic out of the region.
"""
_OTHERS = """\
A request of theirs may carry several events, and their platform does other things than this one. It was their line for
real time in earlier revisions of their page.
"""
_NIGHT = """\
## Stopping the detector at night

`detector_rests=(22, 6)` in a stage of `stacks/stages.py` adds two schedules, and a rule that mutes the alarms of a
stopped detector until an hour after it starts. At 22:00 UTC EventBridge Scheduler stops the application, and Managed
Flink takes a snapshot while it stops; at 6:00 it starts from the latest snapshot and reads on where it left off. The
events of the night wait in the stream, which keeps them for `stream_retention_hours`; a stage whose rest is longer
than half of that is refused. Firehose, the raw bucket and the nightly jobs do not notice. Incidents of the night open
in the morning, so the nightly run restates the people-only numbers of that day a day later. Above {rate}
events a second for each KPU of the detector, catching up takes longer than the hour for which alarms are mute: raise
`detector_parallelism` before, or let it run.
"""
_ONE_FIREHOSE = """\
## What would not lower it

**One Firehose instead of two.** Firehose bills by volume and not by stream. The one of the incidents stream carries
tallies and episodes, and costs {incidents_firehose} US dollars a month at 10 events/s, objects included; sent by
the other, the same records would be billed there.

**Anything, of what Firehose takes in.** It counts every record as 5 KB, and an event has less than a tenth of that.
Several events in one record would cost less here and in the streams; one event a record is what the detector, the
exact bytes in the raw bucket and the account of every record rest on.

**A smaller scan bound.** `bytes_scanned_cutoff` bounds a single question in Athena, {cutoff} on `dev`: the dearest
question costs {dearest} US dollars. It lowers the bill only where the lake is so large that questions run into it, and
those are stopped, paid and not answered.
"""
_RECORDED = """\
## When it changes

`stacks/cost/recorded.json` holds what the stage `dev` costs. A test fails where the model is more than 5 % away from
it. Where that is what you want, record the new figure, and make this page anew:

```sh
python -m stacks cost --record
```
"""


def page(studies: list[Study]) -> str:
    """Return the page as Markdown; the first study is of the default stage."""
    first = studies[0]
    parts = [
        _INTRODUCTION,
        f"Prices: {first.table.region}, {first.table.as_of}.\n{_READING}",
        *(part for study in studies for part in _stage(study)),
        f"## Others\n\n{comparison_sentence(first)} {_OTHERS}",
        _night(),
        _not_lowering(first),
        _RECORDED,
        *_prices(first.table),
        *_assumptions(),
    ]
    return "\n".join(parts)


def _stage(study: Study) -> Iterator[str]:
    rates = rate_titles(study)
    yield f"## Stage {study.stage}\n"
    yield _table(bill_header(study), [*bill_rows(study), *sum_rows(study)])
    for name, enough, consequence in shortfall_rows(study):
        yield f"**`{name}` is not enough:** {consequence}. Raise it to {enough}.\n"
    yield "For a million events, idle included:\n"
    yield _table(("US dollars", *rates[1:]), per_million_rows(study))
    yield "What costs most:\n"
    yield _table(("at", "first", "second", "third"), dominant_rows(study))
    if study.savings:
        yield "Settings of `stacks/stages.py` that would lower it, in US dollars a month; each by itself:\n"
        yield _table(("setting", *rates, "gives up"), [(f"`{row[0]}`", *row[1:]) for row in saving_rows(study)])
    yield crossover_sentence(study) + "\n"


def _night() -> str:
    unit = assumptions()["kpu_events_per_second"].value
    return _NIGHT.format(rate=f"{caught_up_events_per_second(unit, rest_hours=NIGHT_HOURS):,.0f}")


def _not_lowering(study: Study) -> str:
    bill, cutoff = study.bills[10.0], 10 * 1024**3
    ours = [line for line in bill.lines if "IncidentsDelivery" in line.resource]
    return _ONE_FIREHOSE.format(
        incidents_firehose=f"{sum(map(bill.usd, ours)):.2f}",
        cutoff="10 GiB",
        dearest=f"{cutoff / 1e12 * study.table.prices['athena_tb'].usd:.2f}",
    )


def _prices(table: PriceTable) -> Iterator[str]:
    yield "## Prices\n"
    yield f"{table.note} They are in `stacks/cost/prices.json`.\n"
    rows = [
        (
            f"[{price.service}]({price.page})",
            f"{price.usd:.10f}".rstrip("0").rstrip("."),
            price.per,
            _found(price.found_in),
        )
        for price in table.prices.values()
    ]
    yield _table(("service", "US dollars", "for a", "read in"), rows)
    yield "These types cost nothing by themselves:\n"
    yield _table(("type", "because"), table.costs_nothing.items())


def _found(place: str) -> str:
    return place or "**not looked up**"


def _assumptions() -> Iterator[str]:
    yield "## Assumptions\n"
    yield "Of your shop, and of the programs; they are in `stacks/cost/assumptions.json`.\n"
    rows = [(name, f"{each.value:g}", each.unit, each.because) for name, each in assumptions().items()]
    yield _table(("assumption", "value", "unit", "where it comes from"), rows)


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return "\n".join(markdown_table(header, rows))
