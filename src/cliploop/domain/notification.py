"""What a stored change tells the world."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cliploop.domain.identity import delivery_id_of
from cliploop.domain.procedure import NotifyMode
from cliploop.domain.source_file import SourceFile
from cliploop.domain.task import Task, TaskState


class EventKind(StrEnum):
    """The events that there are. Tencent's words."""

    PROCEDURE_STATE_CHANGED = "ProcedureStateChanged"
    NEW_FILE_UPLOAD = "NewFileUpload"
    PULL_COMPLETE = "PullComplete"


@dataclass(frozen=True)
class TaskChange:
    """One stored change of a row: the row before (None for a new one) and after."""

    before: Task | None
    after: Task

    @property
    def is_news(self) -> bool:
        """Whether state or outputs have changed, and not just a lease, or the moment of the next look."""
        return self.before is None or self.before.row_version != self.after.row_version


#: Something that was stored and may have to be told: a task's change, or a file that has become known.
Change = TaskChange | SourceFile


@dataclass(frozen=True)
class Notification:
    """A change worth telling. The same change has the same delivery id, however often it is delivered."""

    delivery_id: str
    kind: EventKind
    subject: Task | SourceFile

    @property
    def project_id(self) -> str:
        """Whose it is."""
        return self.subject.project_id


def notifications_of(change: Change) -> tuple[Notification, ...]:
    """What to tell of a change: nothing of a lease's renewal and the like, or of what nobody asked to hear of."""
    if isinstance(change, SourceFile):
        delivery_id = delivery_id_of(change.project_id, change.file_id, row_version=0)
        return (Notification(delivery_id, EventKind.NEW_FILE_UPLOAD, change),)
    task = change.after
    if not change.is_news:
        return ()
    kinds = [EventKind.PULL_COMPLETE] if _has_been_pulled(change) else []
    if _is_wanted(task):
        kinds.append(EventKind.PROCEDURE_STATE_CHANGED)
    return tuple(_notification(task, kind) for kind in kinds)


def _notification(task: Task, kind: EventKind) -> Notification:
    # One change can be two events. A pull is over once in a task's life, so its event can go by version 0; or by -n,
    # where the task was redriven after n attempts.
    row_version = -task.attempts_before if kind is EventKind.PULL_COMPLETE else task.row_version
    return Notification(delivery_id_of(task.project_id, task.task_id, row_version), kind, task)


def _has_been_pulled(change: TaskChange) -> bool:
    """Whether fetching the source has come to its end with this change, well or badly.

    Or with one before it, of which nobody was told: the task's own end is the last occasion.
    """
    if change.after.state.is_final:
        return bool(change.after.origin) and not change.after.pull_told
    return (
        change.before is not None
        and change.before.state is TaskState.INIT
        and change.after.state is not TaskState.INIT
    )


def _is_wanted(task: Task) -> bool:
    if not task.outputs and task.origin:
        return False  # a pull without a procedure
    wanted = {
        NotifyMode.FINISH: task.state.is_final,
        NotifyMode.CHANGE: True,
        NotifyMode.NONE: False,
    }
    return wanted[task.notify_mode]
