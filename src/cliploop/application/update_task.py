"""A task's row changes by compare-and-set: read, change, store."""

from __future__ import annotations

from collections.abc import Callable

from cliploop.application.ports import RevisionConflictError, Tasks
from cliploop.domain.task import NotClaimableError, Task


def update_task(tasks: Tasks, project_id: str, task_id: int, change: Callable[[Task], Task]) -> Task:
    """Read, change, store; again from the start when somebody else stored in between. The row as it is then.

    Raises:
        NotClaimableError: the row has expired, and its task with it.
        Exception: whatever ``change`` raises; nothing is stored then.
    """
    while True:
        before = tasks.get(project_id, task_id)
        if before is None:
            raise NotClaimableError
        after = change(before)
        try:
            tasks.replace(before, after)
        except RevisionConflictError:
            continue
        return after
