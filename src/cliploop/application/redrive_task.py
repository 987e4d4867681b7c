"""A failed task is brought back by the operator, once what it failed of has been put right."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import StrEnum

from cliploop.application.ports import Clock, RevisionConflictError, Tasks, WorkQueue
from cliploop.application.publish_changes import PublishChanges
from cliploop.domain.deadline import Deadline
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.notification import TaskChange
from cliploop.domain.quota import NO_QUOTA, Quota
from cliploop.domain.task import NotRedrivableError, TaskState

_log = logging.getLogger(__name__)


class Redriven(StrEnum):
    """What became of one task that was to be brought back."""

    REDRIVEN = "redriven"
    NOT_FAILED = "not failed"
    NOTHING_TO_MAKE = "nothing to make"
    NOT_FOUND = "not found"
    #: A service did not answer, or so many were asked for that the time was over.
    TRY_AGAIN = "try again"


@dataclass(frozen=True)
class RedriveTask:
    """Brings failed tasks back. They wait again, as they were registered, and are told of again when they end.

    Attributes:
        quota: what a task that is brought back takes a part of again. It is taken even where there is no room.
    """

    project_id: str
    tasks: Tasks
    work: WorkQueue
    publish: PublishChanges
    clock: Clock
    quota: Quota = NO_QUOTA

    def asked(self, task_id: int | None, deadline: Deadline) -> Redriven:
        """Bring one of many tasks back; None is an id that no task can have."""
        if task_id is None:
            return Redriven.NOT_FOUND
        try:
            return self(task_id) if deadline.remaining_s() else Redriven.TRY_AGAIN
        except CliploopError as error:
            _log.warning("task %d was not brought back: %s", task_id, error.log_text)
            return Redriven.TRY_AGAIN

    def __call__(self, task_id: int) -> Redriven:
        """Bring one task back.

        Raises:
            CliploopError: UNAVAILABLE (retryable); asked again, it goes on from where it was.
        """
        while True:
            row = self.tasks.get(self.project_id, task_id)
            if row is None:
                return Redriven.NOT_FOUND
            if row.state is not TaskState.FAILED:
                return Redriven.NOT_FAILED
            try:
                waiting = row.redriven(self.clock.now_ms()).under(self.quota)
            except NotRedrivableError:
                return Redriven.NOTHING_TO_MAKE
            if row.due_at_ms:  # its end has to be told first: nobody could tell it of the row that waits
                if self.publish([TaskChange(None, row)]):
                    raise _untold()
                continue
            try:
                self.tasks.revive(row, waiting)
            except RevisionConflictError:
                continue
            self.work.send(self.project_id, task_id)
            return Redriven.REDRIVEN


def _untold() -> CliploopError:
    return CliploopError(
        ErrorCode.UNAVAILABLE,
        "That the task has failed could not be told yet; try again in a minute.",
        retryable=True,
    )
