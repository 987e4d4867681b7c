from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from cliploop.adapters.dynamodb_event_settings import DynamoDBEventSettings
from cliploop.adapters.dynamodb_events import DynamoDBEvents
from cliploop.adapters.dynamodb_files import file_to_item
from cliploop.adapters.task_rows import task_to_item
from cliploop.domain.errors import ErrorCode, Failure
from cliploop.domain.event_settings import EventMode, EventSettings
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.source_file import SourceFile
from cliploop.domain.task import Task
from functions.on_task_change.app import handler
from tests.unit.doors.conftest import PROJECT_ID

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

WAITING = Task(
    project_id=PROJECT_ID,
    task_id=1,
    file_id=2,
    source=ObjectVersion("b", "k.mp4", "v"),
    procedure="",
    outputs=(),
    created_ms=1_700_000_000_000,
).registered()
CLAIMED = WAITING.claim(WAITING.created_ms)
ENDED = CLAIMED.fail(1, Failure(ErrorCode.SOURCE_MALFORMED, "broken"), WAITING.created_ms)


def record(number: str, before: Task | None, after: Task | None) -> dict[str, Any]:
    images: dict[str, Mapping[str, Any]] = {}
    if before:
        images["OldImage"] = task_to_item(before, 0)
    if after:
        images["NewImage"] = task_to_item(after, 0)
    return {"eventName": "MODIFY", "dynamodb": {"SequenceNumber": number, **images}}


@pytest.fixture
def heard(account: None, tables: None) -> tuple[SQSClient, str]:
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="heard")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events = boto3.client("events")
    events.create_event_bus(Name="bus")
    events.put_rule(Name="all", EventBusName="bus", EventPattern=json.dumps({"source": ["cliploop"]}))
    events.put_targets(Rule="all", EventBusName="bus", Targets=[{"Id": "1", "Arn": arn}])
    return sqs, url


def deliveries(heard: tuple[SQSClient, str]) -> list[dict[str, Any]]:
    sqs, url = heard
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [json.loads(message["Body"])["detail"] for message in messages]


def test_only_the_end_is_told(heard: tuple[SQSClient, str], context: Any) -> None:
    records = [record("1", None, WAITING), record("2", WAITING, CLAIMED), record("3", CLAIMED, ENDED)]
    assert handler({"Records": records}, context) == {"batchItemFailures": []}
    (told,) = deliveries(heard)
    assert told["ProcedureStateChangeEvent"]["Status"] == "FINISH"
    assert told["ProcedureStateChangeEvent"]["Message"] == "broken"


def test_a_row_that_went_away_tells_nothing(heard: tuple[SQSClient, str], context: Any) -> None:
    assert handler({"Records": [record("1", ENDED, None)]}, context) == {"batchItemFailures": []}
    assert deliveries(heard) == []


FILE = SourceFile(
    project_id=PROJECT_ID, file_id=7, source=ObjectVersion("b", "k.mp4", "v"), size=5, created_ms=WAITING.created_ms
)


def file_record(event: str) -> dict[str, Any]:
    return {"eventName": event, "dynamodb": {"SequenceNumber": "1", "NewImage": file_to_item(FILE)}}


def test_a_file_is_told_when_it_becomes_known_and_never_again(heard: tuple[SQSClient, str], context: Any) -> None:
    assert handler({"Records": [file_record("INSERT")]}, context) == {"batchItemFailures": []}
    (told,) = deliveries(heard)
    assert handler({"Records": [file_record("MODIFY")]}, context) == {"batchItemFailures": []}
    assert deliveries(heard) == []
    assert told["EventType"] == "NewFileUpload"
    assert told["FileUploadEvent"]["FileId"] == "7"


def queued() -> list[dict[str, Any]]:
    events = DynamoDBEvents(boto3.client("dynamodb"), "tasks")
    return [dict(each.event) for each in events.take(PROJECT_ID, 16, time.time_ns() // 1_000_000, 1)]


def want(settings: EventSettings) -> None:
    DynamoDBEventSettings(boto3.client("dynamodb"), "catalog").put(PROJECT_ID, settings)


def test_a_project_that_pulls_finds_each_event_in_its_queue_once(heard: tuple[SQSClient, str], context: Any) -> None:
    want(EventSettings(EventMode.PULL, tells_uploads=True))
    event = {"Records": [file_record("INSERT"), record("3", CLAIMED, ENDED)]}
    for _ in range(2):
        assert handler(event, context) == {"batchItemFailures": []}
    assert [each["EventType"] for each in queued()] == ["NewFileUpload", "ProcedureStateChanged"]
    assert len(deliveries(heard)) == 4


def test_an_event_in_its_queue_is_no_news(heard: tuple[SQSClient, str], context: Any) -> None:
    want(EventSettings(EventMode.PULL))
    handler({"Records": [record("3", CLAIMED, ENDED)]}, context)
    deliveries(heard)
    kept = [
        {"eventName": "INSERT", "dynamodb": {"SequenceNumber": "4", "NewImage": item}}
        for item in boto3.client("dynamodb").scan(TableName="tasks")["Items"]
        if "#event" in item["pk"]["S"]
    ]
    assert len(kept) == 2
    assert handler({"Records": kept}, context) == {"batchItemFailures": []}
    assert deliveries(heard) == []


def test_a_project_that_is_called_back_has_its_callback_queued(heard: tuple[SQSClient, str], context: Any) -> None:
    sqs, _ = heard
    url = sqs.create_queue(QueueName="callbacks")["QueueUrl"]
    want(EventSettings(notification_url="https://example.com/events"))
    assert handler({"Records": [record("3", CLAIMED, ENDED)]}, context) == {"batchItemFailures": []}
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    callback = json.loads(message["Body"])
    assert callback["url"] == "https://example.com/events"
    assert callback["body"] == deliveries(heard)[0]


def test_a_queue_of_callbacks_that_is_gone_is_tried_again(heard: tuple[SQSClient, str], context: Any) -> None:
    want(EventSettings(notification_url="https://example.com/events"))
    reply = handler({"Records": [record("3", CLAIMED, ENDED)]}, context)
    assert reply == {"batchItemFailures": [{"itemIdentifier": "3"}]}


def test_a_count_tells_nothing(heard: tuple[SQSClient, str], context: Any) -> None:
    counted = {"pk": {"S": f"{PROJECT_ID}#count#202611"}, "sk": {"S": "count"}, "S21": {"N": "1"}}
    records = [{"eventName": "INSERT", "dynamodb": {"SequenceNumber": "1", "NewImage": counted}}]
    assert handler({"Records": records}, context) == {"batchItemFailures": []}
    assert deliveries(heard) == []


def test_a_record_that_cannot_be_read_is_reported_alone(heard: tuple[SQSClient, str], context: Any) -> None:
    unreadable = {"dynamodb": {"SequenceNumber": "1", "NewImage": {"pk": {"S": "?"}, "sk": {"S": "task"}}}}
    reply = handler({"Records": [unreadable, record("2", CLAIMED, ENDED)]}, context)
    assert reply == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert len(deliveries(heard)) == 1


def test_a_bus_that_is_gone_is_tried_again(account: None, tables: None, context: Any) -> None:
    reply = handler({"Records": [record("7", CLAIMED, ENDED)]}, context)
    assert reply == {"batchItemFailures": [{"itemIdentifier": "7"}]}
