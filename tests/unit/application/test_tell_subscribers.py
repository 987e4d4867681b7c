from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from cliploop.application.ports_events import MAX_EVENT_BYTES, Callback, CallbackQueue, EventQueue
from cliploop.application.tell_subscribers import TellSubscribers
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.event_settings import EventMode, EventSettings
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.notification import EventKind, Notification
from cliploop.domain.source_file import SourceFile
from cliploop.domain.task import Task
from cliploop.testing import InMemoryNotifications, SettableClock
from cliploop.testing.in_memory_events import (
    InMemoryCallbackQueue,
    InMemoryEventQueue,
    InMemoryEventSettingsStore,
)

URL = "https://example.com/events"
UNAVAILABLE = CliploopError(ErrorCode.UNAVAILABLE, "busy", retryable=True)
TOO_LARGE = CliploopError(ErrorCode.LIMIT_EXCEEDED, "too large")


@dataclass
class World:
    """The three ways, and the settings."""

    bus: InMemoryNotifications = field(default_factory=InMemoryNotifications)
    settings: InMemoryEventSettingsStore = field(default_factory=InMemoryEventSettingsStore)
    events: EventQueue = field(default_factory=InMemoryEventQueue)
    callbacks: CallbackQueue = field(default_factory=InMemoryCallbackQueue)
    clock: SettableClock = field(default_factory=SettableClock)

    def publish(self, *notices: Notification) -> list[Notification]:
        return TellSubscribers(
            self.bus, self.settings, self.events, self.callbacks, encode, encode_own, self.clock
        ).publish(notices)

    def queued(self, project_id: str = "p") -> list[Mapping[str, Any]]:
        return [each.event for each in self.events.take(project_id, 16, self.clock.now_ms(), 1)]

    def called(self) -> list[Callback]:
        assert isinstance(self.callbacks, InMemoryCallbackQueue)
        return self.callbacks.callbacks


def encode(notice: Notification) -> Mapping[str, Any]:
    return {"EventType": notice.kind.value, "DeliveryId": notice.delivery_id}


def encode_own(notice: Notification) -> Mapping[str, Any]:
    return {"your task": notice.delivery_id}


def notice(number: int, kind: EventKind = EventKind.PROCEDURE_STATE_CHANGED, project_id: str = "p") -> Notification:
    file = SourceFile(
        project_id=project_id, file_id=number, source=ObjectVersion("b", "k", "v"), size=1, created_ms=1
    )
    return Notification(f"{number:032x}", kind, file)


def test_without_settings_the_bus_alone_hears() -> None:
    world = World()
    assert world.publish(notice(1)) == []
    assert world.bus.told == [notice(1)]
    assert (world.queued(), world.called()) == ([], [])


def test_a_project_that_pulls_finds_its_events_in_its_queue() -> None:
    world = World()
    world.settings.put("p", EventSettings(EventMode.PULL, URL))
    world.settings.put("q", EventSettings(EventMode.PULL, URL))
    assert world.publish(notice(1), notice(2, project_id="q")) == []
    assert world.queued("p") == [encode(notice(1))]
    assert world.queued("q") == [encode(notice(2))]
    assert world.called() == []
    assert len(world.bus.told) == 2


def test_a_project_with_an_address_is_called_there() -> None:
    world = World()
    world.settings.put("p", EventSettings(EventMode.PUSH, URL))
    assert world.publish(notice(1)) == []
    assert world.called() == [Callback("p", notice(1).delivery_id, URL, encode(notice(1)))]
    assert world.queued() == []


@pytest.mark.parametrize("mode", EventMode)
@pytest.mark.parametrize("tells_uploads", [True, False])
def test_uploads_are_told_only_where_they_are_asked_for(mode: EventMode, tells_uploads: bool) -> None:  # noqa: FBT001
    world = World()
    world.settings.put("p", EventSettings(mode, URL, tells_uploads=tells_uploads))
    world.publish(notice(1, EventKind.NEW_FILE_UPLOAD), notice(2, EventKind.PULL_COMPLETE))
    told = [each["EventType"] for each in (*world.queued(), *(call.body for call in world.called()))]
    assert told == ["NewFileUpload", "PullComplete"][0 if tells_uploads else 1 :]
    assert len(world.bus.told) == 2


def test_an_event_that_is_told_again_is_queued_once() -> None:
    world = World()
    world.settings.put("p", EventSettings(EventMode.PULL))
    world.publish(notice(1))
    world.clock.advance(1)
    world.publish(notice(1))
    assert world.queued() == [encode(notice(1))]


def test_what_the_bus_did_not_take_is_given_back_and_queued_all_the_same() -> None:
    world = World(bus=InMemoryNotifications(refused={notice(1).delivery_id}))
    world.settings.put("p", EventSettings(EventMode.PULL))
    assert world.publish(notice(1), notice(2)) == [notice(1)]
    assert len(world.queued()) == 2


