"""Five questions, answered by the marts, by hand-written DuckDB, by pandas and by plain Spark over the same files."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.answers import QUESTIONS, fingerprint, fingerprints, table_fingerprint
from benchmarks.lakes import event_files, lake_settings, table_folder, told
from benchmarks.measure import Measured, middle, middle_cpu, middle_steps, run_task
from benchmarks.pipeline import Pipeline, Say
from glue_jobs.marts import marts

OURS_BUILT = "marts, both readings, built and written"
OURS_FROM_EVENTS = "marts' SELECTs and building blocks, one reading"
OURS_ALONE = "marts' SELECTs alone, one reading"
WAYS = {"duckdb": "hand-written DuckDB", "pandas": "pandas", "spark": "plain Spark"}


def answer_all(lake: Pipeline, *, ways: list[str], runs: int, say: Say) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the seconds of every way over this built lake, and in words which answers are not the marts'."""
    rows = lake.source.rows
    figures = [{"rows": rows, "by": OURS_BUILT, **lake.five_built()}, *_selects(lake, runs, say)]
    wanted = marts_fingerprints(lake.folder)
    wrong: list[str] = []
    for way in ways:
        answers = lake.folder.parent / f"answers-{way}"
        taken = [_once(way, lake, answers, say) for _ in range(runs)]
        wrong += _differences(rows, WAYS[way], wanted, fingerprints(answers))
        shutil.rmtree(answers)
        figures.append({"rows": rows, "by": WAYS[way], **_figures(taken)})
    return figures, wrong


def marts_fingerprints(folder: Path) -> dict[str, str]:
    """Return the fingerprints of the five marts, all traffic, in a lake that has been built once."""
    return {
        question.name: fingerprint(question, table_folder(folder, question.name), where="reading = 'all_traffic'")
        for question in QUESTIONS
    }


def compared(lake: Pipeline, other: Pipeline) -> list[str]:
    """Return in words in which marts two lakes differ, and in what was taken from the raw records."""
    return _differences(lake.source.rows, f"{other.engine}'s lake", _made(lake), _made(other))


def _made(lake: Pipeline) -> dict[str, str]:
    taken = {f"{name} taken": str(count) for name, count in lake.account.items()}
    folders = {mart.name: table_folder(lake.folder, mart.name) for mart in marts()}
    rows = {mart.name: table_fingerprint(mart.table.column_names, folders[mart.name]) for mart in marts()}
    return taken | rows


def _selects(lake: Pipeline, runs: int, say: Say) -> Iterator[dict[str, Any]]:
    settings = told(lake_settings(lake.engine, lake.folder))
    for by, task in ((OURS_FROM_EVENTS, "selects_from_events"), (OURS_ALONE, "selects_alone")):
        say(by)
        yield {"rows": lake.source.rows, "by": by, **_figures([run_task(task, settings) for _ in range(runs)])}


def _once(way: str, lake: Pipeline, answers: Path, say: Say) -> Measured:
    say(WAYS[way])
    shutil.rmtree(answers, ignore_errors=True)
    return run_task(way, {"files": event_files(lake.folder), "answers": str(answers)})


def _figures(taken: list[Measured]) -> dict[str, Any]:
    seconds, peak_bytes = middle(taken)
    return {
        "seconds": seconds,
        "cpu_seconds": middle_cpu(taken),
        "steps": middle_steps(taken),
        "peak_bytes": peak_bytes,
    }


def _differences(rows: int, by: str, wanted: dict[str, str], found: dict[str, str]) -> list[str]:
    return [
        f"{rows:,} rows, {name} by {by}: {found[name]}, the marts say {wanted[name]}"
        for name in wanted
        if found[name] != wanted[name]
    ]
