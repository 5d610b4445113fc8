"""A run that was ended goes on where it was, and is the same run."""

from datetime import UTC, datetime

import pytest

from drills import kept
from drills.bugs import Bugs
from drills.comparison import Kind, Wrong
from drills.drill import Outcome, Recovery
from drills.kept import Kept, program
from drills.report import Tally
from drills.running import _CLEAN_FROM, Ran, planned
from laptop.processes import LaptopError

FIRST = 7


def ran(number: int, *, clean: bool = False) -> Ran:
    plan = planned(1, number, clean=clean)
    outcome = Outcome(
        plan=plan,
        records=1_000,
        incidents=50,
        seconds=20.5,
        met=dict.fromkeys(plan.names, 3),
        recoveries=(Recovery(name="sns_down", seconds=3.25), Recovery(name="shard_split", seconds=None)),
        wrong=(Wrong(kind=Kind.LOST, side="alerts", what="one"),),
        ledger_differences=("sent: 1",),
        told_again=2,
        dead_letters=1,
        errors=("no shard",),
    )
    return Ran(outcome=outcome, clean=clean, at=datetime(2026, 1, 1 + number % 20, tzinfo=UTC))


def tally() -> Tally:
    found = Tally(seed=1, first=FIRST, bugs=Bugs(planted=3, caught=2))
    for each in (ran(FIRST), ran(FIRST + 1), ran(_CLEAN_FROM + FIRST, clean=True)):
        found.take(each)
    return found


def test_a_run_taken_up_again_knows_all_of_what_was_before(tmp_path):
    """Its report is that of a run that nobody ended: each schedule as it was planned, each figure."""
    Kept(tmp_path).keep(tally())
    again = Kept(tmp_path).load(seed=1, first=FIRST)
    assert again == tally()
    assert again.following == FIRST + 2
    assert again.document() == tally().document()


def test_where_nothing_ran_a_run_begins(tmp_path):
    """So that the same command serves for the first part of a long run."""
    assert Kept(tmp_path).load(seed=1, first=FIRST) is None


def test_a_schedule_that_was_broken_off_is_told_of(tmp_path):
    """It may have been broken off because something was wrong."""
    Kept(tmp_path).keep(tally(), under_way=True)
    again = Kept(tmp_path).load(seed=1, first=FIRST)
    assert again.following == FIRST + 2
    assert again.document()["broken_off"] == 1
    Kept(tmp_path).keep(again)
    assert Kept(tmp_path).load(seed=1, first=FIRST).broken_off == 1


def test_a_run_whose_program_is_changed_under_it_ends(tmp_path, monkeypatch):
    """Its next platform would be of the other version."""
    running = Kept(tmp_path)
    monkeypatch.setattr(kept, "program", lambda: "another")
    with pytest.raises(LaptopError, match="changed while it ran"):
        running.keep(tally())


@pytest.mark.parametrize(("seed", "first"), [(2, FIRST), (1, 0)])
def test_a_run_of_other_schedules_is_not_gone_on_with(tmp_path, seed, first):
    """Its figures would be said of schedules that never ran."""
    Kept(tmp_path).keep(tally())
    with pytest.raises(LaptopError, match=f"^What was run here is of seed 1, from schedule {FIRST} on$"):
        Kept(tmp_path).load(seed=seed, first=first)


def test_a_run_of_another_version_is_not_gone_on_with(tmp_path, monkeypatch):
    """What an older program did right says nothing of this one."""
    monkeypatch.setattr(kept, "program", lambda: "older")
    Kept(tmp_path).keep(tally())
    monkeypatch.undo()
    with pytest.raises(LaptopError, match="another version"):
        Kept(tmp_path).load(seed=1, first=FIRST)


def test_a_version_is_told_by_every_program_of_it(tmp_path, monkeypatch):
    """A change of one character, or of one name, makes it another; what is built or written beside does not."""
    (tmp_path / "drills" / "target").mkdir(parents=True)
    for name in kept._FILES:
        (tmp_path / name).touch()
    file = tmp_path / "drills" / "any.py"
    file.write_text("1")
    monkeypatch.setattr(kept, "ROOT", tmp_path)
    seen = {program()}
    (tmp_path / "drills" / "target" / "built.java").write_text("1")
    (tmp_path / "drills" / "any.pyc").write_text("1")
    assert seen == {program()}
    file.write_text("2")
    seen.add(program())
    file.rename(tmp_path / "drills" / "other.py")
    seen.add(program())
    (tmp_path / "requirements.lock").write_text("1")
    seen.add(program())
    assert len(seen) == 4
