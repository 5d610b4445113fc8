"""Drives traffic into the events stream with the simulator's own command line."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from laptop.network import aws_environment, clean_environment
from laptop.processes import LaptopError
from laptop.running import Laptop
from simulator.layout import LayoutName
from simulator.record import Fault
from simulator.replay import records

# With the sale and the attacks, this makes the demonstration's thirty-three thousand records. It is as short as two
# surges and a sale allow: what the detector does once every ten seconds of event time is most of its work.
PEOPLES_EVENTS, HOURS = 7_500, 3.5
# What the simulator says it sent, and what it meant by it, in the demonstration's folder.
ACCOUNT, TRUTH = "account.json", "truth.json"


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """A recorded file; `layout` is that it is in, None where it can be recognised."""

    file: Path
    layout: LayoutName | None

    def check(self) -> None:
        """Raise LaptopError for what `replay` would refuse, before anything is started for it."""
        if not self.file.is_file():
            raise LaptopError(f"{self.file} is not there: name a recorded file, plain or .gz")
        try:
            records(self.file, layout=self.layout).close()
        except Fault as fault:
            raise LaptopError(str(fault)) from fault


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What the simulator says it sent; `truth` is what it planted, None for a recorded file."""

    produced: int
    truth: dict[str, Any] | None


def generate(laptop: Laptop, *, folder: Path) -> Sent:
    """Send a made-up stretch of a shop's life, with attacks. Raises LaptopError."""
    truth = folder / TRUTH
    account = _simulate(
        laptop,
        ["generate", "--events", str(PEOPLES_EVENTS), "--hours", str(HOURS), "--truth", str(truth)],
        folder=folder,
    )
    return Sent(produced=account["sent"], truth=json.loads(truth.read_text()))


def replay(laptop: Laptop, recorded: Recorded, *, folder: Path) -> Sent:
    """Send a recorded file, as fast as possible. Raises LaptopError."""
    layout = ["--layout", recorded.layout] if recorded.layout is not None else []
    bad_rows = folder / "bad-rows.jsonl"
    bad_rows.unlink(missing_ok=True)  # of the demonstration before: the simulator would not replace another file's
    arguments = ["replay", str(recorded.file), *layout, "--rejects", str(bad_rows)]
    return Sent(produced=_simulate(laptop, arguments, folder=folder)["sent"], truth=None)


def _simulate(laptop: Laptop, arguments: list[str], *, folder: Path) -> dict[str, Any]:
    """Run the simulator; its progress bar goes to the terminal. Return its account."""
    account = folder / ACCOUNT
    target = f"kinesis:{laptop.outputs['EventsStreamName']}"
    kept = ["--account", str(account), "--refused", str(folder / "refused.jsonl")]
    environment = {**clean_environment(), **aws_environment(laptop.endpoint_url)}
    command = [sys.executable, "-m", "simulator", *arguments, "--to", target, *kept]
    if subprocess.run(command, env=environment, check=False).returncode != 0:
        raise LaptopError("The simulator could not send its traffic; it says why above")
    return dict(json.loads(account.read_text()))
