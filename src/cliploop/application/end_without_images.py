"""What attempts at a task have stored is removed when the task ends without images."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from cliploop.application.ports import Clock, Tasks
from cliploop.application.ports_outputs import OutputAddress, Outputs
from cliploop.application.update_task import update_task
from cliploop.domain.errors import CliploopError
from cliploop.domain.task import LeaseLostError, Task

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EndWithoutImages:
    """Ends tasks that have failed, so that no image of theirs is left. Whoever calls it holds the task."""

    tasks: Tasks
    outputs: Outputs
    clock: Clock

    def __call__(self, held: Task, end: Callable[[Task], Task]) -> Task:
        """Remove what the attempts at ``held`` have stored, and store its end; the row as it is then.

        Raises:
            LeaseLostError: a later attempt has the task, or it has ended.
            CliploopError: UNAVAILABLE (retryable); the task has not ended.
        """
        # Before the end, for after it nobody would look any more; and after it, for what a worker that is late has
        # stored in between. One that is later still finds the end, and removes what it has stored itself.
        row = self.tasks.get(held.project_id, held.task_id)
        if row is None or not row.is_held_by(held.attempt):
            raise LeaseLostError
        self.withdraw(row)
        ended = update_task(self.tasks, held.project_id, held.task_id, end)
        self.withdraw(ended, patient=False)
        return ended

    def exhausted(self, held: Task) -> Task:
        """The same for a task whose tries are used up."""
        return self(held, lambda row: row.exhaust(held.attempt, self.clock.now_ms()))

    def withdraw(self, task: Task, *, patient: bool = True) -> None:
        """Remove what any attempt at ``task`` has stored. Only that of a row with a winner can have been published.

        What can never be removed does not keep the task from its end.

        Raises:
            CliploopError: UNAVAILABLE (retryable), if ``patient``.
        """
        if not task.winner:
            return
        for ordinal in range(1, len(task.outputs) + 1):
            address = OutputAddress.of(task, ordinal)
            try:
                self.outputs.withdraw(address)
            except CliploopError as error:
                if error.retryable and patient:
                    raise
                _log.warning("%s may stay behind: %s", address.key, error.log_text)
