"""What is measured, each in a process of its own: `python -m benchmarks.tasks NAME JSON` prints its seconds as JSON."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

Told = Mapping[str, Any]


def _curate(told: Told) -> dict[str, Any]:
    from benchmarks import lakes  # noqa: PLC0415  # what one task needs must not weigh on another

    return lakes.run("curate", told)


def _marts(told: Told) -> dict[str, Any]:
    from benchmarks import lakes  # noqa: PLC0415

    return lakes.run("marts", told)


def _selects_alone(told: Told) -> dict[str, Any]:
    from benchmarks import lakes  # noqa: PLC0415

    return lakes.selects_alone(told)


def _selects_from_events(told: Told) -> dict[str, Any]:
    from benchmarks import lakes  # noqa: PLC0415

    return lakes.selects_from_events(told)


def _pandas(told: Told) -> dict[str, Any]:
    from benchmarks import naive_pandas  # noqa: PLC0415

    return naive_pandas.run(told["files"], Path(told["answers"]))


def _duckdb(told: Told) -> dict[str, Any]:
    from benchmarks import hand_duckdb  # noqa: PLC0415

    return hand_duckdb.run(told["files"], Path(told["answers"]))


def _spark(told: Told) -> dict[str, Any]:
    from benchmarks import hand_spark  # noqa: PLC0415

    return hand_spark.run(told["files"], Path(told["answers"]))


TASKS: dict[str, Callable[[Told], dict[str, Any]]] = {
    "curate": _curate,
    "marts": _marts,
    "selects_alone": _selects_alone,
    "selects_from_events": _selects_from_events,
    "pandas": _pandas,
    "duckdb": _duckdb,
    "spark": _spark,
}


def main(argv: Sequence[str]) -> None:
    """Run the task that the arguments name."""
    name, told = argv
    print("\n" + json.dumps(TASKS[name](json.loads(told))), flush=True)  # noqa: T201  # read by whoever started it


if __name__ == "__main__":
    main(sys.argv[1:])
