"""Runs the real detector over a folder: `python -m evaluation.flink_runner FOLDER`, in Flink's own environment.

The folder holds `job.pickle` (rules, known networks) and `records.json`; `incidents` and `tallies` are written to it.
This module alone knows `flink_app`.
"""

import pickle
import sys
from pathlib import Path

from commerce.settings import decode, encode
from flink_app.over_files import detect
from flink_app.settings import DetectorSettings

PARALLELISM = "2"


def run(folder: Path) -> None:
    """Run the detector from the first record to the last."""
    rules, known_networks = pickle.loads((folder / "job.pickle").read_bytes())  # nosec B301
    settings = settings_with(known_networks)
    detect(folder, rules=rules, settings=settings, flink={"parallelism.default": PARALLELISM})


def settings_with(known_networks: tuple[str, ...]) -> DetectorSettings:
    """Return the detector's settings; raises ValueError where it cannot be told of known networks."""
    texts = dict.fromkeys(("region", "events_stream", "incidents_stream"), "none")
    texts["behavioural_risk"] = "false"  # nobody here reads it, and it is not for nothing
    texts["known_networks"] = ",".join(known_networks)
    settings = decode(DetectorSettings, texts)
    if known_networks and encode(settings).get("known_networks") != texts["known_networks"]:
        raise ValueError("the detector has no setting known_networks")
    return settings


if __name__ == "__main__":
    run(Path(sys.argv[1]))
