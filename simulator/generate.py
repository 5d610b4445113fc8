"""A made-up stretch of a shop's life: people, attackers, the untidiness of real streams, and the truth beside it."""

import heapq
import random
import threading
from collections.abc import Iterator

from simulator import timetable
from simulator.addresses import carrier_addresses
from simulator.catalogue import stock
from simulator.hygiene import unclean
from simulator.options import Options
from simulator.people import BARGAIN_HUNTING, BROWSING, Crowd, day_curve
from simulator.planting import Planter, in_order
from simulator.record import Record
from simulator.truth import Ledger, Truth
from simulator.visit import Act

FIRST_PERSON_ID = 500_000_000
FIRST_BARGAIN_HUNTER_ID = 600_000_000
# People are already in the shop when the story begins.
WARM_UP_MS = 20 * timetable.MINUTE_MS
SALE_TIMES_USUAL = 5
SALE_LEAST_PER_MINUTE = 500


class Generated:
    """Iterate once for the records, in order of arrival; then ask for the truth. Setting `stop` ends them early."""

    def __init__(self, options: Options, *, stop: threading.Event | None = None) -> None:
        self.options = options
        self._stop = stop or threading.Event()
        self._ledger = Ledger()
        self._complete = False
        self._reached_ms = options.start_ms
        self._catalogue = stock(self._rng("catalogue"))
        self._timetable = timetable.crowds(self._rng("timetable"), options)
        self._mean_curve = _mean_day_curve(options)
        self._carriers = carrier_addresses(_people_a_day(options))
        self._planting = Planter(
            options,
            dice=self._rng,
            catalogue=self._catalogue,
            timetable=self._timetable,
            usual_per_minute=self._usual_per_minute,
            carriers=self._carriers,
        ).plant()

    @property
    def fraction(self) -> float:
        """How much of the time has passed, 0 to 1."""
        return (self._reached_ms - self.options.start_ms) / (self.options.end_ms - self.options.start_ms)

    def __iter__(self) -> Iterator[Record]:
        """Yield the records."""
        yield from unclean(self._acts(), rng=self._rng("hygiene"), options=self.options, ledger=self._ledger)
        self._complete = not self._stop.is_set()

    def truth(self, *, all_sent: bool = True) -> Truth:
        """Return the truth about the records taken so far; whoever sent them says whether all have been sent."""
        ledger, sale_ms = self._ledger, self._timetable.sale_ms
        return Truth(
            options=self.options,
            complete=self._complete and all_sent,
            produced=ledger.events + ledger.duplicates + ledger.poison.total(),
            events=ledger.events,
            duplicates=ledger.duplicates,
            late=ledger.late,
            poison=dict(sorted(ledger.poison.items())),
            people=ledger.daybook.people,
            sessions=ledger.daybook.sessions,
            people_by_day=ledger.daybook.days(),
            top_products=ledger.daybook.top_products(),
            attacks=self._planting.attacks,
            look_alikes=self._planting.look_alikes,
            sale=None if sale_ms is None else (sale_ms, sale_ms + timetable.SALE_ARRIVALS_MS),
        )

    def _acts(self) -> Iterator[Act]:
        streams = [
            crowd.acts(
                start_ms=self.options.start_ms,
                end_ms=self.options.end_ms,
                daybook=self._ledger.daybook,
                stopped=self._stop.is_set,
            )
            for crowd in self._crowds()
        ]
        parties = in_order(self._planting.parts, self._ledger.daybook)
        for number, act in enumerate(heapq.merge(*streams, parties)):
            if number % 1000 == 0:
                self._reached_ms = act.at_ms
            yield act

    def _crowds(self) -> Iterator[Crowd]:
        yield Crowd(
            rng=self._rng("people"),
            catalogue=self._catalogue,
            habits=BROWSING,
            visits_per_ms=lambda at_ms: self._usual_per_minute(at_ms) / timetable.MINUTE_MS / BROWSING.mean_acts,
            arrive_from_ms=self.options.start_ms - WARM_UP_MS,
            arrive_until_ms=self.options.end_ms,
            first_user_id=FIRST_PERSON_ID,
            carriers=self._carriers,
        )
        sale_ms = self._timetable.sale_ms
        if sale_ms is None:
            return
        per_minute = max(SALE_TIMES_USUAL * self._usual_per_minute(sale_ms), SALE_LEAST_PER_MINUTE)
        yield Crowd(
            rng=self._rng("sale"),
            catalogue=self._catalogue,
            habits=BARGAIN_HUNTING,
            visits_per_ms=lambda _: per_minute / timetable.MINUTE_MS / BARGAIN_HUNTING.mean_acts,
            arrive_from_ms=sale_ms,
            arrive_until_ms=sale_ms + timetable.SALE_ARRIVALS_MS,
            first_user_id=FIRST_BARGAIN_HUNTER_ID,
            carriers=self._carriers,
        )

    def _usual_per_minute(self, at_ms: int) -> float:
        """Return how many events people make a minute at that time of the day."""
        return self.options.events / (self.options.hours * 60) * day_curve(at_ms) / self._mean_curve

    def _rng(self, role: str) -> random.Random:
        """Return the dice of one role: whether there are attacks does not change what people do."""
        options = self.options
        return random.Random(f"{options.seed}/{options.start_ms}/{options.hours}/{options.events}/{role}")


def records(options: Options | None = None, *, stop: threading.Event | None = None) -> Generated:
    """Return the records and, once they are taken, the truth. Raises Fault where the options cannot be met."""
    return Generated(options or Options(), stop=stop)


def _mean_day_curve(options: Options) -> float:
    minutes = range(options.start_ms, options.end_ms, timetable.MINUTE_MS)
    return sum(map(day_curve, minutes)) / len(minutes)


def _people_a_day(options: Options) -> float:
    """Return about how many different people come, within a day at most."""
    visits = options.events * min(1.0, 24 / options.hours) / BROWSING.mean_acts
    return visits * (1 - BROWSING.returning)
