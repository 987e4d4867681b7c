from __future__ import annotations

import hmac
import json
import os
from collections.abc import Iterator
from hashlib import md5
from typing import TYPE_CHECKING, Any
from unittest import mock

import boto3
import pytest

from cliploop import bootstrap
from cliploop.adapters.dynamodb_event_settings import DynamoDBEventSettings
from cliploop.domain.event_settings import EventSettings
from functions.send_callback.app import handler
from tests.receiver import Receiver, receiving
from tests.unit.doors.conftest import PROJECT_ID
from tests.unit.doors.events import sqs_message

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

KEY = "the-key-of-all-callbacks"
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
    for name in ("callbacks", "callbacks-dead-letters"):
        sqs.create_queue(QueueName=name)
    boto3.client("secretsmanager").create_secret(Name="callback-keys", SecretString=json.dumps({"key": KEY}))
    return sqs


def message(sqs: SQSClient, url: str, message_id: str = "m1", receives: int = 1) -> dict[str, Any]:
    """A callback, as every release has sent it, that its queue has handed out and would hand out again at once."""
    body = {"project_id": PROJECT_ID, "delivery_id": "d", "url": url, "body": BODY}
    queue = sqs.get_queue_url(QueueName="callbacks")["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(body))
    (received,) = sqs.receive_message(QueueUrl=queue, VisibilityTimeout=0)["Messages"]
    return sqs_message("callbacks", json.loads(received["Body"]), message_id, receives) | {
        "receiptHandle": received["ReceiptHandle"]
    }


def is_hidden(sqs: SQSClient) -> bool:
    return "Messages" not in sqs.receive_message(QueueUrl=sqs.get_queue_url(QueueName="callbacks")["QueueUrl"])


def laid_aside(sqs: SQSClient) -> list[dict[str, Any]]:
    queue = sqs.get_queue_url(QueueName="callbacks-dead-letters")["QueueUrl"]
    return [json.loads(each["Body"]) for each in sqs.receive_message(QueueUrl=queue).get("Messages", [])]


def metrics_in(capsys: pytest.CaptureFixture[str]) -> dict[str, int]:
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "CallbacksMade" in line]
    return {name: int(lines[-1][name][0]) for name in ("CallbacksMade", "CallbacksFailed", "CallbacksLaidAside")}


def test_a_callback_is_made_and_signed_as_the_project_wants(receiver: Receiver, sqs: SQSClient, context: Any) -> None:
    DynamoDBEventSettings(boto3.client("dynamodb"), "catalog").put(PROJECT_ID, EventSettings(sign_key="abc"))
    assert handler({"Records": [message(sqs, receiver.url)]}, context) == {"batchItemFailures": []}
    ((path, _, body),) = receiver.heard
    told = json.loads(body)
    assert path == "/events?of=mine"
    assert told.pop("Sign") == md5(f"abc{told.pop('T')}".encode(), usedforsecurity=False).hexdigest()
    assert told == BODY


def test_a_callback_carries_its_try_and_a_good_signature(receiver: Receiver, sqs: SQSClient, context: Any) -> None:
    assert handler({"Records": [message(sqs, receiver.url, receives=7)]}, context) == {"batchItemFailures": []}
    ((_, headers, body),) = receiver.heard
    assert (headers["X-Cliploop-Delivery"], headers["X-Cliploop-Attempt"]) == ("d", "7")
    signed = f"{headers['X-Cliploop-Timestamp']}.".encode() + body
    assert headers["X-Cliploop-Signature"] == f"v1={hmac.new(KEY.encode(), signed, 'sha256').hexdigest()}"


def test_the_later_a_try_the_longer_the_pause(
    receiver: Receiver, sqs: SQSClient, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.status = 503
    asked: list[int] = []

    def note(_self: Any, *, VisibilityTimeout: int, **_words: str) -> None:  # noqa: N803
        asked.append(VisibilityTimeout)

    retry = bootstrap.send_callback().retry
    monkeypatch.setattr(type(retry.client), "change_message_visibility", note)
    for receives in (1, 20):
        handler({"Records": [message(sqs, receiver.url, receives=receives)]}, context)
    first, late = asked
    assert 4 <= first <= 8
    assert 3600 <= late <= 7200


def test_a_receiver_that_is_gone_is_laid_aside(
    receiver: Receiver, sqs: SQSClient, context: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    receiver.status = 410
    assert handler({"Records": [message(sqs, receiver.url)]}, context) == {"batchItemFailures": []}
    (aside,) = laid_aside(sqs)
    assert aside == {"project_id": PROJECT_ID, "delivery_id": "d", "url": receiver.url, "body": BODY}
    assert metrics_in(capsys) == {"CallbacksMade": 0, "CallbacksFailed": 0, "CallbacksLaidAside": 1}


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
    assert handler({"Records": [message(sqs, inside)]}, context) == {"batchItemFailures": []}
    assert receiver.heard == []
    assert [aside["url"] for aside in laid_aside(sqs)] == [inside]


def test_a_message_that_is_none_fails_alone(receiver: Receiver, sqs: SQSClient, context: Any) -> None:
    records = [sqs_message("callbacks", {"nonsense": 1}, "bad"), message(sqs, receiver.url, "good")]
    assert handler({"Records": records}, context) == {"batchItemFailures": [{"itemIdentifier": "bad"}]}
    assert len(receiver.heard) == 1
