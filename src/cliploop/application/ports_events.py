"""What the use cases need to bring events to a subscriber besides the event bus."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.event_settings import EventSettings

#: How long an event waits to be taken (Tencent VOD's promise for PullEvents).
EVENT_KEPT_MS = 4 * 24 * 60 * 60 * 1000

#: Bytes of one event as JSON. Sixteen such events fit into one transaction of DynamoDB (4 MB) and one answer of a
#: function (6 MB), and one into a message of SQS. A task of 20 outputs needs a sixth of it.
MAX_EVENT_BYTES = 240_000


def event_text(event: Mapping[str, Any]) -> str:
    """An event as JSON, in ASCII: SQS takes no U+FFFF, and every queue keeps the same.

    Raises:
        CliploopError: LIMIT_EXCEEDED where it has more than ``MAX_EVENT_BYTES``.
    """
    text = json.dumps(event)
    if len(text) > MAX_EVENT_BYTES:
        raise CliploopError(
            ErrorCode.LIMIT_EXCEEDED,
            f"The event has {len(text)} bytes; at most {MAX_EVENT_BYTES} fit. Look at the task instead.",
        )
    return text


class EventSettingsStore(Protocol):
    """Keeps how each project wants to hear of events."""

    def get(self, project_id: str) -> EventSettings:
        """The project's settings as they were put last, else those of a project that never said any."""
        ...

    def put(self, project_id: str, settings: EventSettings) -> None:
        """Keep ``settings`` in the place of the project's."""
        ...


@dataclass(frozen=True)
class QueuedEvent:
    """An event that was taken from the queue; ``handle`` confirms it, for as long as nobody else is shown it."""

    handle: str
    event: Mapping[str, Any]


class EventQueue(Protocol):
    """Keeps each project's events for ``EVENT_KEPT_MS``, until somebody who took them confirms them."""

    def add(self, project_id: str, delivery_id: str, event: Mapping[str, Any], now_ms: int) -> None:
        """Queue an event, once: a delivery id that was added before adds nothing, even if it was confirmed since.

        Args:
            project_id: whose event it is.
            delivery_id: 32 hex digits.
            event: what JSON can hold.
            now_ms: the event's place in the queue; of two with the same, the delivery id decides.

        Raises:
            CliploopError: LIMIT_EXCEEDED as ``event_text``, or UNAVAILABLE (retryable).
        """
        ...

    def take(self, project_id: str, most: int, now_ms: int, hidden_ms: int) -> list[QueuedEvent]:
        """The oldest events that nobody has at the moment, at most ``most``; hidden from others for ``hidden_ms``."""
        ...

    def confirm(self, project_id: str, handles: Sequence[str], now_ms: int) -> None:
        """Have the events never come back: all of them, or none where one handle is not good.

        A handle is good until its event may be shown to others, and may be confirmed again until then.

        Raises:
            CliploopError: EVENT_HANDLE_INVALID where a handle is too old, or is none; UNAVAILABLE (retryable).
        """
        ...


@dataclass(frozen=True)
class Callback:
    """An event on its way to an address: the project's, or that of whoever started the one task (``of_task``)."""

    project_id: str
    delivery_id: str
    url: str
    body: Mapping[str, Any]
    of_task: bool = False


class CallbackKeys(Protocol):
    """Keeps what this stack signs its callbacks with."""

    def current(self) -> Sequence[str]:
        """The keys that sign at the moment, one at least: two while receivers go over from one to the other.

        Raises:
            CliploopError: UNAVAILABLE (retryable).
        """
        ...


class CallbackQueue(Protocol):
    """Hands callbacks to whoever makes them."""

    def send(self, callback: Callback) -> None:
        """Have the callback made; at least once, and tried again where it fails.

        Raises:
            CliploopError: LIMIT_EXCEEDED as ``event_text`` of the body, or UNAVAILABLE (retryable).
        """
        ...


@dataclass(frozen=True)
class LaidAside:
    """A callback that nobody tries any more; ``handle`` drops it, for as long as it is hidden from others."""

    handle: str
    callback: Callback


@dataclass(frozen=True)
class Search:
    """What was found among the callbacks that were laid aside, and whether all of them were looked at."""

    found: Sequence[LaidAside]
    complete: bool


class LaidAsideCallbacks(Protocol):
    """Keeps callbacks that were tried for long enough, or can't succeed, until an operator wants them tried again."""

    def add(self, callback: Callback) -> None:
        """Lay a callback aside that is not worth another try.

        Raises:
            CliploopError: UNAVAILABLE (retryable).
        """
        ...

    def find(self, delivery_ids: Collection[str]) -> Search:
        """Look for the callbacks of these deliveries, which may be several of one; nobody else finds them meanwhile.

        It takes a bounded time. The others can be found again at once, and those that are not dropped after a while.

        Raises:
            CliploopError: UNAVAILABLE (retryable).
        """
        ...

    def drop(self, found: LaidAside) -> None:
        """Forget a callback.

        Raises:
            CliploopError: UNAVAILABLE (retryable).
        """
        ...
