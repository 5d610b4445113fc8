"""The bill is that of the templates: nothing in them is left out, and what dominates it is right by hand."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from simulator import generate
from simulator.options import Options
from stacks.cost import recorded
from stacks.cost.bill import METERS, Bill, UnpricedError, price
from stacks.cost.crossover import crossover
from stacks.cost.enough import catches_up, shortfalls
from stacks.cost.month import HOURS, Month
from stacks.cost.study import RATES, study
from stacks.cost.tables import Assumption, assumptions, price_table
from stacks.cost.templates import Templates
from stacks.cost.wiring import UnknownPartError
from stacks.stages import DEV, LAPTOP, PROD, STAGES, Stage

TemplatesOf = Callable[[Stage], Templates]
GIB = 1024**3
EVENTS = 1000 * HOURS * 3600
RESTING = replace(DEV, detector_rests=(22, 6))
CONCEALING = replace(DEV, address_form="keyed_hash")


@pytest.fixture
def dev_templates(templates_of: TemplatesOf) -> Templates:
    return templates_of(DEV)


@pytest.mark.parametrize(
    "stage",
    [*STAGES.values(), RESTING, CONCEALING],
    ids=lambda stage: f"{stage.name}-{stage.detector_rests}-{stage.address_form}",
)
def test_every_resource_of_every_stage_is_priced(stage: Stage, templates_of: TemplatesOf):
    """A resource that the model does not know would be missing from the bill that people plan with."""
    bill = price(templates_of(stage), events_per_second=10)
    priced = {line.resource for line in bill.lines}
    for resource in templates_of(stage).resources:
        free = resource.type in price_table().costs_nothing or resource.type == "AWS::Lambda::Function"
        assert free or resource.key in priced, resource.key
    assert all(line.quantity >= 0 for line in bill.lines)


def test_concealing_addresses_costs_a_secret_and_the_work(templates_of: TemplatesOf):
    """Every record of both streams passes the function: twice the events are twice the work."""
    plain, *concealing = (
        price(templates_of(stage), events_per_second=rate).by_price()
        for stage, rate in ((DEV, 10), (CONCEALING, 10), (CONCEALING, 20))
    )
    more = [each["lambda_gb_second"] - plain["lambda_gb_second"] for each in concealing]
    assert concealing[0]["secret_month"] == price_table().prices["secret_month"].usd
    assert 0 < more[0] < 1
    assert more[1] > 1.9 * more[0]


def test_a_stage_with_charts_in_quicksight_is_priced(owner: str, templates_of: TemplatesOf):
    """Its types are on the list of what costs nothing by itself, and the list says that the users are not counted."""
    with_charts = templates_of(replace(DEV, quicksight_user=owner))
    assert price(with_charts, events_per_second=1).total == pytest.approx(
        price(templates_of(DEV), events_per_second=1).total
    )


def test_a_type_that_nobody_has_priced_is_an_error(dev_templates: Templates):
    """It would be the dearest thing of all, and nobody would know."""
    with pytest.raises(UnpricedError, match="AWS::EC2::NatGateway"):
        price(_with(dev_templates, "Gateway", "AWS::EC2::NatGateway"), events_per_second=1)


@pytest.mark.parametrize(
    ("resource_type", "properties"),
    [
        ("AWS::Lambda::Function", {}),
        ("AWS::DynamoDB::Table", {}),
        ("AWS::S3::Bucket", {}),
        ("AWS::Glue::Job", {"DefaultArguments": {"--job": "forecast"}, "NumberOfWorkers": 2}),
        ("AWS::Scheduler::Schedule", {"ScheduleExpression": "rate(1 minute)"}),
    ],
)
def test_a_resource_whose_part_nobody_knows_is_an_error(
    dev_templates: Templates, resource_type: str, properties: dict[str, Any]
):
    """A price is not enough: without knowing its use it would be billed as nothing."""
    with pytest.raises(UnknownPartError):
        price(_with(dev_templates, "Another", resource_type, **properties), events_per_second=1)


def test_a_second_stream_is_an_error(dev_templates: Templates):
    """Nothing says what it carries."""
    mode = {"StreamModeDetails": {"StreamMode": "ON_DEMAND"}}
    with pytest.raises(UnknownPartError):
        price(_with(dev_templates, "Another", "AWS::Kinesis::Stream", **mode), events_per_second=1)


def test_no_type_is_both_priced_and_free():
    """One of the two would be a lie."""
    assert not METERS.keys() & price_table().costs_nothing.keys()


def test_every_price_is_used_and_says_where_it_is_from(templates_of: TemplatesOf):
    """A price that no line uses is one that somebody believes to be counted."""
    stages = (DEV, PROD, LAPTOP, RESTING, CONCEALING)
    used = {line.price for stage in stages for line in price(templates_of(stage), events_per_second=10).lines}
    assert used == price_table().prices.keys()
    for each in price_table().prices.values():
        assert each.page.startswith("https://aws.amazon.com/")
        assert each.looked_up == bool(each.found_in), each.name


def test_every_assumption_is_used(templates_of: TemplatesOf):
    """And says where it comes from."""
    asked: set[str] = set()

    class Watched(dict[str, Assumption]):
        def __getitem__(self, name: str) -> Assumption:
            asked.add(name)
            return super().__getitem__(name)

    watched = Watched(assumptions())
    price(templates_of(CONCEALING), events_per_second=10, assumed=watched)
    asked |= {"peak_factor", "kpu_events_per_second"}  # They decide which settings would do.
    assert asked == watched.keys()
    assert all(each.because.endswith(".") for each in watched.values())


def test_idle_is_the_detector_and_the_streams(dev_templates: Templates):
    """By hand: two KPUs, the storage of one, a snapshot, two streams."""
    idle = price(dev_templates, events_per_second=0).by_service()
    assert idle["Managed Flink"] == pytest.approx(2 * 730 * 0.11 + 50 * 0.10 + 0.023)
    assert idle["Kinesis Data Streams"] == pytest.approx(2 * 730 * 0.04)
    assert idle["Firehose"] == idle["Lambda"] == idle["Athena"] == 0


def test_an_event_counts_as_one_kilobyte_in_the_stream_and_as_five_in_firehose(dev_templates: Templates):
    """By hand, at 1,000 events a second: written once, read by the detector and by Firehose."""
    paid = _of(price(dev_templates, events_per_second=1000), "Events")
    assert paid["stream_gb_in"] == pytest.approx(EVENTS * 1024 / GIB * 0.08)
    assert paid["stream_gb_out"] == pytest.approx(2 * EVENTS * 1024 / GIB * 0.04)
    assert paid["firehose_gb"] == pytest.approx(EVENTS * 5 * 1024 / GIB * 0.029)


@pytest.mark.parametrize(("event_bytes", "kilobytes", "fives"), [(1024, 1, 1), (1025, 2, 1), (5121, 6, 2)])
def test_a_record_counts_in_whole_steps(dev_templates: Templates, event_bytes: int, kilobytes: int, fives: int):
    """A field more can double the bill of the streams, and nothing in between."""
    assumed = {**assumptions(), "event_bytes": replace(assumptions()["event_bytes"], value=event_bytes)}
    paid = _of(price(dev_templates, events_per_second=1000, assumed=assumed), "Events")
    assert paid["stream_gb_in"] == pytest.approx(kilobytes * EVENTS * 1024 / GIB * 0.08)
    assert paid["firehose_gb"] == pytest.approx(fives * EVENTS * 5 * 1024 / GIB * 0.029)


def test_what_is_kept_longer_costs_more(templates_of: TemplatesOf):
    """By hand, raw objects at 1,000 events a second: 90 days in Standard, the rest of three years archived.

    What there is about incidents is less than a hundredth of it.
    """
    gigabytes_a_day = EVENTS / HOURS * 24 * assumptions()["event_bytes_in_raw"].value / GIB
    dev = _of(price(templates_of(DEV), events_per_second=1000), "Raw")
    assert dev["s3_gb_month"] == pytest.approx(30 * gigabytes_a_day * 0.023, rel=0.01)
    assert dev["s3_archive_gb_month"] == 0
    prod = _of(price(templates_of(PROD), events_per_second=1000), "Raw")
    assert prod["s3_gb_month"] == pytest.approx(90 * gigabytes_a_day * 0.023, rel=0.01)
    assert prod["s3_archive_gb_month"] == pytest.approx((3 * 365 - 90) * gigabytes_a_day * 0.004, rel=0.01)


@pytest.mark.parametrize(("event_bytes_in_raw", "moves"), [(25, False), (59, True)])
def test_objects_below_128_kilobytes_are_not_archived(
    templates_of: TemplatesOf, event_bytes_in_raw: float, moves: bool
):
    """S3 leaves them in Standard; 10 events a second for five minutes are some 75 KB, or 177.

    What is about incidents comes in smaller objects still, and never moves.
    """
    paid = _of(price(templates_of(PROD), events_per_second=10, assumed=_assumed(event_bytes_in_raw)), "Raw")
    one_delivery = HOURS * 12 / 1000 * price_table().prices["s3_thousand_moves"].usd
    assert paid["s3_thousand_moves"] == pytest.approx(one_delivery if moves else 0)
    assert (paid["s3_archive_gb_month"] > 0) == moves


def test_signals_of_risk_are_paid_wherever_they_go(templates_of: TemplatesOf):
    """By hand, at 1,000 events a second: two metrics, the stream with two readers, Firehose, and the responder."""
    stages = (DEV, replace(DEV, behavioural_risk=False))
    with_them, without = (price(templates_of(stage), events_per_second=1000).by_price() for stage in stages)
    more = {name: usd - without[name] for name, usd in with_them.items()}
    signals = EVENTS / 1e6 * assumptions()["risks_per_million_events"].value
    assert more["custom_metric"] == pytest.approx(2 * 0.30)
    assert more["stream_gb_in"] == pytest.approx(signals * 1024 / GIB * 0.08)
    assert more["stream_gb_out"] == pytest.approx(2 * signals * 1024 / GIB * 0.04)
    assert more["firehose_gb"] == pytest.approx(signals * 5 * 1024 / GIB * 0.029)
    assert more["lambda_million_requests"] == pytest.approx(signals / 1e6 * 0.20)


def test_a_long_record_among_short_ones_counts_as_long(dev_templates: Templates):
    """By hand: a mean record of the incidents stream is below a kilobyte, one of an episode counts as two."""
    month = Month(templates=dev_templates, assumed=assumptions(), events_per_second=1000)
    paid = _of(price(dev_templates, events_per_second=1000), "Incidents")
    kilobytes = 2 * month.incident_records + month.tallies + month.risks
    assert paid["stream_gb_in"] == pytest.approx(kilobytes * 1024 / GIB * 0.08)


def test_a_record_of_an_episode_is_two_writes(dev_templates: Templates):
    """Stored and marked, or refused and written again: opened, extended twice and closed were eight calls, measured."""
    records = EVENTS / 1e6 * assumptions()["incidents_per_million_events"].value * 4
    paid = price(dev_templates, events_per_second=1000).by_price()
    units = 2 * records * 2  # A row has two kilobytes.
    assert paid["dynamodb_million_writes"] == pytest.approx(units / 1e6 * 0.625)


def test_a_job_is_paid_for_each_worker_and_run(templates_of: TemplatesOf):
    """By hand, idle: two jobs a day and one a week start, on two workers here and on five there."""
    minutes = assumptions()["glue_start_minutes"].value
    for stage, workers in ((DEV, 2), (PROD, 5)):
        runs = HOURS / 24 * (2 + 1 / 7)
        glue = price(templates_of(stage), events_per_second=0).by_service()["Glue"]
        assert glue == pytest.approx(runs * minutes / 60 * workers * 0.44)


def test_each_million_events_more_costs_less_at_a_higher_rate(templates_of: TemplatesOf):
    """The idle cost is shared by more events, and nothing grows faster than they do."""
    for stage in STAGES.values():
        bills = [price(templates_of(stage), events_per_second=rate) for rate in RATES]
        assert [bill.total for bill in bills] == sorted(bill.total for bill in bills)
        shared = [bill.per_million_events() or 0 for bill in bills[1:]]
        assert shared == sorted(shared, reverse=True)


def test_the_default_stage_costs_what_is_recorded(dev_templates: Templates):
    """A change that makes it dearer is a decision, and shows in the diff."""
    now = recorded.figures({rate: price(dev_templates, events_per_second=rate) for rate in RATES})
    found = recorded.complaints(recorded.read(), now)
    assert not found, f"{found}; where that is meant: python -m stacks cost --record"


@pytest.mark.parametrize(("now", "complains"), [(106.0, True), (104.0, False), (96.0, False), (94.0, True)])
def test_five_percent_are_tolerated(now: float, complains: bool):
    """Less is noise; a saving that is not recorded would hide the next rise."""
    assert bool(recorded.complaints({"10": 100.0}, {"10": now})) == complains


def test_a_rate_that_was_never_recorded_is_complained_of():
    """It would otherwise be free to rise."""
    assert recorded.complaints({}, {"10": 1.0})


@pytest.mark.parametrize(
    ("stage", "rate", "expected"),
    [
        (DEV, 100, {}),
        (DEV, 1000, {"bytes_scanned_cutoff": 69 * GIB}),
        (DEV, 10_000, {"bytes_scanned_cutoff": 682 * GIB, "detector_parallelism": 8}),
        (PROD, 1000, {}),
        (LAPTOP, 300, {"bytes_scanned_cutoff": 21 * GIB}),
        (LAPTOP, 400, {"bytes_scanned_cutoff": 28 * GIB, "shards_per_stream": 2}),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_a_stage_that_could_not_run_is_told_so(
    templates_of: TemplatesOf, stage: Stage, rate: float, expected: dict[str, int]
):
    """Its bill would be believed: it is low because the platform falls behind, refuses, or does not answer."""
    month = Month(templates=templates_of(stage), assumed=assumptions(), events_per_second=rate)
    assert {each.setting: each.enough for each in shortfalls(month)} == expected


@pytest.mark.parametrize(("stage", "rate", "does"), [(DEV, 444, True), (DEV, 445, False), (PROD, 1000, True)])
def test_a_rest_is_caught_up_within_the_hour_or_not(templates_of: TemplatesOf, stage: Stage, rate: float, does: bool):
    """By hand: eight hours of events and one more, in one hour of 4,000 a second for each KPU."""
    month = Month(templates=templates_of(stage), assumed=assumptions(), events_per_second=rate)
    assert catches_up(month, rest_hours=8) == does


def test_the_crossover_is_where_the_two_modes_cost_the_same(dev_templates: Templates):
    """Where a shard costs more than an idle on-demand stream, shards pay only from some rate on."""
    prices = dict(price_table().prices)
    prices["shard_hour"] = replace(prices["shard_hour"], usd=0.05)
    month = Month(templates=dev_templates, assumed=assumptions(), events_per_second=0)
    rate = crossover(month, prices=prices, rates=()).from_events_per_second
    assert rate is not None
    by_hand = rate * HOURS * 3600
    on_demand = HOURS * 0.04 + by_hand * 1024 / GIB * (0.08 + 2 * 0.04)
    assert on_demand == pytest.approx(HOURS * 0.05 + by_hand / 1e6 * 0.014, rel=1e-6)


def test_on_demand_is_cheaper_only_above_the_highest_peak(dev_templates: Templates):
    """So many shards as the peak takes cost less, one more costs more."""
    found = study(DEV, templates=dev_templates, with_savings=False).crossover.highest_peak[100.0]
    affordable = int(found * 100 / 1000)
    in_shards = [_events_stream(_sharded(dev_templates, shards)) for shards in (affordable, affordable + 1)]
    assert in_shards[0] < _events_stream(dev_templates) < in_shards[1]


def test_the_assumed_size_of_an_event_is_that_of_simulated_ones():
    """Measured again, by the options that the assumption names: a field that is added to events changes it."""
    sizes = [len(record.data) for record in generate.records(Options(seed=1, hours=6))]
    assert sum(sizes) / len(sizes) == pytest.approx(assumptions()["event_bytes"].value, rel=0.01)


def _assumed(event_bytes_in_raw: float) -> dict[str, Assumption]:
    return {
        **assumptions(),
        "event_bytes_in_raw": replace(assumptions()["event_bytes_in_raw"], value=event_bytes_in_raw),
    }


def _events_stream(templates: Templates) -> float:
    """Return what the events stream costs at 100 events a second, key requests aside."""
    paid = _of(price(templates, events_per_second=100), "EventsD3")
    return sum(usd for name, usd in paid.items() if not name.startswith("kms_"))


def _sharded(templates: Templates, shards: int) -> Templates:
    """Return the templates with an events stream of so many shards."""
    (stream,) = (each for each in templates.all("AWS::Kinesis::Stream") if "/Events" in each.key)
    stack, name = stream.key.split("/")
    mode = {"StreamModeDetails": {"StreamMode": "PROVISIONED"}, "ShardCount": shards}
    return _with(templates, name, stream.type, stack=stack, **{**stream.properties, **mode})


def _of(bill: Bill, prefix: str) -> dict[str, float]:
    """Return what is paid for the resources whose name begins so, by price."""
    lines = [line for line in bill.lines if line.resource.partition("/")[2].startswith(prefix)]
    assert lines, prefix
    return {
        name: sum(bill.usd(line) for line in lines if line.price == name) for name in {each.price for each in lines}
    }


def _with(templates: Templates, name: str, resource_type: str, *, stack: str = "", **properties: Any) -> Templates:
    """Return the templates with one more resource, or another one of that name."""
    stack = stack or next(iter(templates.stacks))
    template = templates.stacks[stack]
    more = {**template["Resources"], name: {"Type": resource_type, "Properties": properties}}
    return Templates(stacks={**templates.stacks, stack: {**template, "Resources": more}})
