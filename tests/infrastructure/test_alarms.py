"""Whatever can stand still, pile up or crash has an alarm, and whoever should hear of it does."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infrastructure.conftest import Template
from tests.infrastructure.test_template import of_type, properties, references

pytestmark = pytest.mark.infra

TOLD = {"Fn::If": ["AlarmsAreTold", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]}


def alarms(resources: Template) -> dict[str, Any]:
    return of_type(resources, "AWS::CloudWatch::Alarm")


def metric_of(alarm: Any) -> tuple[str, str, str]:
    """What an alarm looks at: namespace, metric, and whose; each of the three as the template names it."""
    (dimension,) = alarm["Dimensions"]
    (owner,) = references(dimension["Value"])
    return alarm["Namespace"], alarm["MetricName"], owner


def watched(resources: Template, metric: str) -> set[str]:
    """Whose metric some alarm looks at."""
    seen = [metric_of(alarm) for alarm in alarms(resources).values()]
    return {owner for _, name, owner in seen if name == metric}


def dead_letters(resources: Template) -> set[str]:
    """The queues that something lays messages aside in."""
    redriven = [queue.get("RedrivePolicy") for queue in of_type(resources, "AWS::SQS::Queue").values()]
    events = [
        event["Properties"].get("DestinationConfig")
        for function in of_type(resources, "AWS::Serverless::Function").values()
        for event in function.get("Events", {}).values()
    ]
    targets = [
        target.get("DeadLetterConfig")
        for rule in of_type(resources, "AWS::Events::Rule").values()
        for target in rule["Targets"]
    ]
    return {name for each in [*redriven, *events, *targets] for name in references(each)}


def test_the_age_of_every_queue_is_watched(resources: Template) -> None:
    queues = of_type(resources, "AWS::SQS::Queue").keys()
    assert {"UploadsQueue", "WorkQueue", "CallbacksQueue"} <= queues
    assert watched(resources, "ApproximateAgeOfOldestMessage") == queues - dead_letters(resources)


def test_whatever_is_laid_aside_is_seen(resources: Template) -> None:
    aside = dead_letters(resources)
    assert len(aside) >= 4
    assert watched(resources, "ApproximateNumberOfMessagesVisible") == aside
    for alarm in alarms(resources).values():
        if alarm.get("MetricName") == "ApproximateNumberOfMessagesVisible":
            assert (alarm["Statistic"], alarm["ComparisonOperator"], alarm["Threshold"]) == (
                "Maximum",
                "GreaterThanThreshold",
                0,
            )


def test_every_function_that_crashes_is_seen(resources: Template) -> None:
    assert watched(resources, "Errors") == of_type(resources, "AWS::Serverless::Function").keys()


def test_the_stream_is_watched_and_its_lag_is_seen_long_before_it_forgets(resources: Template) -> None:
    readers = {
        name
        for name, function in of_type(resources, "AWS::Serverless::Function").items()
        if any(event["Type"] == "DynamoDB" for event in function.get("Events", {}).values())
    }
    assert watched(resources, "IteratorAge") == readers == {"OnTaskChangeFunction"}
    threshold_ms = properties(resources, "TaskChangesAreOldAlarm")["Threshold"]
    assert 60_000 <= threshold_ms <= 24 * 3_600_000 / 10


def test_a_sweep_that_is_not_called_is_seen(resources: Template) -> None:
    """Another alarm tells of one that fails, as of any function."""
    alarm = properties(resources, "SweepStandsStillAlarm")
    assert metric_of(alarm) == ("AWS/Lambda", "Invocations", "SweepFunction")
    assert (alarm["Statistic"], alarm["ComparisonOperator"], alarm["Threshold"]) == ("Sum", "LessThanThreshold", 1)
    assert alarm["TreatMissingData"] == "breaching"


def test_where_nothing_happens_there_is_no_alarm(resources: Template) -> None:
    """But of the sweep, which always happens."""
    missing = {name: alarm["TreatMissingData"] for name, alarm in alarms(resources).items()}
    assert {name for name, treated in missing.items() if treated != "notBreaching"} == {"SweepStandsStillAlarm"}


def test_every_alarm_and_its_end_is_told_to_the_topic_if_there_is_one(template: Template) -> None:
    assert template["Parameters"]["AlarmTopicArn"]["Default"] == ""
    assert template["Conditions"]["AlarmsAreTold"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "AlarmTopicArn"}, ""]}]}
    for alarm in alarms(template["Resources"]).values():
        assert alarm["AlarmActions"] == alarm["OKActions"] == TOLD
        assert alarm["AlarmDescription"].endswith(".")


def test_a_namespace_fits_its_dimension(resources: Template) -> None:
    for alarm in alarms(resources).values():
        namespace, _, owner = metric_of(alarm)
        kind = {"AWS/SQS": "AWS::SQS::Queue", "AWS/Lambda": "AWS::Serverless::Function"}[namespace]
        assert resources[owner]["Type"] == kind


def test_out_of_the_box_a_project_has_no_quota(template: Template) -> None:
    for name in ("MaxOpenTasks", "MaxOpenSeconds", "MaxOpenPixels"):
        assert (template["Parameters"][name]["Default"], template["Parameters"][name]["MinValue"]) == (0, 0)


@pytest.mark.parametrize("function", ["OnUploadFunction", "ManageTasksFunction", "SweepFunction"])
def test_whoever_registers_tasks_or_brings_them_back_knows_the_quota_and_may_count(
    resources: Template, function: str
) -> None:
    variables = properties(resources, function)["Environment"]["Variables"]
    for name in ("Tasks", "Seconds", "Pixels"):
        assert variables[f"CLIPLOOP_MAX_OPEN_{name.upper()}"] == {"Ref": f"MaxOpen{name}"}
    (role,) = references(properties(resources, function)["Role"])
    granted = [
        set(each["Action"])
        for policy in properties(resources, role)["Policies"]
        for each in policy["PolicyDocument"]["Statement"]
        if "TasksTable" in references(each["Resource"]) and isinstance(each["Action"], list)
    ]
    assert {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:GetItem"} <= set().union(*granted)


def test_uploads_wait_as_long_as_sqs_keeps_anything(resources: Template) -> None:
    """An upload that is not registered yet exists nowhere but in this queue."""
    assert properties(resources, "UploadsQueue")["MessageRetentionPeriod"] == 1_209_600
