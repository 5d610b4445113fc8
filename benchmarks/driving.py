"""How fast the simulator drives: recorded and made-up traffic, to a file and to Kinesis, and its memory."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import duckdb

from benchmarks.input import chance, dice
from benchmarks.measure import ROOT, BenchmarkError, watched
from laptop.network import aws_environment, clean_environment, client, endpoint
from laptop.ports import free_port
from simulator.kaggle import HEADER

STREAM = "events"
# To Kinesis goes a part: what takes the records is moto, slower than the simulator.
KINESIS_PART = 25
_GROWTH = 4


@dataclass(frozen=True, kw_only=True)
class SimulatorBenchmark:
    """Both commands, both targets. `events` is the size to a file; `runs` each."""

    events: int
    runs: int
    folder: Path
    say: Callable[[str], None]

    def run(self) -> dict[str, Any]:
        """Measure; return the part `simulator` of the report. Raises BenchmarkError."""
        few = self.events // KINESIS_PART
        to_file = f"file:{self.folder / 'sent.jsonl'}"
        recorded = {rows: _recorded(self.folder, rows) for rows in (few, self.events, _GROWTH * self.events)}
        made_up = ["--hours", "6", "--attacks", "none", "--no-sale"]
        figures = {
            "replay_to_file": self._drive(["replay", str(recorded[self.events]), "--to", to_file]),
            "generate_to_file": self._drive(["generate", "--events", str(self.events), *made_up, "--to", to_file]),
        }
        for name, command in (
            ("replay_to_kinesis", ["replay", str(recorded[few])]),
            ("generate_to_kinesis", ["generate", "--events", str(few), *made_up]),
        ):
            figures[name] = self._drive([*command, "--to", f"kinesis:{STREAM}"])
        rows = _GROWTH * self.events
        more = self._once(["replay", str(recorded[rows]), "--to", to_file])
        grown = {"rows": rows, "peak_bytes": more["peak_bytes"], "events_per_second": more["events_per_second"]}
        (self.folder / "sent.jsonl").unlink()
        return {**figures, "replay_of_more": grown}

    def _drive(self, command: list[str]) -> dict[str, Any]:
        target = command[-1].partition(":")[0]
        self.say(f"simulator {command[0]} to {target}")
        taken = []
        for _ in range(self.runs):
            # A stream of its own for each run: moto takes a record the slower, the more it holds already.
            with _kinesis(self.folder) if target == "kinesis" else nullcontext() as environment:
                taken.append(self._once(command, environment))
        return {
            "events": taken[-1]["events"],
            "events_per_second": median(one["events_per_second"] for one in taken),
            "peak_bytes": round(median(one["peak_bytes"] for one in taken)),
        }

    def _once(self, command: list[str], environment: dict[str, str] | None = None) -> dict[str, Any]:
        """Run the command line in a process of its own; its account has the seconds without the start of Python."""
        account, log = self.folder / "account.json", self.folder / "simulator.log"
        kept = ["--account", str(account), "--refused", str(self.folder / "refused.jsonl")]
        surroundings = {**clean_environment(), "PYTHONPATH": str(ROOT), **(environment or {})}
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "simulator", *command, *kept],
                cwd=self.folder,
                env=surroundings,
                stdout=output,
                stderr=output,
            )
            used = watched(process)
        if process.returncode:
            raise BenchmarkError(f"simulator {command[0]} failed ({process.returncode}): {log.read_text()[-2000:]}")
        told = json.loads(account.read_text())
        return {
            "events": told["sent"],
            "events_per_second": told["sent"] / told["seconds"],
            "peak_bytes": used.peak_bytes,
        }


def _recorded(folder: Path, rows: int) -> Path:
    """Return a file in the layout of the recorded data, making it unless it is there."""
    path = folder / f"recorded-{rows}.csv"
    if not path.exists():
        unfinished = path.with_suffix(".unfinished")
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
            connection.execute(f"COPY ({_rows_sql(rows)}) TO '{unfinished}' (FORMAT csv, HEADER true)")
        assert unfinished.open().readline().strip() == HEADER
        unfinished.rename(path)
    return path


def _rows_sql(rows: int) -> str:
    session = f"printf('%016x', {dice('n // 5', 1)}) || printf('%016x', {dice('n // 5', 2)})"
    return f"""
SELECT strftime(TIMESTAMP '2019-10-01' + to_milliseconds(n * 60), '%Y-%m-%d %H:%M:%S UTC') AS event_time,
  CASE WHEN {chance("n", 3)} < 0.03 THEN 'cart' ELSE 'view' END AS event_type, 1000000 + {dice("n", 4)} % 160000
  AS product_id, 2053013550000000000 + {dice("n", 4)} % 600 AS category_id,
  CASE WHEN n % 3 > 0 THEN 'electronics.smartphone' END AS category_code,
  CASE WHEN n % 7 > 0 THEN 'brand' || {dice("n", 4)} % 3400 END AS brand,
  printf('%d.%02d', {dice("n", 4)} % 900, {dice("n", 4)} % 100) AS price,
  500000000 + {dice("n // 5", 5)} % {max(1, rows // 14)} AS user_id,
  session[:8] || '-' || session[9:12] || '-' || session[13:16] || '-' || session[17:20] || '-' || session[21:]
  AS user_session
FROM (SELECT n, {session} AS session FROM range({rows}) AS made (n)) ORDER BY n"""


@contextmanager
def _kinesis(folder: Path) -> Iterator[dict[str, str]]:
    """Serve a stream; yields the environment in which boto3 finds it."""
    port = free_port()
    with (folder / "moto.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "--port", str(port)], env=dict(os.environ), stdout=log, stderr=log
        )
        try:
            kinesis = client("kinesis", endpoint(port), attempts=1)
            _until_there(lambda: kinesis.create_stream(StreamName=STREAM, ShardCount=2))
            yield aws_environment(endpoint(port))
        finally:
            server.kill()
            server.wait()


def _until_there(attempt: Callable[[], Any], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            attempt()
        except Exception:  # whatever a server answers that is starting
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
        else:
            return
