"""Experiments on the streams exist where a stage asks for them, and can break nothing else."""

import json
from collections.abc import Callable

import pytest

from stacks.experiments import PERCENTAGES, STOPPED_BY
from stacks.stages import STAGES

TEMPLATE = "AWS::FIS::ExperimentTemplate"


@pytest.fixture(scope="module")
def experimenting(synthesised: Callable):
    """Return the templates of a stage with experiments."""
    return synthesised("dev", fault_experiments="true")


def test_no_stage_has_experiments_unless_it_asks(every_stage):
    """What can break the platform must not be there by itself."""
    assert not STAGES[every_stage.stage].fault_experiments
    assert TEMPLATE not in {resource.type for resource in every_stage.everything}


def test_each_stream_is_throttled_less_and_less_and_its_iterators_expire(experimenting):
    """Coming back while half of the calls still fail is the harder part."""
    experiments = experimenting.all(TEMPLATE)
    assert len(experiments) == 4
    for experiment in experiments:
        actions = experiment.properties["Actions"]
        if "Throttled" in experiment.logical_id:
            assert sorted(int(each["Parameters"]["percentage"]) for each in actions.values()) == sorted(PERCENTAGES)
            assert sum("StartAfter" in each for each in actions.values()) == len(PERCENTAGES) - 1
        assert all(each["Parameters"]["duration"] == "PT5M" for each in actions.values())


def test_an_experiment_ends_when_more_breaks_than_was_meant(experimenting):
    """An alarm that is not a stop condition lets the fault go on while customers are lost."""
    for experiment in experimenting.all(TEMPLATE):
        conditions = json.dumps(experiment.properties["StopConditions"])
        assert len(experiment.properties["StopConditions"]) == len(STOPPED_BY)
        assert all(alarm in conditions for alarm in STOPPED_BY)


def test_the_role_may_break_the_two_streams_and_nothing_else(experimenting):
    """The action takes no resource, so a condition has to name the streams."""
    policies = [
        each for each in experimenting.all("AWS::IAM::Policy") if "InjectApiError" in json.dumps(each.properties)
    ]
    (policy,) = policies
    statements = {str(each["Action"]): each for each in policy.properties["PolicyDocument"]["Statement"]}
    assert statements.keys() == {"kinesis:DescribeStreamSummary", "kinesis:InjectApiError"}
    condition = statements["kinesis:InjectApiError"]["Condition"]["ForAllValues:StringEquals"]
    assert len(condition["kinesis:FisTargetArns"]) == 2
    assert all(action.startswith("aws:kinesis:stream-") for action in condition["kinesis:FisActionId"])


def test_the_templates_keep_to_the_rules_with_experiments_too(experimenting):
    """A setting is no way round cdk-nag."""
    assert experimenting.findings() == []
