"""A run of `replay` or `generate`, from the first record to the account."""

import os
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from simulator import console, generate, replay
from simulator.files import check_apart
from simulator.kept import KeptFile
from simulator.layout import LayoutName
from simulator.options import Options
from simulator.pace import Pace, Rate, Speed
from simulator.progress_file import Progress, ProgressFile
from simulator.record import Fault, Record
from simulator.send import Account, Interrupted, Stopped, send
from simulator.sinks import FileSink, ReaderLeft, Sink, SinkFault
from simulator.targets import identity, open_sink, target_file

STATE_FOLDER = Path("build/simulator")
INTERRUPTED_EXIT_CODE = 130
REFUSED_EXIT_CODE = 3
# All are kept and counted; a screen full of them helps nobody.
BAD_ROWS_SHOWN = 10
BAD_ROWS_BETWEEN_REPORTS = 1_000


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """How records leave: where to, how fast, and where the account and the refused ones are written."""

    to: str
    rate: float | None
    speed: float | None
    account: Path | None
    refused: Path

    def files(self) -> dict[str, Path | None]:
        """Return the files that it is written to, by the options that name them."""
        return {"--to": target_file(self.to), "--account": self.account, "--refused": self.refused}

    def pace(self) -> Pace | None:
        """Return the pace, None for as fast as possible. Raises Fault."""
        for name, number in (("--rate", self.rate), ("--speed", self.speed)):
            if number is not None and not 0 < number < float("inf"):
                raise Fault(f"{name} is {number:g}, expected more than 0")
        if self.rate is not None and self.speed is not None:
            raise Fault("--rate and --speed exclude each other: choose one")
        if self.rate is not None:
            return Rate(self.rate)
        return Speed(self.speed) if self.speed is not None else None


def run_generate(options: Options, delivery: Delivery, *, truth: Path | None) -> int:
    """Send made-up traffic, write the truth about it; return the exit code. Raises Fault."""
    pace = delivery.pace()
    check_apart({**delivery.files(), "--truth": truth})
    stop = threading.Event()
    generated = generate.records(options, stop=stop)
    sink = open_sink(delivery.to, refused_file=KeptFile(delivery.refused))
    code = None
    try:
        with console.bar("generate") as show, console.stop_on_signal(stop):

            def progress(count: int) -> None:
                show(generated.fraction, count)

            code = _close(lambda: send(generated, sink, pace, progress, stop=stop), sink, delivery, bad_rows=_none)
            return code
    finally:
        if truth is not None:
            console.write_document(truth, generated.truth(all_sent=code == 0).document())


def run_replay(
    file: Path,
    delivery: Delivery,
    *,
    layout: LayoutName | None,
    resume: bool,
    stop_at_bad_row: bool,
    rejects: Path | None,
) -> int:
    """Send a recorded file, from the start or from what was acknowledged; return the exit code. Raises Fault."""
    pace = delivery.pace()
    state = ProgressFile(STATE_FOLDER, source=file, target=identity(delivery.to))
    rejects_file = KeptFile(rejects or STATE_FOLDER / f"{state.name}.rejects.jsonl")
    check_apart({"FILE": file, **delivery.files(), "--rejects": rejects_file.path})
    stop = threading.Event()

    def alive() -> None:
        show(recording.fraction, None)

    bad_row = None if stop_at_bad_row else _keeper(file, rejects_file, stop=stop, alive=alive)
    with (
        closing(replay.records(file, layout=layout, bad_row=bad_row)) as recording,
        console.bar(file.name) as show,
    ):
        known = _pick_up(recording, state, rejects_file, resume=resume)
        sink = open_sink(
            delivery.to,
            refused_file=KeptFile(delivery.refused),
            keep_bytes=0 if known is None else known.written_bytes,
        )

        def acknowledged(record: Record) -> None:
            state.note(record, written_bytes=sink.written_bytes if isinstance(sink, FileSink) else 0)

        try:
            with console.stop_on_signal(stop):

                def progress(count: int) -> None:
                    show(recording.fraction, count)

                code = _close(
                    lambda: send(recording, sink, pace, progress, acknowledged=acknowledged, stop=stop),
                    sink,
                    delivery,
                    bad_rows=lambda: recording.bad_rows,
                )
            if code == 0 and known is None:
                _check_sent(recording, sink)
            return code
        finally:
            state.save()
            if rejects_file.count:
                console.say(f"{rejects_file.count} bad rows are kept in {rejects_file.path}, with the reasons")


def _pick_up(
    recording: replay.Recording, state: ProgressFile, rejects_file: KeptFile, *, resume: bool
) -> Progress | None:
    """Put the recording where this run begins; return what was acknowledged before it, None for nothing."""
    known = state.load() if resume else None
    if known is None:
        rejects_file.forget(recording.path)  # first: where it is somebody else's, nothing is begun
        state.forget()
        if resume:
            console.say(f"{recording.path}: this target has acknowledged nothing of it, it is sent from the start")
        return None
    recording.go_to(known.position)
    rejects_file.forget_after(known.line, recording.path)
    console.say(f"{recording.path}: going on after line {known.line}")
    return known


def _check_sent(recording: replay.Recording, sink: Sink) -> None:
    """Raise Fault where there were rows and none was an event: whoever waits for events must not take it for done."""
    if recording.bad_rows and not sink.sent:
        raise Fault(f"{recording.path}: nothing was sent: every row is bad")
    if not sink.sent:
        console.say(f"{recording.path}: nothing was sent: there is no row in it")


def _close(run: Callable[[], Account], sink: Sink, delivery: Delivery, *, bad_rows: Callable[[], int]) -> int:
    """Run, close the sink, and give the account in every case.

    Raises Stopped, or ReaderLeft.
    """
    stopped: Stopped | None = None
    try:
        account = run()
    except Stopped as error:
        stopped, account = error, error.account
    with suppress(SinkFault):  # what could not be flushed is in the account as unsent
        sink.close()
    console.show(account, bad_rows=bad_rows())
    if delivery.account is not None:
        console.write_document(delivery.account, console.account_document(account, bad_rows=bad_rows()))
    if account.refused:
        console.say(f"{account.refused} refused records are kept in {delivery.refused}")
    if stopped is not None:
        raise stopped.__cause__ if isinstance(stopped.__cause__, ReaderLeft) else stopped
    if account.interrupted:
        return INTERRUPTED_EXIT_CODE
    return REFUSED_EXIT_CODE if account.refused else 0


def _keeper(
    file: Path, rejects_file: KeptFile, *, stop: threading.Event, alive: Callable[[], None]
) -> Callable[[int, bytes, str], None]:
    """Return what keeps a bad row. Where there are many of them, it says that the run is alive, and heeds `stop`."""
    source = os.path.realpath(file)

    def keep(line: int, row: bytes, reason: str) -> None:
        rejects_file.keep(row, reason=reason, file=source, line=line)
        if rejects_file.count <= BAD_ROWS_SHOWN:
            console.say(f"{file}: line {line}: {reason}")
        if rejects_file.count % BAD_ROWS_BETWEEN_REPORTS == 0:
            alive()
        if stop.is_set():
            raise Interrupted

    return keep


def _none() -> int:
    return 0
