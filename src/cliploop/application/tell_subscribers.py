"""An event goes every way that its project wants it to go, and to whoever asked to hear of this one task."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from cliploop.application.ports import Clock, Notifications
from cliploop.application.ports_events import Callback, CallbackQueue, EventQueue, EventSettingsStore
from cliploop.domain.errors import CliploopError
from cliploop.domain.event_settings import EventMode, EventSettings
from cliploop.domain.notification import EventKind, Notification
from cliploop.domain.task import Task

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TellSubscribers:
    """``Notifications`` by the event bus and, as the project's settings say, by the queue or by callback.

    Besides, a task's end is told to the address that the task was started with, whatever the settings say.

    Attributes:
        encode: gives a notification in a vendor's words.
        encode_own: gives the end of a task in the words that its own address is told of it.
    """

    bus: Notifications
    settings: EventSettingsStore
    events: EventQueue
    callbacks: CallbackQueue
    encode: Callable[[Notification], Mapping[str, Any]]
    encode_own: Callable[[Notification], Mapping[str, Any]]
    clock: Clock

    def publish(self, notifications: Sequence[Notification]) -> list[Notification]:
        """See ``Notifications``. What one way did not take goes every way again; the queue alone drops it then."""
        untold = {notice.delivery_id for notice in self.bus.publish(notifications)}
        settings_of = cache(self.settings.get)  # once for each project of the batch
        return [
            notice
            for notice in notifications
            if not self._is_told(notice, settings_of) or notice.delivery_id in untold
        ]

    def _is_told(self, notice: Notification, settings_of: Callable[[str], EventSettings]) -> bool:
        # Both ways are gone in any case: what the one cannot take must not keep it from the other.
        of_project = self._is_queued(notice, lambda: self._tell_project(notice, settings_of(notice.project_id)))
        of_task = self._is_queued(notice, lambda: self._tell_starter(notice))
        return of_project and of_task

    def _is_queued(self, notice: Notification, tell: Callable[[], None]) -> bool:
        try:
            tell()
        except CliploopError as error:
            _log.warning("delivery %s was not queued: %s", notice.delivery_id, error.log_text)
            # What fails the same way each time must not hold up the events behind it.
            return not error.retryable
        return True

    def _tell_project(self, notice: Notification, settings: EventSettings) -> None:
        if not settings.wants(notice.kind):
            return
        if settings.mode is EventMode.PULL:
            self.events.add(notice.project_id, notice.delivery_id, self.encode(notice), self.clock.now_ms())
        elif settings.notification_url:
            self.callbacks.send(
                Callback(notice.project_id, notice.delivery_id, settings.notification_url, self.encode(notice))
            )

    def _tell_starter(self, notice: Notification) -> None:
        task = notice.subject
        if notice.kind is not EventKind.PROCEDURE_STATE_CHANGED or not isinstance(task, Task):
            return
        if task.callback_url and task.state.is_final:
            self.callbacks.send(
                Callback(
                    notice.project_id, notice.delivery_id, task.callback_url, self.encode_own(notice), of_task=True
                )
            )
