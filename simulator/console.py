"""What the person at the terminal sees: a bar while it runs, one account at the end. All of it on standard error."""

import json
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from simulator.record import Fault
from simulator.send import Account

CONSOLE = Console(stderr=True, highlight=False, soft_wrap=True)


def say(line: str) -> None:
    """Print one line, as it is."""
    CONSOLE.print(_shown(line), markup=False)


@contextmanager
def bar(title: str) -> Iterator[Callable[[float, int | None], None]]:
    """Show progress; yields what to call with the fraction and number of records done, None for as many as before.

    Silent where nobody looks.
    """
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[records]:,} records"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=CONSOLE, disable=not CONSOLE.is_terminal, transient=True) as progress:
        task = progress.add_task(_shown(title), total=1.0, records=0)

        def show(fraction: float, count: int | None) -> None:
            if count is None:
                progress.update(task, completed=fraction)
            else:
                progress.update(task, completed=fraction, records=count)

        yield show


@contextmanager
def stop_on_signal(stop: threading.Event) -> Iterator[None]:
    """Turn the first Ctrl-C, or a plain kill, into an orderly end; the second Ctrl-C is as rude as ever."""

    def ask(_: int, __: FrameType | None) -> None:
        stop.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def show(account: Account, *, bad_rows: int) -> None:
    """Print the account."""
    parts = [
        f"produced {account.produced:,}",
        f"sent {account.sent:,}",
        f"retried {account.retried:,}",
        f"refused {account.refused:,}",
        f"bad rows {bad_rows:,}",
    ]
    if account.unsent:
        parts.append(f"unsent {account.unsent:,}")
    ending = ", interrupted" if account.interrupted else ""
    say(f"{', '.join(parts)} in {account.seconds:.1f} s, {account.events_per_second:,.0f} events/s{ending}")


def account_document(account: Account, *, bad_rows: int) -> dict[str, Any]:
    """Return the account as it is written to a file."""
    return {
        "read": account.produced + bad_rows,
        **asdict(account),
        "unsent": account.unsent,
        "bad_rows": bad_rows,
        "events_per_second": round(account.events_per_second, 1),
    }


def write_document(path: Path, document: dict[str, Any]) -> None:
    """Write a JSON file for programs and people. Raises Fault."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document, indent=2) + "\n")
    except OSError as error:
        raise Fault(f"{path} cannot be written: {error.strerror}") from error


def _shown(text: str) -> str:
    """Return the text for a screen: a file's name that is no UTF-8 cannot be shown as it is."""
    return text.encode(errors="backslashreplace").decode()
