"""A worker keeps its task, and finds out soon when it is no longer its own."""

from __future__ import annotations

import logging

from cliploop.application.ports import Clock, RevisionConflictError, Tasks
from cliploop.domain.errors import CliploopError
from cliploop.domain.task import LeaseLostError, Task
from cliploop.domain.timetable import LOOK_MS

_log = logging.getLogger(__name__)


class Heartbeat:
    """A ``Beat`` for every stage of an attempt at ``task``.

    It looks at the row once a second, and renews the lease when a third of it is gone. A look is 1 RRU, a renewal 3
    WRU, so a minute's work costs 60 RRU and 12 WRU.
    """

    def __init__(self, tasks: Tasks, clock: Clock, task: Task) -> None:
        self._tasks = tasks
        self._clock = clock
        self._attempt = task.attempt
        self._latest = task
        self._looked_ms = clock.now_ms()

    def __call__(self) -> None:
        """Do what it is time to do.

        Raises:
            LeaseLostError: a later attempt has the task, or it has ended.
            CliploopError: the row could not be read for as long as the lease held.
        """
        now_ms = self._clock.now_ms()
        if now_ms - self._looked_ms < LOOK_MS:
            return
        self._looked_ms = now_ms
        try:
            self._look(now_ms)
        except CliploopError as error:
            if not error.retryable or now_ms >= self._latest.lease_until_ms:
                raise
            # The work of minutes is not thrown away for one call that failed: the lease still holds.
            _log.warning("task %d could not be looked at: %s", self._latest.task_id, error.log_text)

    def _look(self, now_ms: int) -> None:
        row = self._tasks.get(self._latest.project_id, self._latest.task_id)
        if row is None or not row.is_held_by(self._attempt):
            raise LeaseLostError
        if row.lease_needs_renewal(now_ms):
            renewed = row.renew(self._attempt, now_ms)
            try:
                self._tasks.replace(row, renewed)
            except RevisionConflictError:
                self._looked_ms = 0  # somebody has changed it this moment: look again at once
                return
            row = renewed
        self._latest = row
