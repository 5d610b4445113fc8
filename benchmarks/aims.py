"""What the figures are held against: met, or missed by how much. No test asserts them: machines differ."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.report import Report
from commerce.rules.page import markdown_table

# DynamoDB's calls that write.
_WRITES = ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems")


@dataclass(frozen=True, kw_only=True)
class Aim:
    """One figure and its bound, in `unit`; `at_least` or else at most."""

    what: str
    measured: float
    limit: float
    unit: str
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether the figure is within the bound."""
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit

    @property
    def bound(self) -> str:
        """The bound in words."""
        return f"at {'least' if self.at_least else 'most'} {self.shown(self.limit)}"

    @property
    def apart(self) -> str:
        """How far the figure is from the bound."""
        if self.limit == 0 or self.measured == 0:
            return f"by {self.shown(abs(self.measured - self.limit))}"
        times = self.limit / self.measured if self.at_least else self.measured / self.limit
        return f"by a factor of {times:.1f}"

    def shown(self, figure: float) -> str:
        """Return the figure with its unit."""
        digits = 0 if figure >= 100 or figure == int(figure) else 2
        return f"{figure:,.{digits}f} {self.unit}".strip()


def aims_section(found: Iterable[Aim]) -> Iterator[str]:
    """Yield the lines of a page that say which aims are met and which are missed."""
    rows = (
        (aim.what, aim.shown(aim.measured), aim.bound, "met" if aim.met else f"missed {aim.apart}") for aim in found
    )
    yield "## Against the aims\n"
    yield from markdown_table(("what", "measured", "aim", ""), rows)


def aims(report: Report) -> list[Aim]:
    """Return the aims of those parts that were measured."""
    return [*_detector(report.get("detector")), *_alert(report.get("alert_seconds")), *_others(report)]


def _detector(part: dict[str, Any] | None) -> Iterator[Aim]:
    if part is None:
        return
    rate = part["events_per_second"]
    yield Aim(what="the detector", measured=rate, limit=100_000, unit="events/s", at_least=True)
    for name, what, limit in (
        ("python_operator", "the detector against the Python operator", 20),
        ("naive_sql", "the detector against the naive SQL", 5),
        ("parse_only", "the detector against parsing alone", 0.5),
    ):
        yield Aim(what=what, measured=rate / part[name], limit=limit, unit="times", at_least=True)
    shared = part["hot_key"] / rate
    yield Aim(what="with a hot key against without", measured=shared, limit=0.5, unit="times", at_least=True)


def _alert(part: dict[str, Any] | None) -> Iterator[Aim]:
    if part is not None:
        yield Aim(what="event to alert, p99", measured=part["p99"], limit=3, unit="s")
        told = part["pipeline_to_alert"]["p99"]
        yield Aim(what="of which after the wait for the pane", measured=told, limit=3, unit="s")


def _others(report: Report) -> Iterator[Aim]:
    if (part := report.get("simulator")) is not None:
        for name, what in (("replay_to_file", "replay to a file"), ("generate_to_file", "generate to a file")):
            rate = part[name]["events_per_second"]
            yield Aim(what=what, measured=rate, limit=300_000, unit="events/s", at_least=True)
        grown = part["replay_of_more"]["peak_bytes"] / 2**20
        yield Aim(what="memory of a replay", measured=grown, limit=300, unit="MiB")
    if (part := report.get("responder")) is not None:
        writes = sum(part["calls"].get(call, 0) for call in _WRITES) / part["incidents"]
        yield Aim(what="DynamoDB writes an incident", measured=writes, limit=1 / 25, unit="")
        metrics = part["calls"].get("PutMetricData", 0)
        yield Aim(what="metric calls", measured=metrics, limit=0, unit="")
        yield Aim(what="import of a cold start", measured=part["import_milliseconds"], limit=400, unit="ms")
    if (part := report.get("start")) is not None:
        yield Aim(what="`make demo` after set-up", measured=part["demo_seconds"], limit=90, unit="s")
