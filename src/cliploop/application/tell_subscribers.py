"""An event goes every way that its project wants it to go."""

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
from cliploop.domain.notification import Notification

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TellSubscribers:
    """``Notifications`` by the event bus and, as the project's settings say, by the queue or by callback.

    Attributes:
        encode: gives a notification in a vendor's words.
    """

    bus: Notifications
    settings: EventSettingsStore
    events: EventQueue
    callbacks: CallbackQueue
    encode: Callable[[Notification], Mapping[str, Any]]
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
        try:
            self._tell(notice, settings_of(notice.project_id))
        except CliploopError as error:
            _log.warning("delivery %s was not queued: %s", notice.delivery_id, error.log_text)
            # What fails the same way each time must not hold up the events behind it.
            return not error.retryable
        return True

    def _tell(self, notice: Notification, settings: EventSettings) -> None:
        if not settings.wants(notice.kind):
            return
        if settings.mode is EventMode.PULL:
            self.events.add(notice.project_id, notice.delivery_id, self.encode(notice), self.clock.now_ms())
        elif settings.notification_url:
            self.callbacks.send(
                Callback(notice.project_id, notice.delivery_id, settings.notification_url, self.encode(notice))
            )
