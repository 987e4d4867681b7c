from __future__ import annotations

import json
import os
from collections.abc import Iterator
from hashlib import md5
from typing import TYPE_CHECKING, Any
from unittest import mock

import boto3
import pytest

from cliploop.adapters.dynamodb_event_settings import DynamoDBEventSettings
from cliploop.domain.event_settings import EventSettings
from functions.send_callback.app import handler
from tests.receiver import Receiver, receiving
from tests.unit.doors.conftest import PROJECT_ID
from tests.unit.doors.events import sqs_message

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

BODY = {"EventType": "ProcedureStateChanged", "DeliveryId": "d", "Name": "ü"}


@pytest.fixture
def receiver(account: None, tables: None) -> Iterator[Receiver]:
    with (
        receiving() as receiver,
        mock.patch.dict(os.environ, {"CLIPLOOP_ALLOWED_PRIVATE_TARGETS": receiver.target}),
    ):
        yield receiver


@pytest.fixture
def sqs(receiver: Receiver) -> SQSClient:
    sqs = boto3.client("sqs")
    sqs.create_queue(QueueName="callbacks")
    return sqs


def message(sqs: SQSClient, url: str, message_id: str = "m1") -> dict[str, Any]:
    """A callback that its queue has handed out and would hand out again at once."""
    body = {"project_id": PROJECT_ID, "delivery_id": "d", "url": url, "body": BODY}
    queue = sqs.get_queue_url(QueueName="callbacks")["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(body))
    (received,) = sqs.receive_message(QueueUrl=queue, VisibilityTimeout=0)["Messages"]
    return sqs_message("callbacks", json.loads(received["Body"]), message_id) | {
        "receiptHandle": received["ReceiptHandle"]
    }


def is_hidden(sqs: SQSClient) -> bool:
    return "Messages" not in sqs.receive_message(QueueUrl=sqs.get_queue_url(QueueName="callbacks")["QueueUrl"])


def test_a_callback_is_made_and_signed_as_the_project_wants(receiver: Receiver, sqs: SQSClient, context: Any) -> None:
    DynamoDBEventSettings(boto3.client("dynamodb"), "catalog").put(PROJECT_ID, EventSettings(sign_key="abc"))
    assert handler({"Records": [message(sqs, receiver.url)]}, context) == {"batchItemFailures": []}
    ((path, _, body),) = receiver.heard
    told = json.loads(body)
    assert path == "/events?of=mine"
    assert told.pop("Sign") == md5(f"abc{told.pop('T')}".encode(), usedforsecurity=False).hexdigest()
    assert told == BODY


def test_a_receiver_that_fails_is_called_again_after_a_backoff(
    receiver: Receiver, sqs: SQSClient, context: Any, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.status = 503
    assert handler({"Records": [message(sqs, receiver.url)]}, context) == {
        "batchItemFailures": [{"itemIdentifier": "m1"}]
    }
    assert is_hidden(sqs)
    assert "503" in str([vars(record) for record in caplog.records])


def test_an_address_inside_is_never_called(receiver: Receiver, sqs: SQSClient, context: Any) -> None:
    inside = receiver.url.replace("127.0.0.1", "127.0.0.2")
    assert handler({"Records": [message(sqs, inside)]}, context) == {"batchItemFailures": [{"itemIdentifier": "m1"}]}
    assert receiver.heard == []


def test_a_message_that_is_none_fails_alone(receiver: Receiver, sqs: SQSClient, context: Any) -> None:
    records = [sqs_message("callbacks", {"nonsense": 1}, "bad"), message(sqs, receiver.url, "good")]
    assert handler({"Records": records}, context) == {"batchItemFailures": [{"itemIdentifier": "bad"}]}
    assert len(receiver.heard) == 1
