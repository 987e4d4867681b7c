"""Queues and the bus: what is sent is what arrives."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from cliploop.adapters.eventbridge_notifications import EventBridgeNotifications
from cliploop.adapters.sqs_callbacks import SqsCallbackQueue
from cliploop.adapters.sqs_retry import SqsRetry, callback_delay_s, callback_step_s, retry_delay_s
from cliploop.adapters.sqs_work import SqsWorkQueue
from cliploop.application.ports_events import MAX_EVENT_BYTES, Callback, CallbackQueue
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.notification import EventKind, Notification
from cliploop.domain.task import Task
from cliploop.testing.in_memory_events import InMemoryCallbackQueue

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
    kind = EventKind.PROCEDURE_STATE_CHANGED
    return [Notification(f"d{number}", kind, replace(TASK, task_id=number + 1)) for number in range(count)]


def encode(notification: Notification) -> Mapping[str, Any]:
    assert isinstance(notification.subject, Task)
    return {"EventType": notification.kind.value, "Task": notification.subject.task_id, "Name": "ü"}


def test_a_task_sent_to_work_arrives_with_its_whole_id(sqs: SQSClient) -> None:
    url = sqs.create_queue(QueueName="work")["QueueUrl"]
    SqsWorkQueue(sqs, url).send("p", 2**63 - 1)
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert json.loads(message["Body"]) == {"project_id": "p", "task_id": "9223372036854775807"}


def test_a_message_of_a_task_is_of_its_projects_group(sqs: SQSClient) -> None:
    """By the groups SQS is fair; no group may have a name that SQS refuses."""
    url, project_id = sqs.create_queue(QueueName="work")["QueueUrl"], "0123456789abcdef" * 2
    SqsWorkQueue(sqs, url).send(project_id, 1)
    (message,) = sqs.receive_message(QueueUrl=url, MessageSystemAttributeNames=["MessageGroupId"])["Messages"]
    assert message["Attributes"]["MessageGroupId"] == project_id


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


def test_the_backoff_of_callbacks_doubles_up_to_an_hour_and_has_jitter_on_the_whole_way_to_the_next_step() -> None:
    assert [callback_step_s(count) for count in (1, 2, 3, 10, 11, 1000)] == [4, 8, 16, 2048, 3600, 3600]
    for count in (1, 5, 11, 34):
        step = callback_step_s(count)
        assert callback_delay_s(count, lambda _: 0) == step
        assert callback_delay_s(count, lambda end: end - 1) == 2 * step
        drawn = {callback_delay_s(count) for _ in range(300)}
        assert min(drawn) >= step
        assert max(drawn) <= 2 * step
        assert len(drawn) > min(step, 100) / 2, "callbacks that failed together do not come back together"


def test_a_queue_may_have_a_backoff_of_its_own(sqs: SQSClient) -> None:
    url = sqs.create_queue(QueueName="callbacks", Attributes={"VisibilityTimeout": "0"})["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="x")
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    record = {
        "messageId": "1",
        "receiptHandle": message["ReceiptHandle"],
        "eventSourceARN": "arn",
        "attributes": {"ApproximateReceiveCount": "7"},
    }
    asked: list[int] = []

    def at_once(receive_count: int) -> int:
        asked.append(receive_count)
        return 0

    assert SqsRetry(sqs, {"arn": url}, at_once).put_back([record], failed=["1"]) == []
    assert asked == [7]
    assert "Messages" in sqs.receive_message(QueueUrl=url)


CALLBACK = Callback("p", "d", "https://example.com/ü", {"Name": "ü\uffff\x00日本", "Deep": [1, 2.5, {"None": None}]})


@dataclass(frozen=True)
class Callbacks:
    """A queue of callbacks, and what waits in it."""

    queue: CallbackQueue
    waiting: Callable[[], list[Callback]]


@pytest.fixture(params=["in memory", "moto"])
def callbacks(request: pytest.FixtureRequest) -> Callbacks:
    if request.param == "in memory":
        memory = InMemoryCallbackQueue()
        return Callbacks(memory, lambda: memory.callbacks)
    client: SQSClient = request.getfixturevalue("sqs")
    url = client.create_queue(QueueName="callbacks")["QueueUrl"]

    def waiting() -> list[Callback]:
        messages = client.receive_message(QueueUrl=url).get("Messages", [])
        return [Callback(**json.loads(message["Body"])) for message in messages]

    return Callbacks(SqsCallbackQueue(client, url), waiting)


@pytest.mark.parametrize("callback", [CALLBACK, replace(CALLBACK, of_task=True)])
def test_a_callback_arrives_whole(callbacks: Callbacks, callback: Callback) -> None:
    callbacks.queue.send(callback)
    assert callbacks.waiting() == [callback]


def test_a_callback_of_a_project_is_one_that_the_previous_release_reads(sqs: SQSClient) -> None:
    url = sqs.create_queue(QueueName="callbacks")["QueueUrl"]
    SqsCallbackQueue(sqs, url).send(CALLBACK)
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert json.loads(message["Body"]).keys() == {"project_id", "delivery_id", "url", "body"}


def test_callbacks_to_one_host_are_one_group_so_that_its_backlog_is_its_own(sqs: SQSClient) -> None:
    url = sqs.create_queue(QueueName="callbacks")["QueueUrl"]
    queue = SqsCallbackQueue(sqs, url)
    long = f"{'a' * 60}.{'b' * 60}.example.com"
    addresses = [
        "https://a.example/1",
        "http://A.EXAMPLE:8080/2?x",
        "https://b.example/1",
        f"https://{long}/",
        "no:\ud800",
    ]
    groups: dict[str, str] = {}
    for address in addresses:
        queue.send(replace(CALLBACK, url=address))
        (message,) = sqs.receive_message(QueueUrl=url, AttributeNames=["MessageGroupId"])["Messages"]
        groups[address] = message["Attributes"]["MessageGroupId"]
    assert groups[addresses[0]] == groups[addresses[1]]
    assert len(set(groups.values())) == 4
    assert all(re.fullmatch("[!-~]{1,128}", group) for group in groups.values())  # what SQS takes


def test_the_largest_callback_fits_with_the_longest_address(callbacks: Callbacks) -> None:
    text = "x" * (MAX_EVENT_BYTES - len('{"Text": ""}'))
    largest = replace(CALLBACK, url="https://example.com/".ljust(2_048, "ü"), body={"Text": text})
    callbacks.queue.send(largest)
    assert callbacks.waiting() == [largest]


def test_a_callback_that_is_too_large_is_refused_for_good(callbacks: Callbacks) -> None:
    with pytest.raises(CliploopError) as raised:
        callbacks.queue.send(replace(CALLBACK, body={"Text": "x" * MAX_EVENT_BYTES}))
    assert raised.value.code is ErrorCode.LIMIT_EXCEEDED
    assert not raised.value.retryable
    assert callbacks.waiting() == []


def test_a_queue_of_callbacks_that_is_gone_is_tried_again(sqs: SQSClient) -> None:
    url = sqs.create_queue(QueueName="callbacks")["QueueUrl"]
    sqs.delete_queue(QueueUrl=url)
    with pytest.raises(CliploopError) as raised:
        SqsCallbackQueue(sqs, url).send(CALLBACK)
    assert raised.value.retryable


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
