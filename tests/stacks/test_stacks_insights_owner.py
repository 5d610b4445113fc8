"""QuickSight as a stage has it: not at all, for the owner who is named, and with copies or without."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app import build
from stacks.platform import add_platform
from stacks.stages import DEV, STAGES, UnknownUserError

ROOT = Path(__file__).resolve().parents[2]
SET = "AWS::QuickSight::DataSet"


def test_quicksight_is_nobodys_unless_an_owner_is_named(every_stage):
    """It bills for each user, and a deployment to an account without a subscription would fail."""
    assert not [r.logical_id for r in every_stage.everything if r.type.startswith("AWS::QuickSight::")]
    assert STAGES[every_stage.stage].quicksight_user == ""


def test_the_data_is_asked_for_at_each_look_unless_the_stage_wants_copies(insights, new_app, owner):
    """A copy is quick to look at, and is made anew every morning, or it would be of the day of the deployment."""
    assert {each.properties["ImportMode"] for each in insights.all(SET)} == {"DIRECT_QUERY"}
    copied = _with_copies(new_app, owner)
    sets = {key: body for key, body in copied.items() if body["Type"] == SET}
    schedules = [body for body in copied.values() if body["Type"] == "AWS::QuickSight::RefreshSchedule"]
    assert {body["Properties"]["ImportMode"] for body in sets.values()} == {"SPICE"}
    assert sorted(each["Properties"]["DataSetId"] for each in schedules) == sorted(
        body["Properties"]["DataSetId"] for body in sets.values()
    )
    for each in schedules:
        assert each["DependsOn"][0] in sets
        assert each["Properties"]["Schedule"]["ScheduleFrequency"]["Interval"] == "DAILY"


def test_the_lake_is_deployed_before_and_destroyed_after(new_app, owner):
    """Without the workgroup there is nothing to ask."""
    app = new_app(stage="dev", quicksight_user=owner)
    build(app)
    (stack,) = (child for child in app.node.children if child.node.id == "floorwalker-dev-insights")
    assert "floorwalker-dev-lake" in {other.node.id for other in stack.dependencies}


@pytest.mark.parametrize("user", ["keeper", "arn:aws:iam::123456789012:user/keeper", "arn:aws:quicksight::1:user/x"])
def test_what_is_no_quicksight_user_is_refused(user):
    """A permission for somebody who is not there fails in the account, after minutes."""
    with pytest.raises(UnknownUserError, match="no QuickSight user or group"):
        replace(DEV, quicksight_user=user)


@pytest.mark.parametrize("kind", ["user", "group"])
def test_a_user_or_a_group_may_own_it(kind):
    """A group outlives whoever leaves."""
    named = f"arn:aws:quicksight:eu-west-1:123456789012:{kind}/default/Merchandisers of the shop"
    assert replace(DEV, quicksight_user=named).quicksight_user == named


def test_the_program_refuses_a_user_that_is_none_in_one_line():
    """A stack trace would bury the line."""
    context = json.dumps({"stage": "dev", "quicksight_user": "keeper"})
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CDK_CONTEXT_JSON": context}
    command = [sys.executable, "app.py"]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "'keeper' is no QuickSight user or group" in run.stderr
    assert "Traceback" not in run.stderr


def _with_copies(new_app, owner) -> dict[str, Any]:
    app = new_app(stage="dev")
    add_platform(app, stage=replace(DEV, quicksight_user=owner, quicksight_spice=True), alert_email=None)
    return app.synth().get_stack_by_name("floorwalker-dev-insights").template["Resources"]
