from __future__ import annotations

from dataclasses import replace

import pytest

from cliploop.application.ports_events import Callback
from cliploop.application.replay_callbacks import MOST_DELIVERIES, ReplayCallbacks, Replayed
from cliploop.domain.errors import CliploopError, ErrorCode, InvalidRequestError
from cliploop.testing import InMemoryCallbackQueue, InMemoryLaidAsideCallbacks


def delivery(number: int) -> str:
    return f"{number:032x}"


def callback(number: int, url: str = "https://example.com/", *, of_task: bool = False) -> Callback:
    return Callback("p", delivery(number), url, {"Number": number}, of_task=of_task)


@pytest.fixture
def laid_aside() -> InMemoryLaidAsideCallbacks:
    return InMemoryLaidAsideCallbacks()


@pytest.fixture
def queue() -> InMemoryCallbackQueue:
    return InMemoryCallbackQueue()


def test_those_that_are_named_go_back_into_their_queue_and_the_others_stay(
    laid_aside: InMemoryLaidAsideCallbacks, queue: InMemoryCallbackQueue
) -> None:
    for number in range(5):
        laid_aside.add(callback(number))
    replayed = ReplayCallbacks(laid_aside, queue)([delivery(3), delivery(9), delivery(1)])
    assert list(replayed.items()) == [
        (delivery(3), Replayed.REPLAYED),
        (delivery(9), Replayed.NOT_FOUND),
        (delivery(1), Replayed.REPLAYED),
    ]
    assert queue.callbacks == [callback(1), callback(3)]
    assert list(laid_aside.waiting.values()) == [callback(0), callback(2), callback(4)]


def test_the_projects_and_the_tasks_own_callback_of_one_delivery_both_go_back(
    laid_aside: InMemoryLaidAsideCallbacks, queue: InMemoryCallbackQueue
) -> None:
    both = [callback(1), callback(1, of_task=True)]
    for each in [*both, *both]:  # the stream tells at least once
        laid_aside.add(each)
    assert ReplayCallbacks(laid_aside, queue)([delivery(1)]) == {delivery(1): Replayed.REPLAYED}
    assert queue.callbacks == both, "and each once"
    assert laid_aside.waiting == {}


def test_where_not_all_were_looked_at_nobody_says_that_one_is_not_there(
    laid_aside: InMemoryLaidAsideCallbacks, queue: InMemoryCallbackQueue
) -> None:
    laid_aside.most = 2
    for number in range(3):
        laid_aside.add(callback(number))
    replayed = ReplayCallbacks(laid_aside, queue)([delivery(0), delivery(2)])
    assert replayed == {delivery(0): Replayed.REPLAYED, delivery(2): Replayed.NOT_REACHED}


def test_what_the_queue_does_not_take_is_not_forgotten(laid_aside: InMemoryLaidAsideCallbacks) -> None:
    class Full(InMemoryCallbackQueue):
        def send(self, callback: Callback) -> None:
            raise CliploopError(ErrorCode.UNAVAILABLE, "no", retryable=True)

    laid_aside.add(callback(1))
    with pytest.raises(CliploopError):
        ReplayCallbacks(laid_aside, Full())([delivery(1)])
    assert list(laid_aside.waiting.values()) == [callback(1)]


@pytest.mark.parametrize(
    "wrong", ["", "d", delivery(1).upper().replace("0", "A"), delivery(1) + "\n", None, 7, [], {}]
)
def test_what_is_no_delivery_id_is_refused_and_nothing_is_done(
    laid_aside: InMemoryLaidAsideCallbacks, queue: InMemoryCallbackQueue, wrong: object
) -> None:
    laid_aside.add(callback(1))
    with pytest.raises(InvalidRequestError) as raised:
        ReplayCallbacks(laid_aside, queue)([delivery(1), wrong])
    assert raised.value.parameter == "delivery_ids"
    assert queue.callbacks == []


def test_so_many_are_brought_back_at_a_time_and_no_more(
    laid_aside: InMemoryLaidAsideCallbacks, queue: InMemoryCallbackQueue
) -> None:
    replay = ReplayCallbacks(laid_aside, queue)
    most = [delivery(number) for number in range(MOST_DELIVERIES)]
    assert set(replay([*most, most[0]]).values()) == {Replayed.NOT_FOUND}
    with pytest.raises(InvalidRequestError, match="100"):
        replay([*most, delivery(MOST_DELIVERIES)])


def test_a_callback_that_was_replayed_is_the_same(
    laid_aside: InMemoryLaidAsideCallbacks, queue: InMemoryCallbackQueue
) -> None:
    original = replace(callback(1), body={"Name": "ü\uffff", "Deep": [{"None": None}]})
    laid_aside.add(original)
    ReplayCallbacks(laid_aside, queue)([delivery(1)])
    assert queue.callbacks == [original]
