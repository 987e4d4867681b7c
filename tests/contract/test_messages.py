"""Queues and the bus: what is sent is what arrives."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from cliploop.adapters.eventbridge_notifications import EventBridgeNotifications
from cliploop.adapters.sqs_retry import SqsRetry, retry_delay_s
from cliploop.adapters.sqs_work import SqsWorkQueue
from cliploop.domain.errors import CliploopError
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.notification import Notification
from cliploop.domain.task import Task

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

TASK = Task(
    project_id="p",
    task_id=2**63 - 1,
    file_id=1,
    source=ObjectVersion("b", "k", "v"),
    procedure="x",
    outputs=(),
    created_ms=1,
)


def notices(count: int) -> list[Notification]:
    return [Notification(f"d{number}", replace(TASK, task_id=number + 1)) for number in range(count)]


def encode(notification: Notification) -> Mapping[str, Any]:
    return {"EventType": "ProcedureStateChanged", "Task": notification.task.task_id, "Name": "ü"}


def test_a_task_sent_to_work_arrives_with_its_whole_id(sqs: SQSClient) -> None:
    url = sqs.create_queue(QueueName="work")["QueueUrl"]
    SqsWorkQueue(sqs, url).send("p", 2**63 - 1)
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert json.loads(message["Body"]) == {"project_id": "p", "task_id": "9223372036854775807"}


def test_a_queue_that_is_gone_is_tried_again(sqs: SQSClient) -> None:
    url = sqs.create_queue(QueueName="work")["QueueUrl"]
    sqs.delete_queue(QueueUrl=url)
    with pytest.raises(CliploopError) as raised:
        SqsWorkQueue(sqs, url).send("p", 1)
    assert raised.value.retryable


def test_a_failed_message_comes_back_after_its_backoff(sqs: SQSClient) -> None:
    url = sqs.create_queue(QueueName="work", Attributes={"VisibilityTimeout": "0"})["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="x")
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    record = {
        "messageId": "1",
        "receiptHandle": message["ReceiptHandle"],
        "eventSourceARN": "arn",
        "attributes": {"ApproximateReceiveCount": "1"},
    }
    retry = SqsRetry(sqs, {"arn": url})
    assert retry.put_back([record], failed=["2"]) == []
    assert "Messages" in sqs.receive_message(QueueUrl=url)
    assert retry.put_back([record], failed=["1"]) == []
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_a_message_that_cannot_be_put_back_is_named(sqs: SQSClient) -> None:
    url = sqs.create_queue(QueueName="work")["QueueUrl"]
    record = {
        "messageId": "1",
        "receiptHandle": "nonsense",
        "eventSourceARN": "arn",
        "attributes": {"ApproximateReceiveCount": "1"},
    }
    assert SqsRetry(sqs, {"arn": url}).put_back([record], failed=["1"]) == ["1"]


def test_the_backoff_doubles_up_to_five_minutes() -> None:
    assert [retry_delay_s(count) for count in (1, 2, 3, 7, 1000)] == [5, 10, 20, 300, 300]


@pytest.fixture
def heard(sqs: SQSClient) -> str:
    """A queue that hears everything on the bus."""
    url = sqs.create_queue(QueueName="heard")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events = boto3.client("events")
    events.create_event_bus(Name="bus")
    events.put_rule(Name="all", EventBusName="bus", EventPattern=json.dumps({"source": ["cliploop"]}))
    events.put_targets(Rule="all", EventBusName="bus", Targets=[{"Id": "1", "Arn": arn}])
    return url


def test_notifications_arrive_as_the_dialect_encodes_them(sqs: SQSClient, heard: str) -> None:
    publisher = EventBridgeNotifications(boto3.client("events"), "bus", encode)
    assert publisher.publish(notices(1)) == []
    (message,) = sqs.receive_message(QueueUrl=heard)["Messages"]
    event = json.loads(message["Body"])
    assert (event["source"], event["detail-type"]) == ("cliploop", "ProcedureStateChanged")
    assert event["detail"] == {"EventType": "ProcedureStateChanged", "Task": 1, "Name": "ü"}


def test_more_notifications_than_one_call_takes(sqs: SQSClient, heard: str) -> None:
    publisher = EventBridgeNotifications(boto3.client("events"), "bus", encode)
    assert publisher.publish(notices(25)) == []
    count = sqs.get_queue_attributes(QueueUrl=heard, AttributeNames=["ApproximateNumberOfMessages"])
    assert count["Attributes"]["ApproximateNumberOfMessages"] == "25"


class _EventsThatFail:
    """PutEvents as AWS answers it when it takes some entries of a call and not others, or none."""

    def __init__(self, *, wholly: bool) -> None:
        self.wholly = wholly

    def put_events(self, Entries: list[dict[str, str]]) -> dict[str, object]:  # noqa: N803
        if self.wholly:
            raise boto3.client("events").exceptions.InternalException({"Error": {"Code": "x"}}, "PutEvents")
        answers = [{"ErrorCode": "Throttled"} if '"Task": 2' in entry["Detail"] else {} for entry in Entries]
        return {"FailedEntryCount": 1, "Entries": answers}


@pytest.mark.parametrize(("wholly", "failed"), [(False, ["d1"]), (True, ["d0", "d1", "d2"])])
def test_entries_that_the_bus_did_not_take_are_given_back(aws: None, wholly: bool, failed: list[str]) -> None:  # noqa: FBT001
    publisher = EventBridgeNotifications(_EventsThatFail(wholly=wholly), "bus", encode)  # type: ignore[arg-type]
    assert [notice.delivery_id for notice in publisher.publish(notices(3))] == failed
