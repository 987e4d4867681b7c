"""The times of the template are those of the timetable, and the sweep may do what it does and no more."""

from __future__ import annotations

import re
from typing import Any

import pytest

from cliploop.adapters.outside_web import OutsideWeb
from cliploop.adapters.sqs_retry import retry_delay_s
from cliploop.bootstrap import parts
from cliploop.domain import timetable
from cliploop.domain.timetable import HIDDEN_S, INVOCATION_S, LEASE_MS, LOOK_MS, RESERVE_S, SWEEP_EVERY_S
from tests.infrastructure.conftest import Template

pytestmark = pytest.mark.infra


def properties(resources: Template, name: str) -> Any:
    return resources[name]["Properties"]


def test_the_encoder_and_its_queues_have_the_times_of_the_timetable(resources: Template) -> None:
    assert properties(resources, "OnUploadFunction")["Timeout"] == INVOCATION_S
    for queue in ("UploadsQueue", "WorkQueue"):
        assert properties(resources, queue)["VisibilityTimeout"] == HIDDEN_S


def test_the_sweep_runs_as_often_as_the_timetable_says_and_ends_before_the_next_one(resources: Template) -> None:
    function = properties(resources, "SweepFunction")
    (schedule,) = [each["Properties"] for each in function["Events"].values() if each["Type"] == "Schedule"]
    (minutes,) = re.fullmatch(r"rate\((\d+) minutes?\)", schedule["Schedule"]).groups()  # type: ignore[union-attr]
    assert int(minutes) * 60 == SWEEP_EVERY_S == function["Timeout"]
    assert function["EventInvokeConfig"] == {
        "MaximumRetryAttempts": 0,
        "MaximumEventAgeInSeconds": SWEEP_EVERY_S,
    }


def test_a_successor_takes_over_within_two_minutes() -> None:
    slack_s = 15  # a message's way, and a cold start
    assert LEASE_MS / 1000 + SWEEP_EVERY_S + slack_s <= 120


def test_everything_that_may_hang_fits_into_what_is_left_of_a_lease_when_it_is_renewed() -> None:
    config: Any = parts.client_config()
    tries = config.retries["total_max_attempts"]
    assert config.retries["mode"] == "standard"
    # botocore.retries.standard.ExponentialBackoff: up to 2 ** attempt seconds before each new try
    waits_s = sum(2**attempt for attempt in range(tries - 1))
    worst_s = tries * (config.connect_timeout + config.read_timeout) + waits_s
    left_s = LEASE_MS * 2 / 3 / 1000
    assert worst_s + LOOK_MS / 1000 <= left_s
    assert OutsideWeb(Any).answer_s <= left_s  # type: ignore[arg-type]


def test_a_message_that_comes_back_by_itself_is_there_before_the_sweep_looks() -> None:
    assert retry_delay_s(99) * 1000 <= timetable.RETRY_OVERDUE_MS


def test_a_lease_is_far_shorter_than_an_invocation_and_longer_than_some_looks() -> None:
    assert LOOK_MS * 10 < LEASE_MS < INVOCATION_S * 1000 / 10
    assert 0 < RESERVE_S < INVOCATION_S / 10


def test_the_sweep_may_look_send_tell_and_remove_and_nothing_else(resources: Template) -> None:
    (policy,) = properties(resources, "SweepRole")["Policies"]
    granted = {
        (action, str(each["Resource"]))
        for each in policy["PolicyDocument"]["Statement"]
        for action in (each["Action"] if isinstance(each["Action"], list) else [each["Action"]])
    }
    tasks, catalog = str({"Fn::GetAtt": ["TasksTable", "Arn"]}), str({"Fn::GetAtt": ["CatalogTable", "Arn"]})
    outputs = str({"Fn::Sub": "${OutputBucket.Arn}/*"})
    assert granted >= {
        ("dynamodb:Query", str({"Fn::Sub": "${TasksTable.Arn}/index/due"})),
        *((f"dynamodb:{action}", tasks) for action in ("GetItem", "PutItem", "UpdateItem")),
        ("dynamodb:GetItem", catalog),
        ("sqs:SendMessage", str({"Fn::GetAtt": ["WorkQueue", "Arn"]})),
        ("sqs:SendMessage", str({"Fn::GetAtt": ["CallbacksQueue", "Arn"]})),
        ("events:PutEvents", str({"Fn::GetAtt": ["EventBus", "Arn"]})),
        *((f"s3:{action}", outputs) for action in ("GetObject", "GetObjectVersion", "DeleteObjectVersion")),
        *(
            (f"s3:{action}", str({"Fn::GetAtt": ["OutputBucket", "Arn"]}))
            for action in ("ListBucket", "ListBucketVersions")
        ),
    }
    assert {action for action, _ in granted} <= {
        *("logs:CreateLogStream", "logs:PutLogEvents"),
        *("dynamodb:Query", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"),
        *("sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"),
        *("events:PutEvents", "s3:GetObject", "s3:GetObjectVersion", "s3:DeleteObjectVersion"),
        *("s3:ListBucket", "s3:ListBucketVersions"),
    }


def test_who_encodes_may_remove_what_a_failed_task_has_stored(resources: Template) -> None:
    (policy,) = properties(resources, "OnUploadRole")["Policies"]
    (writing,) = [each for each in policy["PolicyDocument"]["Statement"] if each["Sid"] == "WriteTheOutputs"]
    assert {"s3:GetObjectVersion", "s3:DeleteObjectVersion"} <= set(writing["Action"])


def test_who_tells_may_read_and_write_rows(resources: Template) -> None:
    """Read, because the row has moved on when the arrival of its source is noted on it."""
    (policy,) = properties(resources, "OnTaskChangeRole")["Policies"]
    tasks = {"Fn::GetAtt": ["TasksTable", "Arn"]}
    (rows,) = [each for each in policy["PolicyDocument"]["Statement"] if each["Resource"] == tasks]
    assert rows["Action"] == ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]


def test_the_operator_finds_the_sweep_by_an_output(template: Template) -> None:
    assert template["Outputs"]["SweepFunctionName"]["Value"] == {"Ref": "SweepFunction"}
