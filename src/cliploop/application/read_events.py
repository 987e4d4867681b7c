"""Events are fetched from the queue, and confirmed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cliploop.application.ports import Clock
from cliploop.application.ports_events import EventQueue, EventSettingsStore, QueuedEvent
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.event_settings import EventMode

#: Events in one answer, how long they are hidden from others, and how long an answer waits for the first one
#: (Tencent VOD's promises for PullEvents and ConfirmEvents).
MOST_EVENTS = 16
HIDDEN_MS = 30_000
LONGEST_WAIT_MS = 5_000

_PAUSE_MS = 500


@dataclass(frozen=True)
class ReadEvents:
    """Reads a project's queue of events; ``sleep`` waits for some seconds."""

    queue: EventQueue
    settings: EventSettingsStore
    clock: Clock
    sleep: Callable[[float], None]

    def pull(self, project_id: str) -> list[QueuedEvent]:
        """The oldest events, at once where there are any, else as soon as there are, else none.

        Raises:
            CliploopError: EVENTS_NOT_QUEUED where none is left and none will come; UNAVAILABLE (retryable).
        """
        last_look_ms = self.clock.now_ms() + LONGEST_WAIT_MS - _PAUSE_MS
        events = self._take(project_id)
        if not events:
            self._must_queue(project_id)
        while not events and self.clock.now_ms() <= last_look_ms:
            self.sleep(_PAUSE_MS / 1000)
            events = self._take(project_id)
        return events

    def confirm(self, project_id: str, handles: Sequence[str]) -> None:
        """Have the events never come back, all or none.

        Raises:
            CliploopError: EVENT_HANDLE_INVALID, or UNAVAILABLE (retryable).
        """
        self.queue.confirm(project_id, handles, self.clock.now_ms())

    def _take(self, project_id: str) -> list[QueuedEvent]:
        return self.queue.take(project_id, MOST_EVENTS, self.clock.now_ms(), HIDDEN_MS)

    def _must_queue(self, project_id: str) -> None:
        if self.settings.get(project_id).mode is not EventMode.PULL:
            raise CliploopError(
                ErrorCode.EVENTS_NOT_QUEUED,
                "Events are not queued for this project; call ModifyEventConfig with the Mode PULL first.",
            )
