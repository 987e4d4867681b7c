"""Callbacks that were laid aside, brought back by the sweep's door."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from functions.sweep.app import handler
from tests.unit.doors.conftest import PROJECT_ID

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

ASIDE, NOBODYS = "5d0c1f4be8c04f9a9d3f3c8a1f0e7b62", "0" * 32
MESSAGE = {"project_id": PROJECT_ID, "delivery_id": ASIDE, "url": "https://example.com/", "body": {"Name": "ü"}}


@pytest.fixture
def queues(account: None, tables: None) -> dict[str, str]:
    """The addresses of the callbacks' queue and of their dead-letter queue, in which one waits."""
    sqs: SQSClient = boto3.client("sqs")
    names = ("callbacks", "callbacks-dead-letters")
    urls = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in names}
    # As the release before this one queued it, without a group, and SQS has moved it.
    sqs.send_message(QueueUrl=urls["callbacks-dead-letters"], MessageBody=json.dumps(MESSAGE))
    return urls


def waiting(url: str) -> list[Any]:
    messages = boto3.client("sqs").receive_message(QueueUrl=url).get("Messages", [])
    return [json.loads(message["Body"]) for message in messages]


def test_a_callback_is_brought_back(queues: dict[str, str], context: Any) -> None:
    assert handler({"replay": {"delivery_ids": [ASIDE, NOBODYS]}}, context) == {
        "replayed": [
            {"delivery_id": ASIDE, "outcome": "replayed"},
            {"delivery_id": NOBODYS, "outcome": "not found"},
        ]
    }
    assert waiting(queues["callbacks"]) == [MESSAGE]
    assert waiting(queues["callbacks-dead-letters"]) == []


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"delivery_ids": ASIDE},
        {"delivery_ids": None},
        {"delivery_ids": [7]},
        {"delivery_ids": [ASIDE, "x"]},
        [],
        "",
    ],
)
def test_what_is_no_list_of_deliveries_is_told_so_and_nothing_is_done(
    queues: dict[str, str], context: Any, asked: object
) -> None:
    answer = handler({"replay": asked}, context)
    assert set(answer) == {"error"}
    assert "delivery" in answer["error"]
    assert waiting(queues["callbacks"]) == []
    assert waiting(queues["callbacks-dead-letters"]) == [MESSAGE]


def test_the_answer_is_json(queues: dict[str, str], context: Any) -> None:
    answer = handler({"replay": {"delivery_ids": [ASIDE]}}, context)
    assert json.loads(json.dumps(answer)) == {"replayed": [{"delivery_id": ASIDE, "outcome": "replayed"}]}
