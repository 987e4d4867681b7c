"""What every queue of events must do."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import md5
from typing import TYPE_CHECKING, Any

import pytest

from cliploop.adapters.dynamodb_events import DynamoDBEvents
from cliploop.application.ports_events import EVENT_KEPT_MS, MAX_EVENT_BYTES, EventQueue, QueuedEvent
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.testing.in_memory_events import InMemoryEventQueue

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

PROJECT = "p" * 32
NOW_MS = 1_793_000_000_000
HIDDEN_MS = 30_000


@pytest.fixture(params=["in memory", "moto"])
def queue(request: pytest.FixtureRequest) -> EventQueue:
    if request.param == "in memory":
        return InMemoryEventQueue()
    return DynamoDBEvents(request.getfixturevalue("dynamodb"), "tasks")


def delivery(name: object) -> str:
    return md5(str(name).encode(), usedforsecurity=False).hexdigest()


def add(queue: EventQueue, name: object, at_ms: int = NOW_MS) -> None:
    queue.add(PROJECT, delivery(name), {"Name": name}, at_ms)


def take(queue: EventQueue, at_ms: int = NOW_MS, most: int = 16) -> list[QueuedEvent]:
    return queue.take(PROJECT, most, at_ms, HIDDEN_MS)


def names(events: list[QueuedEvent]) -> list[Any]:
    return [each.event["Name"] for each in events]


def handles(events: list[QueuedEvent]) -> list[str]:
    return [each.handle for each in events]


def test_an_event_arrives_as_it_was_added(queue: EventQueue) -> None:
    event = {"EventType": "X", "Deep": {"List": [1, 2.5, None, True, {"ü\uffff\x00": "日本"}]}, "Large": 2**63 - 1}
    queue.add(PROJECT, delivery(1), event, NOW_MS)
    assert [each.event for each in take(queue)] == [event]


def test_the_oldest_come_first_and_no_more_than_were_asked_for(queue: EventQueue) -> None:
    for name, age_ms in (("b", 2), ("a", 1), ("c", 1_000), ("d", 86_400_000)):
        add(queue, name, NOW_MS - age_ms)
    assert names(take(queue, most=3)) == ["d", "c", "b"]
    assert names(take(queue, most=3)) == ["a"]


def test_more_events_than_one_look_at_the_table_reads(queue: EventQueue) -> None:
    for number in range(70):
        add(queue, number, NOW_MS + number)
    taken = [take(queue, NOW_MS + 100) for _ in range(5)]
    assert [len(events) for events in taken] == [16, 16, 16, 16, 6]
    assert [name for events in taken for name in names(events)] == list(range(70))


def test_each_project_has_its_own(queue: EventQueue) -> None:
    add(queue, "a")
    taken = take(queue)
    assert queue.take("q" * 32, 16, NOW_MS, HIDDEN_MS) == []
    with pytest.raises(CliploopError):
        queue.confirm("q" * 32, handles(taken), NOW_MS)


def test_what_was_taken_is_hidden_until_its_time_is_over(queue: EventQueue) -> None:
    add(queue, "a")
    assert names(take(queue)) == ["a"]
    assert take(queue, NOW_MS + HIDDEN_MS - 1) == []
    assert names(take(queue, NOW_MS + HIDDEN_MS)) == ["a"]


def test_what_was_confirmed_never_comes_back_even_when_it_is_delivered_again(queue: EventQueue) -> None:
    add(queue, "a")
    queue.confirm(PROJECT, handles(take(queue)), NOW_MS + HIDDEN_MS - 1)
    add(queue, "a", NOW_MS + HIDDEN_MS)
    assert take(queue, NOW_MS + HIDDEN_MS) == []
    add(queue, "a", NOW_MS + EVENT_KEPT_MS)
    assert take(queue, NOW_MS + EVENT_KEPT_MS) == []


def test_a_delivery_keeps_its_first_place_and_its_first_content(queue: EventQueue) -> None:
    add(queue, "a")
    add(queue, "b", NOW_MS + 1)
    queue.add(PROJECT, delivery("a"), {"Name": "another"}, NOW_MS + 2)
    assert names(take(queue, NOW_MS + 2)) == ["a", "b"]


def test_a_handle_may_be_confirmed_again_while_it_is_good(queue: EventQueue) -> None:
    add(queue, "a")
    add(queue, "b")
    first, second = handles(take(queue))
    queue.confirm(PROJECT, [first], NOW_MS)
    queue.confirm(PROJECT, [first, second, first], NOW_MS + 1)
    queue.confirm(PROJECT, [first, second], NOW_MS + HIDDEN_MS - 1)
    with pytest.raises(CliploopError) as raised:
        queue.confirm(PROJECT, [first, second], NOW_MS + HIDDEN_MS)
    assert raised.value.code is ErrorCode.EVENT_HANDLE_INVALID


def test_the_handle_of_an_earlier_time_is_not_good_any_more(queue: EventQueue) -> None:
    add(queue, "a")
    (early,) = handles(take(queue))
    (late,) = handles(take(queue, NOW_MS + HIDDEN_MS))
    with pytest.raises(CliploopError) as raised:
        queue.confirm(PROJECT, [early], NOW_MS + HIDDEN_MS)
    assert raised.value.code is ErrorCode.EVENT_HANDLE_INVALID
    queue.confirm(PROJECT, [late], NOW_MS + HIDDEN_MS)


NONSENSE = ["", "EventHandle.1", "a.b.c", "1" * 13 + "." + "0" * 32 + "." + "9" * 13, "\x00", "ü" * 4_096]


@pytest.mark.parametrize("wrong", NONSENSE)
def test_one_wrong_handle_leaves_all_unconfirmed(queue: EventQueue, wrong: str) -> None:
    add(queue, "a")
    with pytest.raises(CliploopError) as raised:
        queue.confirm(PROJECT, [*handles(take(queue)), wrong], NOW_MS)
    assert raised.value.code is ErrorCode.EVENT_HANDLE_INVALID
    assert not raised.value.retryable
    assert names(take(queue, NOW_MS + HIDDEN_MS)) == ["a"]


def test_sixteen_of_the_largest_events_are_taken_and_confirmed_at_once(queue: EventQueue) -> None:
    text = "x" * (MAX_EVENT_BYTES - len('{"Text": ""}'))
    for number in range(16):
        queue.add(PROJECT, delivery(number), {"Text": text}, NOW_MS)
    taken = take(queue)
    assert [len(each.event["Text"]) for each in taken] == [len(text)] * 16
    queue.confirm(PROJECT, handles(taken), NOW_MS)
    assert take(queue, NOW_MS + HIDDEN_MS) == []


def test_an_event_that_is_too_large_is_refused_for_good(queue: EventQueue) -> None:
    with pytest.raises(CliploopError) as raised:
        queue.add(PROJECT, delivery(1), {"Text": "x" * MAX_EVENT_BYTES}, NOW_MS)
    assert raised.value.code is ErrorCode.LIMIT_EXCEEDED
    assert not raised.value.retryable


def test_an_event_is_kept_for_four_days_and_not_longer(queue: EventQueue) -> None:
    for later_ms, name in enumerate("abc"):
        add(queue, name, NOW_MS + later_ms)
    assert names(take(queue, NOW_MS + EVENT_KEPT_MS - 1, most=1)) == ["a"]
    assert names(take(queue, NOW_MS + EVENT_KEPT_MS + 1)) == ["c"]
    assert take(queue, NOW_MS + EVENT_KEPT_MS + HIDDEN_MS) == []


class _Interrupted:
    """The client, with something that happens between a read and the writes that follow from it."""

    def __init__(self, client: DynamoDBClient, before: str, meanwhile: Callable[[], object]) -> None:
        self.client, self.before, self.meanwhile = client, before, meanwhile

    def __getattr__(self, name: str) -> Any:
        if name == self.before:
            self.before = ""
            self.meanwhile()
        return getattr(self.client, name)


def test_two_who_look_at_the_same_moment_never_get_the_same_event(dynamodb: DynamoDBClient) -> None:
    mine = DynamoDBEvents(dynamodb, "tasks")
    for age_ms, name in enumerate("cba"):
        add(mine, name, NOW_MS - age_ms)
    theirs: list[QueuedEvent] = []
    slow = _Interrupted(dynamodb, "update_item", lambda: theirs.extend(take(mine, most=2)))
    assert names(take(DynamoDBEvents(slow, "tasks"))) == ["c"]  # type: ignore[arg-type]
    assert names(theirs) == ["a", "b"]


def test_two_who_confirm_the_same_event_at_the_same_moment_both_succeed(dynamodb: DynamoDBClient) -> None:
    queue = DynamoDBEvents(dynamodb, "tasks")
    for name in ("a", "b"):
        add(queue, name)
    first, second = handles(take(queue))
    slow = _Interrupted(dynamodb, "transact_write_items", lambda: queue.confirm(PROJECT, [first], NOW_MS))
    DynamoDBEvents(slow, "tasks").confirm(PROJECT, [first, second], NOW_MS)  # type: ignore[arg-type]
    assert take(queue, NOW_MS + HIDDEN_MS) == []


def test_a_second_handle_of_an_event_is_made_up(dynamodb: DynamoDBClient) -> None:
    queue = DynamoDBEvents(dynamodb, "tasks")
    add(queue, "a")
    (handle,) = handles(take(queue))
    with pytest.raises(CliploopError) as raised:
        queue.confirm(PROJECT, [handle, f"{handle[:-1]}9"], NOW_MS)
    assert raised.value.code is ErrorCode.EVENT_HANDLE_INVALID


def test_what_dynamodb_may_delete_is_older_than_any_handle(dynamodb: DynamoDBClient) -> None:
    add(DynamoDBEvents(dynamodb, "tasks"), "a")
    items = dynamodb.scan(TableName="tasks")["Items"]
    assert len(items) == 2
    for item in items:
        assert int(item["expires_at"]["N"]) * 1000 > NOW_MS + EVENT_KEPT_MS + HIDDEN_MS


def test_a_table_that_is_gone_is_tried_again(dynamodb: DynamoDBClient) -> None:
    queue = DynamoDBEvents(dynamodb, "nowhere")
    handle = f"{NOW_MS}.{delivery(1)}.{NOW_MS + 1}"
    attempts = (lambda: add(queue, 1), lambda: take(queue), lambda: queue.confirm(PROJECT, [handle], NOW_MS))
    for attempt in attempts:
        with pytest.raises(CliploopError) as raised:
            attempt()
        assert raised.value.code is ErrorCode.UNAVAILABLE
        assert raised.value.retryable
