"""What a stored change tells the world."""

from __future__ import annotations

from dataclasses import dataclass

from cliploop.domain.identity import delivery_id_of
from cliploop.domain.procedure import NotifyMode
from cliploop.domain.task import Task


@dataclass(frozen=True)
class TaskChange:
    """One stored change of a row: the row before (None for a new one) and after."""

    before: Task | None
    after: Task


@dataclass(frozen=True)
class Notification:
    """A change worth telling. The same change has the same delivery id, however often it is delivered."""

    delivery_id: str
    task: Task


def notification_of(change: TaskChange) -> Notification | None:
    """What to tell of a change, or None: lease renewals and the like, or a change nobody asked to hear of."""
    task = change.after
    if change.before is not None and change.before.row_version == task.row_version:
        return None
    wanted = {
        NotifyMode.FINISH: task.state.is_final,
        NotifyMode.CHANGE: True,
        NotifyMode.NONE: False,
    }
    if not wanted[task.notify_mode]:
        return None
    return Notification(delivery_id_of(task.project_id, task.task_id, task.row_version), task)
