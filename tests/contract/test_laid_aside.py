"""What everything that keeps callbacks aside must do; and what a search through a queue of SQS does besides."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cliploop.adapters.sqs_callbacks import SqsCallbackQueue
from cliploop.adapters.sqs_dead_letters import SqsLaidAsideCallbacks
from cliploop.application.ports_events import Callback, LaidAsideCallbacks
from cliploop.application.replay_callbacks import ReplayCallbacks, Replayed
from cliploop.domain.errors import CliploopError
from cliploop.testing import InMemoryLaidAsideCallbacks

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient


def callback(number: int) -> Callback:
    return Callback("p", f"{number:032x}", "https://example.com/ü", {"Name": "ü\uffff", "Number": number})


@pytest.fixture
def url(sqs: SQSClient) -> str:
    return sqs.create_queue(QueueName="dead-letters")["QueueUrl"]


@pytest.fixture
def stored(sqs: SQSClient, url: str) -> SqsLaidAsideCallbacks:
    return SqsLaidAsideCallbacks(sqs, url, wait_s=0)


@pytest.fixture(params=["in memory", "moto"])
def laid_aside(request: pytest.FixtureRequest) -> LaidAsideCallbacks:
    if request.param == "in memory":
        return InMemoryLaidAsideCallbacks()
    stored: LaidAsideCallbacks = request.getfixturevalue("stored")
    return stored


def waiting(sqs: SQSClient, url: str) -> tuple[int, int]:
    """How many messages a queue shows, and how many it hides."""
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return int(attributes["ApproximateNumberOfMessages"]), int(attributes["ApproximateNumberOfMessagesNotVisible"])


def test_what_was_laid_aside_is_found_whole(laid_aside: LaidAsideCallbacks) -> None:
    wanted = [callback(1), replace(callback(1), of_task=True), callback(3)]
    for each in [*wanted, callback(2)]:
        laid_aside.add(each)
    search = laid_aside.find({callback(1).delivery_id, callback(3).delivery_id, callback(4).delivery_id})
    assert search.complete
    assert sorted((each.callback for each in search.found), key=str) == sorted(wanted, key=str)


def test_what_was_found_is_hidden_and_the_others_are_not(laid_aside: LaidAsideCallbacks) -> None:
    for number in range(25):
        laid_aside.add(callback(number))
    (found,) = laid_aside.find({callback(17).delivery_id}).found
    assert laid_aside.find({callback(17).delivery_id}).found == []
    others = {callback(number).delivery_id for number in range(25)}
    assert len(laid_aside.find(others).found) == 24
    laid_aside.drop(found)


def test_what_was_dropped_is_gone(laid_aside: LaidAsideCallbacks) -> None:
    laid_aside.add(callback(1))
    (found,) = laid_aside.find([callback(1).delivery_id]).found
    laid_aside.drop(found)
    search = laid_aside.find([callback(1).delivery_id])
    assert (list(search.found), search.complete) == ([], True)


def test_a_dropped_message_is_deleted_and_one_that_was_only_found_comes_back(
    sqs: SQSClient, url: str, stored: SqsLaidAsideCallbacks
) -> None:
    brief = replace(stored, hidden_s=0)  # as if the time were over that it is hidden for
    for number in (1, 2):
        stored.add(callback(number))
    (found,) = stored.find([callback(1).delivery_id]).found
    assert waiting(sqs, url) == (1, 1)
    stored.drop(found)
    assert waiting(sqs, url) == (1, 0)
    assert replace(brief, most=1).find([callback(2).delivery_id]).found
    assert waiting(sqs, url) == (1, 0)


def test_a_search_looks_at_so_many_and_says_that_there_are_more(
    sqs: SQSClient, url: str, stored: SqsLaidAsideCallbacks
) -> None:
    for number in range(25):
        stored.add(callback(number))
    assert not replace(stored, most=20).find([callback(99).delivery_id]).complete
    assert not replace(stored, search_s=0).find([callback(99).delivery_id]).complete
    assert stored.find([callback(99).delivery_id]).complete
    assert waiting(sqs, url) == (25, 0)


def test_what_cannot_be_read_stays(sqs: SQSClient, url: str, stored: SqsLaidAsideCallbacks) -> None:
    delivery_id = callback(1).delivery_id
    for text in ("no JSON", "[]", "7", json.dumps({"delivery_id": delivery_id, "of_another": "release"})):
        sqs.send_message(QueueUrl=url, MessageBody=text)
    search = stored.find([delivery_id])
    assert (list(search.found), search.complete) == ([], True)
    assert waiting(sqs, url) == (4, 0)


class _BreaksOff:
    """A queue that answers twice."""

    def __init__(self, client: SQSClient) -> None:
        self.client = client
        self.left = 2

    def receive_message(self, **words: object) -> object:
        self.left -= 1
        if self.left < 0:
            raise self.client.exceptions.RequestThrottled({"Error": {"Code": "RequestThrottled"}}, "ReceiveMessage")
        return self.client.receive_message(**words)  # type: ignore[arg-type]

    def __getattr__(self, name: str) -> object:
        return getattr(self.client, name)


def test_a_search_that_breaks_off_hides_nothing(sqs: SQSClient, url: str, stored: SqsLaidAsideCallbacks) -> None:
    for number in range(30):
        stored.add(callback(number))
    wanted = {callback(number).delivery_id for number in range(15)}
    with pytest.raises(CliploopError) as raised:
        SqsLaidAsideCallbacks(_BreaksOff(sqs), url, wait_s=0).find(wanted)  # type: ignore[arg-type]
    assert raised.value.retryable
    assert waiting(sqs, url) == (30, 0)


def test_what_sqs_itself_laid_aside_is_tried_again_with_a_fresh_count(
    sqs: SQSClient, url: str, stored: SqsLaidAsideCallbacks
) -> None:
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 2})
    callbacks = sqs.create_queue(
        QueueName="callbacks", Attributes={"RedrivePolicy": policy, "VisibilityTimeout": "0"}
    )["QueueUrl"]
    queue = SqsCallbackQueue(sqs, callbacks)
    queue.send(callback(1))

    def receives() -> list[int]:
        """How often each message was received, this time included."""
        found = sqs.receive_message(QueueUrl=callbacks, AttributeNames=["ApproximateReceiveCount"])
        return [int(each["Attributes"]["ApproximateReceiveCount"]) for each in found.get("Messages", [])]

    assert [receives(), receives(), receives()] == [[1], [2], []]
    replay = ReplayCallbacks(stored, queue)
    assert replay([callback(1).delivery_id]) == {callback(1).delivery_id: Replayed.REPLAYED}
    assert waiting(sqs, url) == (0, 0)
    assert receives() == [1]


def test_a_queue_that_is_gone_is_tried_again(sqs: SQSClient, url: str, stored: SqsLaidAsideCallbacks) -> None:
    sqs.delete_queue(QueueUrl=url)
    for action in (lambda: stored.add(callback(1)), lambda: stored.find(["x"])):
        with pytest.raises(CliploopError) as raised:
            action()
        assert raised.value.retryable