class _Failing:
    """Either queue, failing for one delivery."""

    def __init__(self, error: CliploopError) -> None:
        self.error = error
        self.taken: list[str] = []

    def send(self, callback: Callback) -> None:
        self._take(callback.delivery_id)

    def add(self, project_id: str, delivery_id: str, event: Mapping[str, Any], now_ms: int) -> None:
        self._take(delivery_id)

    def _take(self, delivery_id: str) -> None:
        if delivery_id == notice(1).delivery_id:
            raise self.error
        self.taken.append(delivery_id)


@pytest.mark.parametrize("mode", EventMode)
@pytest.mark.parametrize(("error", "given_back"), [(UNAVAILABLE, [notice(1)]), (TOO_LARGE, [])])
def test_one_event_that_cannot_be_queued_holds_up_no_other(
    mode: EventMode, error: CliploopError, given_back: list[Notification]
) -> None:
    failing = _Failing(error)
    world = World(events=failing, callbacks=failing)  # type: ignore[arg-type]  # only the writing half is called
    world.settings.put("p", EventSettings(mode, URL))
    assert world.publish(notice(1), notice(2)) == given_back
    assert failing.taken == [notice(2).delivery_id]


@pytest.mark.parametrize("mode", EventMode)
def test_an_event_that_is_too_large_is_dropped_and_the_bus_has_it(
    mode: EventMode, caplog: pytest.LogCaptureFixture
) -> None:
    world = World()
    world.settings.put("p", EventSettings(mode, URL))
    subscribers = TellSubscribers(
        world.bus,
        world.settings,
        world.events,
        world.callbacks,
        lambda _: {"Text": "x" * MAX_EVENT_BYTES},
        encode_own,
        world.clock,
    )
    assert subscribers.publish([notice(1)]) == []
    assert world.bus.told == [notice(1)]
    assert notice(1).delivery_id in caplog.text


class _UnreadableSettings(InMemoryEventSettingsStore):
    """Settings that cannot be read for one project; counts how often it is asked."""

    reads = 0

    def get(self, project_id: str) -> EventSettings:
        self.reads += 1
        if project_id == "unknown":
            raise UNAVAILABLE
        return super().get(project_id)


def test_settings_that_cannot_be_read_give_their_projects_events_back() -> None:
    world = World(settings=_UnreadableSettings())
    lost = notice(1, project_id="unknown")
    assert world.publish(lost, notice(2)) == [lost]


def test_settings_are_read_once_for_a_batch() -> None:
    settings = _UnreadableSettings()
    World(settings=settings).publish(*(notice(number) for number in range(1, 9)))
    assert settings.reads == 1


STARTER_URL = "https://starter.example/told?key=1"
TASK = Task(
    project_id="p",
    task_id=1,
    file_id=1,
    source=ObjectVersion("b", "k", "v"),
    procedure="preview",
    outputs=(),
    created_ms=1,
    callback_url=STARTER_URL,
)
CANCELED = TASK.cancel(2)
OF_TASK = Callback("p", "f" * 32, STARTER_URL, {"your task": "f" * 32}, of_task=True)


def end(task: Task = CANCELED, kind: EventKind = EventKind.PROCEDURE_STATE_CHANGED) -> Notification:
    return Notification("f" * 32, kind, task)


@pytest.mark.parametrize("mode", EventMode)
def test_the_end_of_a_task_is_told_to_its_own_address_too(mode: EventMode) -> None:
    world = World()
    world.settings.put("p", EventSettings(mode, URL))
    assert world.publish(end()) == []
    assert OF_TASK in world.called()
    of_project = [*world.queued(), *(call.body for call in world.called() if not call.of_task)]
    assert of_project == [encode(end())]


def test_a_task_has_an_address_of_its_own_in_a_project_that_has_none() -> None:
    world = World()
    world.publish(end())
    assert world.called() == [OF_TASK]


@pytest.mark.parametrize(
    "untold",
    [
        end(TASK),
        end(TASK.claim(2)),
        end(kind=EventKind.PULL_COMPLETE),
        end(replace(CANCELED, callback_url="")),
        notice(1, EventKind.NEW_FILE_UPLOAD),
    ],
)
def test_nothing_else_is_told_to_an_address_of_a_task(untold: Notification) -> None:
    world = World()
    world.publish(untold)
    assert world.called() == []


class _OneWayFails(InMemoryCallbackQueue):
    """A queue that takes no callbacks of one kind."""

    error = UNAVAILABLE
    of_task = False

    def send(self, callback: Callback) -> None:
        if callback.of_task is self.of_task:
            raise self.error
        super().send(callback)


@pytest.mark.parametrize("of_task", [True, False])
@pytest.mark.parametrize(("error", "given_back"), [(UNAVAILABLE, [end()]), (TOO_LARGE, [])])
def test_neither_receiver_waits_for_the_other(
    of_task: bool,  # noqa: FBT001  # a table's column
    error: CliploopError,
    given_back: list[Notification],
) -> None:
    callbacks = _OneWayFails()
    callbacks.error, callbacks.of_task = error, of_task
    world = World(callbacks=callbacks)
    world.settings.put("p", EventSettings(EventMode.PUSH, URL))
    assert world.publish(end()) == given_back
    assert [call.of_task for call in world.called()] == [not of_task]
