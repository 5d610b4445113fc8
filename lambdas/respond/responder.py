"""Answers a batch: every episode is stored, its alerts sent once, everything counted, every failure pinned to a record.

The alert is safe against a crash at any point. The row is written with the alert pending and claimed, the alert is
published, the row is marked. Whoever finds the alert still pending after the claim has lapsed sends it; while another
invocation holds the claim, or too little is left of it to publish, the record waits and, if that is not enough, is
delivered again.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from commerce.incident import Incident
from commerce.metrics import (
    ALERTS_SENT,
    INCIDENTS_ALLOWED,
    INCIDENTS_CLOSED,
    INCIDENTS_OPENED,
    RECORDS_FAILED,
    RISKS_SEEN,
)
from lambdas.addresses import Concealment
from lambdas.kinesis import KinesisRecord
from lambdas.respond.allowed import Allowed
from lambdas.respond.counts import Counts
from lambdas.respond.reading import Reading, read
from lambdas.respond.recent import Recent
from lambdas.respond.row import CLAIM, PUBLISHING, Row
from lambdas.respond.table import IncidentTable
from lambdas.respond.topic import AlertTopic

# Kept back of the time an invocation has, to report which records failed.
RESERVE_SECONDS = 5.0
# Without so much left, an attempt of the client and the mark, an alert is not begun: one that ends with the invocation
# is out and not marked, and goes twice. Asking for all of `PUBLISHING` would leave no time after the wait for a claim.
ALERT_SECONDS = 7.0
# How long to wait for another invocation's alert: it is done in a moment, or it crashed and the claim must lapse.
PAUSES_SECONDS = (0.5, CLAIM.total_seconds())
# How long to rest once AWS has refused something: tries are counted, and an outage of minutes must not use them up.
REST_SECONDS = 6.0
# How long to wait before an alert that is out is marked again: another container would send it a second time.
MARK_PAUSES_SECONDS = (0.5, 1.0, 2.0, 4.0)


class PutOffError(Exception):
    """Nothing went wrong with the record, but it has to be delivered again."""


class AlertHeldError(PutOffError):
    """The alert is claimed and not confirmed: nobody can send it before the claim lapses."""


class OutOfTimeError(PutOffError):
    """The invocation's time was used up before this record's turn."""


@dataclass(frozen=True, kw_only=True)
class Responder:
    """The parts that answer a batch, built once a container.

    `stage` is the one whose metrics count. `counted` are the ids of tallies and signals of risk that were counted,
    `told` the alerts that were sent: a mark that the table refuses must not send one again.
    """

    stage: str
    table: IncidentTable
    allowed: Allowed
    topic: AlertTopic
    concealment: Concealment
    counted: Recent
    told: Recent
    log: Logger
    now: Callable[[], datetime]
    wait: Callable[[float], None]

    def answer(self, records: Iterable[KinesisRecord], *, seconds_left: Callable[[], float]) -> dict[str, Exception]:
        """Answer a batch; return what went wrong by the sequence number of the record it happened to."""
        counts = Counts(self.stage)
        try:
            reading = read(records)
            for tally in reading.tallies:
                if tally.tally_id not in self.counted:
                    self.counted.note(tally.tally_id)
                    counts.add_tally(tally)
            # A signal about a person is stored and told nowhere: counting it is all.
            for risk in reading.risks:
                if risk.risk_id not in self.counted:
                    self.counted.note(risk.risk_id)
                    counts.add(RISKS_SEEN, risk.risk_class)
            failures = self._settle(reading, counts=counts, seconds_left=seconds_left)
            faults = self._faults(reading, failures)
            failed = sum(not isinstance(fault, PutOffError) for fault in faults.values())
            if failed:
                counts.add(RECORDS_FAILED, count=failed)
            return faults
        finally:
            counts.publish()

    def _settle(self, reading: Reading, *, counts: Counts, seconds_left: Callable[[], float]) -> dict[str, Exception]:
        """Answer every episode, and those again whose alert another invocation held; return failures by id.

        Where AWS refused something the next try is put off, since nothing else spaces tries.
        """
        failures = self._round(reading, reading.episodes, counts=counts, seconds_left=seconds_left)
        for pause in PAUSES_SECONDS:
            held = [name for name, error in failures.items() if isinstance(error, AlertHeldError)]
            if not held or seconds_left() < pause + RESERVE_SECONDS:
                break
            self.wait(pause)
            failures = {name: error for name, error in failures.items() if name not in held}
            failures |= self._round(reading, held, counts=counts, seconds_left=seconds_left)
        refused = any(isinstance(error, (ClientError, BotoCoreError)) for error in failures.values())
        if refused and seconds_left() >= REST_SECONDS + RESERVE_SECONDS:
            self.wait(REST_SECONDS)
        return failures

    def _round(
        self, reading: Reading, names: Iterable[str], *, counts: Counts, seconds_left: Callable[[], float]
    ) -> dict[str, Exception]:
        failures: dict[str, Exception] = {}
        for incident_id in names:
            try:
                if seconds_left() < RESERVE_SECONDS:
                    raise OutOfTimeError("the invocation's time is used up")
                self._respond_to(reading, incident_id, counts=counts, seconds_left=seconds_left)
            except Exception as error:  # noqa: BLE001  # the border: one episode's trouble must not stop the others
                failures[incident_id] = error
        return failures

    def _respond_to(
        self, reading: Reading, incident_id: str, *, counts: Counts, seconds_left: Callable[[], float]
    ) -> None:
        incident = reading.episodes[incident_id]
        # The allow list speaks of addresses as they are, and does not know one that the archive has concealed.
        asked = not (incident_id in reading.archived and self.concealment.hides_subject_of(incident))
        allowance = self.allowed.covering(incident, now=self.now(), counts=counts) if asked else None
        # From here on nothing speaks of what the setting conceals.
        concealed, alerts = self._concealed(reading, incident_id), self.topic.tells_of(incident)
        # The clock is read again: a claim begins when it is written, and reading the list may have taken long.
        stored = self.table.store(concealed, now=self.now(), allowance=allowance, asked=asked, alerts=alerts)
        episode = stored.row.incident
        if stored.opened:
            counts.add_incident(INCIDENTS_OPENED, episode)
            self.log.info("incident stored", incident_id=episode.incident_id, rule=episode.rule, alerts=alerts)
        if stored.closed:
            counts.add_incident(INCIDENTS_CLOSED, episode)
        if stored.allowed:
            counts.add_incident(INCIDENTS_ALLOWED, episode)
            self.log.info("subject is on the allow list", incident_id=episode.incident_id, rule=episode.rule)
        if stored.alert_is_pending and not stored.alert_is_ours:
            raise AlertHeldError("another invocation is sending the alert")
        if stored.alert_is_pending:
            self._alert(stored.row, counts=counts, seconds_left=seconds_left)

    def _alert(self, row: Row, *, counts: Counts, seconds_left: Callable[[], float]) -> None:
        """Send the alert that is claimed in `row`, unless others may think it theirs before it is out and marked."""
        episode = row.incident
        alert = f"{episode.incident_id} {episode.severity}"
        if alert not in self.told:
            if seconds_left() < ALERT_SECONDS:
                raise OutOfTimeError("too little of the invocation's time is left to send the alert within it")
            if not row.claim_lasts_until(self.now() + PUBLISHING):
                raise AlertHeldError("too little is left of the claim to send the alert within it")
            self.topic.send(episode, risen_from=row.alerted_severity)
            self.told.note(alert)
            counts.add_incident(ALERTS_SENT, episode)
        self._mark(row, seconds_left=seconds_left)
        self.log.info("alert sent", incident_id=episode.incident_id, rule=episode.rule)

    def _mark(self, row: Row, *, seconds_left: Callable[[], float]) -> None:
        """Note in the row that its alert is out, tried for longer than anything else: no other container knows it."""
        for pause in MARK_PAUSES_SECONDS:
            try:
                return self.table.mark_alerted(row, now=self.now())
            except (ClientError, BotoCoreError):
                if seconds_left() < pause + RESERVE_SECONDS:
                    raise
            self.wait(pause)
        return self.table.mark_alerted(row, now=self.now())

    def _concealed(self, reading: Reading, incident_id: str) -> Incident:
        """Return the episode with addresses in their form; what comes from the archive has them in it already."""
        incident = reading.episodes[incident_id]
        return incident if incident_id in reading.archived else self.concealment.incident(incident)

    def _faults(self, reading: Reading, failures: dict[str, Exception]) -> dict[str, Exception]:
        faults: dict[str, Exception] = dict(reading.unreadable)
        for sequence_number, error in reading.unreadable.items():
            self.log.error("record unreadable", sequence_number=sequence_number, reason=str(error))
        for incident_id, failure in failures.items():
            numbers = reading.spoken_of_by[incident_id]
            stored_as = self._concealed(reading, incident_id).incident_id
            put_off = isinstance(failure, PutOffError)
            tell, what = (self.log.info, "put off") if put_off else (self.log.error, "not answered")
            tell(f"incident {what}", incident_id=stored_as, sequence_numbers=numbers, reason=_reason(failure))
            faults |= dict.fromkeys(numbers, failure)
        return faults


def _reason(error: Exception) -> str:
    """Return what to log of an error: never a message that might quote a row."""
    if isinstance(error, ClientError):
        return f"{error.operation_name}: {error.response['Error']['Code']}"
    if isinstance(error, PutOffError):
        return str(error)
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    place = f" at {frame.tb_frame.f_code.co_qualname}:{frame.tb_lineno}" if frame is not None else ""
    return f"{type(error).__name__}{place}"
