"""The sweep's door, with every adapter on moto."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from cliploop import bootstrap
from cliploop.domain.errors import ErrorCode, Failure
from cliploop.domain.identity import ObjectVersion, render_vod_task_id
from cliploop.domain.output import outputs_of
from cliploop.domain.procedure import BUILT_IN_PROCEDURES
from cliploop.domain.task import Task, TaskState
from cliploop.domain.template import BUILT_IN_TEMPLATES
from cliploop.domain.timetable import TELLING_OVERDUE_MS, WAITING_OVERDUE_MS
from functions.sweep.app import handler
from tests.unit.doors.conftest import ENVIRONMENT, PROJECT_ID

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

APP_ID = int(ENVIRONMENT["CLIPLOOP_APP_ID"])
SCHEDULED = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}
WHY = Failure(ErrorCode.SOURCE_NOT_FOUND, "The uploaded object is not there any more.")


@pytest.fixture
def sqs(tables: None) -> SQSClient:
    client = boto3.client("sqs")
    for name in ("work", "callbacks"):
        client.create_queue(QueueName=name)
    boto3.client("events").create_event_bus(Name="bus")
    return client


def add(task_id: int, ago_ms: int = 0, *, failed: bool = False) -> Task:
    parts = bootstrap.sweep().sweep
    now_ms = parts.clock.now_ms() - ago_ms
    row = Task(
        project_id=PROJECT_ID,
        task_id=task_id,
        file_id=2,
        source=ObjectVersion("uploads", "k", f"v{task_id}"),
        procedure="preview",
        outputs=outputs_of(BUILT_IN_PROCEDURES["preview"].references, BUILT_IN_TEMPLATES),
        created_ms=now_ms,
    ).registered()
    return parts.tasks.add(row.claim(now_ms).fail(1, WHY, now_ms) if failed else row)


def state_of(task_id: int) -> TaskState:
    row = bootstrap.sweep().sweep.tasks.get(PROJECT_ID, task_id)
    assert row is not None
    return row.state


def sent(sqs: SQSClient) -> list[int]:
    url = ENVIRONMENT["CLIPLOOP_WORK_QUEUE_URL"]
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return sorted(int(json.loads(message["Body"])["task_id"]) for message in messages)


def test_the_schedule_sweeps_and_says_what_it_found(
    sqs: SQSClient, context: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    add(1, WAITING_OVERDUE_MS)
    add(2, TELLING_OVERDUE_MS, failed=True)
    add(3)
    assert handler(SCHEDULED, context) == {"swept": {"resent": 1, "told": 1}}
    assert sent(sqs) == [1]
    metrics = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    (emitted,) = metrics
    names = ("RowsResent", "RowsTakenOver", "RowsEnded", "RowsTold", "RowsFailed")
    assert [emitted[name] for name in names] == [[1.0], [0.0], [0.0], [1.0], [0.0]]
    assert handler(SCHEDULED, context) == {"swept": {}}


def test_a_failed_task_is_brought_back_by_any_of_its_ids(sqs: SQSClient, context: Any) -> None:
    for task_id in (1, 2):
        add(task_id, failed=True)
    add(3)
    ids = ["1", render_vod_task_id(APP_ID, 2), "3", "4", "nonsense"]
    outcomes = ["redriven", "redriven", "not failed", "not found", "not found"]
    answer = handler({"redrive": {"task_ids": ids}}, context)
    assert answer == {
        "redriven": [{"task_id": task_id, "outcome": outcome} for task_id, outcome in zip(ids, outcomes, strict=True)]
    }
    assert json.loads(json.dumps(answer)) == answer
    assert [state_of(task_id) for task_id in (1, 2, 3)] == [TaskState.WAITING] * 3
    assert sent(sqs) == [1, 2]


@pytest.mark.parametrize(
    "event",
    [{}, None, [], "redrive", {"redrive": []}, {"redrive": {"task_ids": "1"}}, {"redrive": {}}, {"source": 1}],
)
def test_an_event_that_asks_for_nothing_known_is_told_what_to_ask(sqs: SQSClient, context: Any, event: Any) -> None:
    add(1, WAITING_OVERDUE_MS)
    answer = handler(event, context)
    assert list(answer) == ["error"]
    assert "task_ids" in answer["error"]
    assert sent(sqs) == []
