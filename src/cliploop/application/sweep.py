"""What is overdue is looked at, so that nothing depends on one message arriving (docs/adr/0003)."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from cliploop.application.end_without_images import EndWithoutImages
from cliploop.application.ports import Clock, RevisionConflictError, Tasks, WorkQueue
from cliploop.application.ports_due import DueTasks
from cliploop.application.ports_outputs import Outputs
from cliploop.application.publish_changes import PublishChanges
from cliploop.application.update_task import update_task
from cliploop.domain.deadline import Deadline
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.notification import TaskChange
from cliploop.domain.task import LeaseLostError, NotClaimableError, Task

_log = logging.getLogger(__name__)

#: Rows that one run looks at, at most: some more than it has time for.
_MOST = 5_000


class Sweeping(StrEnum):
    """What became of one overdue row."""

    RESENT = "resent"
    TAKEN_OVER = "taken over"
    ENDED = "ended"
    TOLD = "told"
    FAILED = "failed"
    NOTHING_TO_DO = "nothing to do"


@dataclass(frozen=True)
class Sweep:
    """Looks after the tasks of a project that nobody has looked after in time.

    A row that waits, or whose worker is gone, gets another message; one that has used up its tries is ended; one
    whose end was not told is told. Whatever it does, it may do twice.
    """

    project_id: str
    due: DueTasks
    tasks: Tasks
    work: WorkQueue
    outputs: Outputs
    publish: PublishChanges
    clock: Clock

    def __call__(self, deadline: Deadline) -> Counter[Sweeping]:
        """Look at the overdue rows, the longest overdue first, until ``deadline``; the next run goes on.

        Raises:
            CliploopError: the rows cannot be found (retryable).
        """
        counts: Counter[Sweeping] = Counter()
        for task_id in self.due.overdue(self.project_id, self.clock.now_ms(), _MOST):
            if not deadline.remaining_s():
                break
            counts[self._swept(task_id)] += 1
        return counts

    def _swept(self, task_id: int) -> Sweeping:
        try:
            return self._look_at(task_id)
        except (NotClaimableError, LeaseLostError, RevisionConflictError):
            return Sweeping.NOTHING_TO_DO  # somebody has it in hand this moment
        except Exception as error:  # noqa: BLE001  # one row must not keep the others waiting
            known = isinstance(error, CliploopError) and error.code is not ErrorCode.INTERNAL
            _log.warning("task %d could not be swept: %s", task_id, error, exc_info=not known)
            return Sweeping.FAILED

    def _look_at(self, task_id: int) -> Sweeping:
        row, now_ms = self.tasks.get(self.project_id, task_id), self.clock.now_ms()
        if row is None or not 0 < row.due_at_ms <= now_ms:
            return Sweeping.NOTHING_TO_DO  # the index is a moment behind
        if row.state.is_final:
            return self._tell(row)
        if row.is_exhausted(now_ms):
            return self._end(task_id)
        # The message first: a crash in between sends it again.
        self.work.send(self.project_id, task_id)
        self.tasks.replace(row, row.looked_at(now_ms))
        return Sweeping.TAKEN_OVER if row.lease_until_ms else Sweeping.RESENT

    def _tell(self, row: Task) -> Sweeping:
        # As a new row: so it tells of a source that was fetched, too. Its delivery ids are those of the first time.
        if self.publish([TaskChange(None, row)]):
            self.tasks.replace(row, row.looked_at(self.clock.now_ms()))
            return Sweeping.FAILED
        return Sweeping.TOLD

    def _end(self, task_id: int) -> Sweeping:
        claimed = update_task(self.tasks, self.project_id, task_id, self._last_claim)
        if claimed.is_past_its_tries:
            EndWithoutImages(self.tasks, self.outputs, self.clock).exhausted(claimed)
        return Sweeping.ENDED

    def _last_claim(self, row: Task) -> Task:
        now_ms = self.clock.now_ms()
        if not row.is_exhausted(now_ms):
            raise NotClaimableError
        return row.claim(now_ms)
