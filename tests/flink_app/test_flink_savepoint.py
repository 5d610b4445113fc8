"""A detector that is stopped in the middle and started again, with another threshold at that, goes on from there."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from detecting import MACHINE, SETTINGS, Detector, outcomes_in, records_of, with_outcomes
from shoppers import after, clicks, in_order, people

from commerce.event import Event
from commerce.incident import Incident
from commerce.rules import CARD_TESTING, CATALOGUE_SCRAPING, REQUEST_FLOOD
from commerce.rules.rule import Rule, with_thresholds
from flink_app.over_files import record_line, states_in

RULES = (REQUEST_FLOOD, CATALOGUE_SCRAPING)
LOWERED = with_thresholds(RULES, ["catalogue_scraping.products=120"])
MIDDLE = after(1000)


def arrive(folder: Path, name: str, events: Sequence[Event]) -> None:
    """Let a file of records appear, whole."""
    (folder / "records.json").mkdir(parents=True, exist_ok=True)
    written = folder / name
    written.write_text("".join(record_line(record.data, record.arrived_at) for record in records_of(events)))
    written.rename(folder / "records.json" / name)


def run(
    folder: Path,
    rules: Sequence[Rule],
    *,
    until: str,
    start: str = "",
    end: bool = False,
    parallelism: int = 1,
    behavioural_risk: bool = False,
) -> str:
    """Run on the folder, which may still grow, until its incidents name that user; return where the state was saved.

    Before the first checkpoint is complete, not every task may be there to save its state.
    """
    flink = {**MACHINE, "parallelism.default": str(parallelism)}
    flink |= {"execution.checkpointing.interval": "500 ms", "execution.checkpointing.dir": (folder / "run").as_uri()}
    if start:  # as the service does: what nobody claims is left out
        flink |= {"execution.state-recovery.path": start, "execution.state-recovery.ignore-unclaimed-state": "true"}
    settings = replace(SETTINGS, behavioural_risk=behavioural_risk)
    statements = with_outcomes(folder, rules=rules, settings=settings, flink=flink, growing=True)
    job = statements.execute().get_job_client()
    while until not in _told_in(folder) or not any((folder / "run").rglob("_metadata")):
        assert job.get_job_status().result().name in {"CREATED", "RUNNING"}
        time.sleep(0.2)
    return str(job.stop_with_savepoint(end, str(folder / "savepoints")).result())


def _told_in(folder: Path) -> str:
    return "".join(path.read_text() for path in (folder / "incidents").rglob("*") if path.is_file())


def in_a_process_of_its_own(task: Callable[..., str], *given: Any, **told: Any) -> str:
    """Return what the task does. A Java of its own submits each job, and numbers its operators from the first."""
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as aside:
        return aside.submit(task, *given, **told).result()


def told(states: Sequence[Incident]) -> set[tuple[str, str, datetime]]:
    """Return what is known of each incident but the finisher's, which shows only that the others are all over."""
    return {(state.incident_id, state.state, state.last_seen_at) for state in states if state.subject != "finisher"}


def test_a_restart_in_the_middle_changes_nothing_and_a_new_threshold_judges_what_was_counted_before(tmp_path):
    """Same ids as without it. The scraper did one half of its work before the threshold was lowered.

    What comes right after the restart, and would have been late without it, is late. With another parallelism, too:
    whoever falls behind raises it, and the service starts the job even where it cannot place the state.
    """
    events = in_order(
        clicks("early", count=300, start=600, within=100),
        clicks("flood", count=4000, start=500, within=1000),
        clicks("scraper", count=130, start=710, within=580, products=130),
        people(count=20, start=0, within=4000),
        clicks("finisher", count=600, start=3000, within=200),
    )
    first = [event for event in events if event.event_time < MIDDLE]
    late = clicks("late", count=300, start=100, within=50)
    second = [*late, *(event for event in events if event.event_time >= MIDDLE)]
    (tmp_path / "whole").mkdir()
    detector = Detector(tmp_path / "whole")
    whole, met = detector.states_and_outcomes(records_of([*first, *second]), rules=LOWERED, settings=SETTINGS)

    halves = tmp_path / "halves"
    arrive(halves, "first.json", first)
    saved = in_a_process_of_its_own(run, halves, RULES, until="early", parallelism=1)
    arrive(halves, "second.json", second)
    told_more = {"until": "finisher", "start": saved, "end": True, "parallelism": 2}
    in_a_process_of_its_own(run, halves, LOWERED, **told_more)

    assert told(states_in(halves)) == told(whole)
    assert outcomes_in(halves) == met
    assert met["late"] == len(late)
    assert {state.subject for state in whole} == {"early", "flood", "scraper", "finisher"}


def test_another_set_of_rules_tells_no_attack_under_way_a_second_time(tmp_path):
    """With a rule more, and without behavioural risk, the job has other operators: an episode is found all the same."""
    events = in_order(
        clicks("early", count=300, start=600, within=100),
        clicks("flood", count=4000, start=500, within=1000),
        people(count=20, start=0, within=4000),
        clicks("finisher", count=600, start=3000, within=200),
    )
    arrive(tmp_path, "first.json", [event for event in events if event.event_time < MIDDLE])
    saved = in_a_process_of_its_own(run, tmp_path, RULES, until="early", behavioural_risk=True)
    arrive(tmp_path, "second.json", [event for event in events if event.event_time >= MIDDLE])
    in_a_process_of_its_own(run, tmp_path, (CARD_TESTING, *RULES), until="finisher", start=saved, end=True)

    of_flood = [state for state in states_in(tmp_path) if state.subject == "flood"]
    assert len({state.incident_id for state in of_flood}) == 1
    assert {state.state for state in of_flood} == {"open", "extended", "closed"}
    assert max(state.last_seen_at for state in of_flood) > MIDDLE
