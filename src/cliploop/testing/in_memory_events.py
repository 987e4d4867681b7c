from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cliploop.application.ports_events import (
    EVENT_KEPT_MS,
    Callback,
    LaidAside,
    QueuedEvent,
    Search,
    event_text,
)
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.event_settings import EventSettings


@dataclass
class InMemoryEventSettingsStore:
    """``EventSettingsStore`` in a dictionary."""

    settings: dict[str, EventSettings] = field(default_factory=dict)

    def get(self, project_id: str) -> EventSettings:
        """See ``EventSettingsStore``."""
        return self.settings.get(project_id, EventSettings())

    def put(self, project_id: str, settings: EventSettings) -> None:
        """See ``EventSettingsStore``."""
        self.settings[project_id] = settings


@dataclass
class WaitingEvent:
    """An event that was added; its ``handle`` is that of the last time it was taken."""

    created_ms: int
    delivery_id: str
    text: str
    visible_at_ms: int
    handle: str = ""
    confirmed: bool = False

    def is_open(self, now_ms: int) -> bool:
        """Whether it can be taken."""
        return not self.confirmed and self.visible_at_ms <= now_ms < self.created_ms + EVENT_KEPT_MS


@dataclass
class InMemoryEventQueue:
    """``EventQueue`` in a dictionary by project and delivery id."""

    waiting: dict[tuple[str, str], WaitingEvent] = field(default_factory=dict)

    def add(self, project_id: str, delivery_id: str, event: Mapping[str, Any], now_ms: int) -> None:
        """See ``EventQueue``."""
        self.waiting.setdefault(
            (project_id, delivery_id), WaitingEvent(now_ms, delivery_id, event_text(event), visible_at_ms=now_ms)
        )

    def take(self, project_id: str, most: int, now_ms: int, hidden_ms: int) -> list[QueuedEvent]:
        """See ``EventQueue``."""
        mine = [each for (owner, _), each in self.waiting.items() if owner == project_id and each.is_open(now_ms)]
        mine.sort(key=lambda each: (each.created_ms, each.delivery_id))
        for each in mine[:most]:
            each.visible_at_ms = now_ms + hidden_ms
            each.handle = f"{each.delivery_id}@{each.visible_at_ms}"
        return [QueuedEvent(each.handle, json.loads(each.text)) for each in mine[:most]]

    def confirm(self, project_id: str, handles: Sequence[str], now_ms: int) -> None:
        """See ``EventQueue``."""
        events = [self.waiting.get((project_id, handle.partition("@")[0])) for handle in handles]
        for handle, event in zip(handles, events, strict=True):
            if event is None or event.handle != handle or event.visible_at_ms <= now_ms:
                raise CliploopError(ErrorCode.EVENT_HANDLE_INVALID, "An event handle is unknown or too old.")
        for event in events:
            if event is not None:
                event.confirmed = True


@dataclass
class InMemoryCallbackQueue:
    """``CallbackQueue`` in a list."""

    callbacks: list[Callback] = field(default_factory=list)

    def send(self, callback: Callback) -> None:
        """See ``CallbackQueue``."""
        event_text(callback.body)
        self.callbacks.append(callback)


@dataclass
class InMemoryCallbackKeys:
    """``CallbackKeys`` in a list."""

    keys: list[str] = field(default_factory=lambda: ["a key of callbacks"])

    def current(self) -> Sequence[str]:
        """See ``CallbackKeys``."""
        return tuple(self.keys)


@dataclass
class InMemoryLaidAsideCallbacks:
    """``LaidAsideCallbacks`` in a dictionary by handle. A search looks at all, or at as many as ``most`` says."""

    waiting: dict[str, Callback] = field(default_factory=dict)
    most: int = 10_000
    _hidden: set[str] = field(default_factory=set)
    _added: int = 0

    def add(self, callback: Callback) -> None:
        """See ``LaidAsideCallbacks``."""
        self._added += 1
        self.waiting[str(self._added)] = callback

    def find(self, delivery_ids: Collection[str]) -> Search:
        """See ``LaidAsideCallbacks``."""
        seen = [(handle, callback) for handle, callback in self.waiting.items() if handle not in self._hidden]
        found = [LaidAside(*each) for each in seen[: self.most] if each[1].delivery_id in delivery_ids]
        self._hidden |= {each.handle for each in found}
        return Search(found, complete=len(seen) < self.most)

    def drop(self, found: LaidAside) -> None:
        """See ``LaidAsideCallbacks``."""
        self.waiting.pop(found.handle, None)
