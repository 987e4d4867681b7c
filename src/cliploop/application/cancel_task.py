from __future__ import annotations

from dataclasses import dataclass

from cliploop.application.ports import Clock, Tasks
from cliploop.application.update_task import update_task
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.task import NotCancelableError, NotClaimableError, Task


@dataclass(frozen=True)
class CancelTask:
    """Ends a task that its caller no longer wants; whoever works on it finds that it is no longer his."""

    tasks: Tasks
    clock: Clock

    def __call__(self, project_id: str, task_id: int) -> Task:
        """Cancel one task; the row as it is then.

        Raises:
            CliploopError: TASK_NOT_FOUND, TASK_NOT_CANCELABLE, or UNAVAILABLE.
        """
        try:
            return update_task(self.tasks, project_id, task_id, lambda row: row.cancel(self.clock.now_ms()))
        except NotClaimableError:
            raise CliploopError(
                ErrorCode.TASK_NOT_FOUND, "There is no such task, or it has expired; look at its id."
            ) from None
        except NotCancelableError:
            raise CliploopError(
                ErrorCode.TASK_NOT_CANCELABLE,
                "The task has ended, or its images are being stored; it is too late to cancel it.",
            ) from None
