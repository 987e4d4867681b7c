from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from cliploop.application.read_events import HIDDEN_MS, LONGEST_WAIT_MS, MOST_EVENTS, ReadEvents
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.event_settings import EventMode, EventSettings
from cliploop.testing import SettableClock
from cliploop.testing.in_memory_events import InMemoryEventQueue, InMemoryEventSettingsStore


@dataclass
class World:
    """A queue whose reader's sleep moves the clock; ``arrives_ms`` after the start an event comes."""

    clock: SettableClock = field(default_factory=SettableClock)
    queue: InMemoryEventQueue = field(default_factory=InMemoryEventQueue)
    settings: InMemoryEventSettingsStore = field(default_factory=InMemoryEventSettingsStore)
    arrives_ms: int | None = None
    slept_ms: int = 0

    @property
    def read(self) -> ReadEvents:
        return ReadEvents(self.queue, self.settings, self.clock, self.sleep)

    def sleep(self, seconds: float) -> None:
        milliseconds = round(seconds * 1000)
        self.slept_ms += milliseconds
        self.clock.advance(milliseconds)
        if self.arrives_ms is not None and self.slept_ms >= self.arrives_ms:
            self.add(0)

    def add(self, number: int) -> None:
        self.queue.add("p", f"{number:032x}", {"Number": number}, self.clock.now_ms())


@pytest.fixture
def world() -> World:
    world = World()
    world.settings.put("p", EventSettings(EventMode.PULL))
    return world


def test_events_that_wait_are_there_at_once(world: World) -> None:
    for number in range(20):
        world.add(number)
    assert [each.event["Number"] for each in world.read.pull("p")] == list(range(MOST_EVENTS))
    assert [each.event["Number"] for each in world.read.pull("p")] == [16, 17, 18, 19]
    assert world.slept_ms == 0


def test_an_event_that_comes_while_somebody_waits_is_answered_then(world: World) -> None:
    world.arrives_ms = 1_200
    assert len(world.read.pull("p")) == 1
    assert world.slept_ms == 1_500


def test_nothing_is_answered_after_five_seconds_at_most(world: World) -> None:
    assert world.read.pull("p") == []
    assert world.slept_ms == LONGEST_WAIT_MS


def test_looks_that_take_long_do_not_make_the_wait_longer(world: World) -> None:
    class _Slow(InMemoryEventQueue):
        def take(self, *args: int | str) -> list[object]:  # type: ignore[override]
            world.clock.advance(400)
            return []

    world.queue = _Slow()
    start_ms = world.clock.now_ms()
    assert world.read.pull("p") == []
    assert world.clock.now_ms() - start_ms <= LONGEST_WAIT_MS + 400


@pytest.mark.parametrize("settings", [EventSettings(), EventSettings(EventMode.PUSH, "https://example.com")])
def test_where_none_will_come_nobody_waits(world: World, settings: EventSettings) -> None:
    world.settings.put("p", settings)
    with pytest.raises(CliploopError) as raised:
        world.read.pull("p")
    assert raised.value.code is ErrorCode.EVENTS_NOT_QUEUED
    assert "ModifyEventConfig" in raised.value.caller_text
    assert world.slept_ms == 0


def test_what_was_queued_before_the_mode_changed_can_still_be_read(world: World) -> None:
    world.add(1)
    world.settings.put("p", EventSettings())
    assert len(world.read.pull("p")) == 1


def test_a_confirmed_event_does_not_come_back_and_another_does(world: World) -> None:
    world.add(1)
    world.add(2)
    first, _ = world.read.pull("p")
    world.read.confirm("p", [first.handle])
    world.clock.advance(HIDDEN_MS)
    assert [each.event["Number"] for each in world.read.pull("p")] == [2]


def test_a_handle_is_good_for_thirty_seconds(world: World) -> None:
    world.add(1)
    (event,) = world.read.pull("p")
    world.clock.advance(HIDDEN_MS)
    with pytest.raises(CliploopError) as raised:
        world.read.confirm("p", [event.handle])
    assert raised.value.code is ErrorCode.EVENT_HANDLE_INVALID
