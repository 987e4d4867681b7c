"""How a project wants to hear of events, besides the stack's event bus."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cliploop.domain.notification import EventKind


class EventMode(StrEnum):
    """Called back, or fetched from the reliable queue. Tencent's words."""

    PUSH = "PUSH"
    PULL = "PULL"


@dataclass(frozen=True)
class EventSettings:
    """A project's wishes; these are what a project has that never said any.

    Attributes:
        notification_url: where PUSH calls; empty = nowhere.
        tells_uploads: whether ``NewFileUpload`` is told, too.
        tells_deletions: kept for the caller; nothing is ever deleted by cliploop.
        tells_persistence: kept for the caller; there are no live recordings here.
        sign_key: what callbacks are signed with; empty = they are not.
    """

    mode: EventMode = EventMode.PUSH
    notification_url: str = ""
    tells_uploads: bool = False
    tells_deletions: bool = False
    tells_persistence: bool = False
    sign_key: str = ""

    def wants(self, kind: EventKind) -> bool:
        """Whether an event of this kind is told by callback or queue."""
        return self.tells_uploads if kind is EventKind.NEW_FILE_UPLOAD else True
