"""Under any history of a queue, no event is lost, shown to two at once, or shown again once it was confirmed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cliploop.adapters.dynamodb_events import DynamoDBEvents
from cliploop.application.ports_events import EVENT_KEPT_MS, EventQueue
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.identity import delivery_id_of
from cliploop.testing.in_memory_events import InMemoryEventQueue
from tests.contract.conftest import KEYS
from tests.empty_account import empty_account
from tests.tables import create_tables

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

PROJECT = "p" * 32
START_MS = 1_793_000_000_000
HIDDEN_MS = 30_000


@dataclass(frozen=True)
class Add:
    """An event is queued, perhaps for the second time."""

    number: int


@dataclass(frozen=True)
class Take:
    """Somebody takes events."""

    most: int


@dataclass(frozen=True)
class Confirm:
    """Handles are confirmed, by their places among all that were ever given out."""

    places: list[int]


@dataclass(frozen=True)
class Wait:
    """Time passes."""

    milliseconds: int


adds = st.builds(Add, st.integers(0, 11))
takes = st.builds(Take, st.integers(1, 16))
confirms = st.builds(Confirm, st.lists(st.integers(0, 200), min_size=1, max_size=4))
waits = st.builds(
    Wait,
    st.one_of(
        st.integers(0, 2_000),
        st.sampled_from([HIDDEN_MS - 1, HIDDEN_MS, HIDDEN_MS + 1]),
        st.sampled_from([EVENT_KEPT_MS // 2, EVENT_KEPT_MS - HIDDEN_MS]),
    ),
)
histories = st.lists(st.one_of(adds, takes, confirms, waits), max_size=40)


@dataclass
class Ledger:
    """What was promised so far, by the number of the event."""

    queue: EventQueue
    now_ms: int = START_MS
    added_ms: dict[int, int] = field(default_factory=dict)
    hidden_until_ms: dict[int, int] = field(default_factory=dict)
    confirmed: set[int] = field(default_factory=set)
    given_out: list[tuple[str, int, int]] = field(default_factory=list)

    def add(self, number: int) -> None:
        self.queue.add(PROJECT, delivery(number), {"Number": number}, self.now_ms)
        self.added_ms.setdefault(number, self.now_ms)

    def take(self, most: int) -> None:
        expected = [
            number
            for _, _, number in sorted((added, delivery(number), number) for number, added in self.added_ms.items())
            if self.is_due(number)
        ][:most]
        taken = self.queue.take(PROJECT, most, self.now_ms, HIDDEN_MS)
        assert [each.event["Number"] for each in taken] == expected
        for each, number in zip(taken, expected, strict=True):
            self.hidden_until_ms[number] = self.now_ms + HIDDEN_MS
            self.given_out.append((each.handle, number, self.now_ms + HIDDEN_MS))

    def is_due(self, number: int) -> bool:
        is_kept = self.now_ms < self.added_ms[number] + EVENT_KEPT_MS
        return is_kept and number not in self.confirmed and self.hidden_until_ms.get(number, 0) <= self.now_ms

    def confirm(self, places: list[int]) -> None:
        if not self.given_out:
            return
        chosen = [self.given_out[place % len(self.given_out)] for place in places]
        handles = [handle for handle, _, _ in chosen]
        if all(until_ms > self.now_ms for _, _, until_ms in chosen):
            self.queue.confirm(PROJECT, handles, self.now_ms)
            self.confirmed |= {number for _, number, _ in chosen}
            return
        with pytest.raises(CliploopError) as raised:
            self.queue.confirm(PROJECT, handles, self.now_ms)
        assert raised.value.code is ErrorCode.EVENT_HANDLE_INVALID

    def live(self, step: Add | Take | Confirm | Wait) -> None:
        match step:
            case Add(number):
                self.add(number)
            case Take(most):
                self.take(most)
            case Confirm(places):
                self.confirm(places)
            case Wait(milliseconds):
                self.now_ms += milliseconds

    def end(self) -> None:
        """Whatever was added and neither confirmed nor too old is there to be taken once nobody holds it."""
        self.now_ms += HIDDEN_MS
        self.take(len(self.added_ms) + 1)


def delivery(number: int) -> str:
    return delivery_id_of(PROJECT, number, 0)


def run(queue: EventQueue, history: list[Add | Take | Confirm | Wait]) -> None:
    ledger = Ledger(queue)
    for step in history:
        ledger.live(step)
    ledger.end()


@settings(max_examples=300, deadline=None)
@given(histories)
def test_the_queue_in_memory_keeps_its_promises(history: list[Add | Take | Confirm | Wait]) -> None:
    run(InMemoryEventQueue(), history)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(histories)
def test_the_queue_in_dynamodb_keeps_the_same_promises(history: list[Add | Take | Confirm | Wait]) -> None:
    with empty_account(KEYS):
        client: DynamoDBClient = boto3.client("dynamodb")
        create_tables(client)
        run(DynamoDBEvents(client, "tasks"), history)
