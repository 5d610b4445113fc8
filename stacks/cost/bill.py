"""The bill of one stage at one rate of events: every resource priced, or on the list of what costs nothing."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from stacks.cost import keeping, streaming
from stacks.cost.month import Line, Month
from stacks.cost.tables import Assumption, PriceTable, assumptions, price_table
from stacks.cost.templates import Resource, Templates

METERS: dict[str, Callable[[Resource, Month], Iterator[Line]]] = {
    "AWS::Athena::WorkGroup": keeping.workgroup,
    "AWS::CloudWatch::Alarm": keeping.alarm,
    "AWS::CloudWatch::Dashboard": keeping.dashboard,
    "AWS::DynamoDB::Table": keeping.table,
    "AWS::Glue::Job": keeping.job,
    "AWS::KMS::Key": keeping.own_key,
    "AWS::Kinesis::Stream": streaming.stream,
    "AWS::KinesisAnalyticsV2::Application": streaming.application,
    "AWS::KinesisFirehose::DeliveryStream": streaming.delivery,
    "AWS::Lambda::EventSourceMapping": streaming.event_source,
    "AWS::Lambda::Function": streaming.function,
    "AWS::S3::Bucket": keeping.bucket,
    "AWS::SNS::Topic": keeping.topic,
    "AWS::SQS::Queue": keeping.queue,
    "AWS::SecretsManager::Secret": keeping.secret,
    "AWS::Scheduler::Schedule": streaming.schedule,
}


class UnpricedError(LookupError):
    """Resources of types that nobody has priced; the message names them."""


@dataclass(frozen=True, kw_only=True)
class Bill:
    """What one month costs in US dollars at a steady mean rate of events."""

    lines: tuple[Line, ...]
    table: PriceTable
    events_per_second: float
    events: float

    @cached_property
    def total(self) -> float:
        """Return the whole month."""
        return sum(map(self.usd, self.lines))

    def usd(self, line: Line) -> float:
        """Return what one line costs."""
        return line.quantity * self.table.prices[line.price].usd

    def by_service(self) -> dict[str, float]:
        """Return the month by service."""
        return self._summed(lambda line: self.table.prices[line.price].service)

    def by_price(self) -> dict[str, float]:
        """Return the month by what is paid for, the dearest first."""
        return self._summed(lambda line: line.price)

    def per_million_events(self) -> float | None:
        """Return the cost for each million events, everything included; None where there are none."""
        return self.total / self.events * 1e6 if self.events else None

    def _summed(self, by: Callable[[Line], str]) -> dict[str, float]:
        sums: dict[str, float] = defaultdict(float)
        for line in self.lines:
            sums[by(line)] += self.usd(line)
        return dict(sorted(sums.items(), key=lambda entry: -entry[1]))


def price(
    templates: Templates,
    *,
    events_per_second: float,
    table: PriceTable | None = None,
    assumed: Mapping[str, Assumption] | None = None,
) -> Bill:
    """Price a stage. Raises UnpricedError and UnknownPartError rather than leave a resource out."""
    table, assumed = table or price_table(), assumed or assumptions()
    known = METERS.keys() | table.costs_nothing.keys()
    if unknown := sorted({resource.type for resource in templates.resources} - known):
        raise UnpricedError(f"no price line and not on the list of what costs nothing: {', '.join(unknown)}")
    month = Month(templates=templates, assumed=assumed, events_per_second=events_per_second)
    metered = (resource for resource in templates.resources if resource.type in METERS)
    lines = tuple(line for resource in metered for line in METERS[resource.type](resource, month))
    return Bill(lines=lines, table=table, events_per_second=events_per_second, events=month.events)
