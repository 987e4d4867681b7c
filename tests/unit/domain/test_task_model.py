"""A task's life as a machine with a handful of rules, held against ``domain/task.py`` in the in-memory store.

The model knows nothing of rows: whose the task is, until when, how often it was tried, what has been told. Workers are
attempts that were claimed once and never learn that they have been overtaken; whatever they try, in whatever order,
the row and the model must agree.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule

from cliploop.application.ports import RevisionConflictError
from cliploop.domain.errors import ErrorCode, Failure
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.media import MediaInfo
from cliploop.domain.notification import notifications_of
from cliploop.domain.output import Output, outputs_of
from cliploop.domain.procedure import BUILT_IN_PROCEDURES
from cliploop.domain.task import (
    MAX_ATTEMPTS,
    LeaseLostError,
    NotCancelableError,
    NotClaimableError,
    NotRedrivableError,
    Task,
    TaskState,
)
from cliploop.domain.template import BUILT_IN_TEMPLATES
from cliploop.domain.timetable import LEASE_MS
from cliploop.testing import InMemoryTasks

_MEDIA = MediaInfo("mov", 10_000, 9, 1)
_BUSY = Failure(ErrorCode.UNAVAILABLE, "busy")
_BROKEN = Failure(ErrorCode.SOURCE_MALFORMED, "broken")
_TOLD = (TaskState.SUCCEED, TaskState.FAILED, TaskState.CANCELED)


def _made(outputs: tuple[Output, ...]) -> tuple[Output, ...]:
    return tuple(replace(output, failure=None, state=output.state.SUCCEED) for output in outputs)


class TaskLife(RuleBasedStateMachine):
    attempts = Bundle("attempts")

    def __init__(self) -> None:
        super().__init__()
        self.store, self.now_ms = InMemoryTasks(), 1_700_000_000_000
        new = Task(
            project_id="p",
            task_id=1,
            file_id=2,
            source=ObjectVersion("uploads", "k", "v"),
            procedure="preview",
            outputs=outputs_of(BUILT_IN_PROCEDURES["preview"].references, BUILT_IN_TEMPLATES),
            created_ms=self.now_ms,
        )
        self.store.add(new.registered())
        # What the model knows.
        self.state, self.holder, self.until_ms, self.tries, self.number = TaskState.WAITING, 0, 0, 0, 0
        self.settled, self.told, self.ends = 0, False, 0

    @property
    def row(self) -> Task:
        return self.store.rows["p", 1]

    def _end(self, state: TaskState) -> None:
        self.state, self.holder, self.until_ms, self.told = state, 0, 0, False
        self.ends += 1

    # -- what workers do ----------------------------------------------------------------------------

    @rule(target=attempts)
    def claim(self) -> int:
        before, free = self.row, not self.state.is_final and self.until_ms <= self.now_ms
        try:
            after = before.claim(self.now_ms)
        except NotClaimableError:
            assert not free
            return 0
        assert free
        self.store.replace(before, after)
        assert after.is_past_its_tries is (self.tries == MAX_ATTEMPTS and self.settled > 0)
        if self.tries == MAX_ATTEMPTS and not self.settled:
            self._end(TaskState.FAILED)
            assert after.failure is not None
            assert after.failure.code is ErrorCode.ATTEMPTS_EXHAUSTED
            return 0
        self.tries = min(self.tries + 1, MAX_ATTEMPTS)
        self.number += 1
        self.state, self.holder, self.until_ms = TaskState.PROCESSING, self.number, self.now_ms + LEASE_MS
        return self.number

    @rule(attempt=attempts)
    def renew(self, attempt: int) -> None:
        if self._changes(attempt, lambda row: row.renew(attempt, self.now_ms)):
            self.until_ms = self.now_ms + LEASE_MS

    @rule(attempt=consumes(attempts))
    def release(self, attempt: int) -> None:
        if self._changes(attempt, lambda row: row.release(attempt, _BUSY, self.now_ms)):
            self.until_ms = self.now_ms

    @rule(attempt=attempts)
    def settle(self, attempt: int) -> None:
        if self._changes(attempt, lambda row: row.settle(attempt, _MEDIA, _made(row.outputs))):
            self.settled = attempt

    @rule(attempt=attempts)
    def finish(self, attempt: int) -> None:
        # As the use case does: nobody finishes what he has not settled.
        if attempt == self.settled and self._changes(attempt, lambda row: row.finish(attempt, self.now_ms)):
            self._end(TaskState.SUCCEED)

    @rule(attempt=consumes(attempts))
    def fail(self, attempt: int) -> None:
        if self._changes(attempt, lambda row: row.fail(attempt, _BROKEN, self.now_ms)):
            self._end(TaskState.FAILED)

    def _changes(self, attempt: int, change: Callable[[Task], Task]) -> bool:
        """Whether the row took the change, which it must do for its holder alone: even when his lease has run out."""
        before, mine = self.row, bool(attempt) and attempt == self.holder
        try:
            after = change(before)
        except LeaseLostError:
            assert not mine
            return False
        assert mine
        self.store.replace(before, after)
        return True

    # -- what others do -----------------------------------------------------------------------------

    @rule()
    def cancel(self) -> None:
        before, can = self.row, not self.state.is_final and not self.settled
        try:
            after = before.cancel(self.now_ms)
        except NotCancelableError:
            assert not can
            return
        assert can
        self.store.replace(before, after)
        self._end(TaskState.CANCELED)

    @rule()
    def redrive(self) -> None:
        before, can = self.row, self.state is TaskState.FAILED
        try:
            after = before.redriven(self.now_ms)
        except NotRedrivableError:
            assert not can
            return
        assert can
        self.store.revive(before, after)
        self.state, self.tries, self.settled, self.told = TaskState.WAITING, 0, 0, False

    @precondition(lambda self: self.state.is_final and not self.told)
    @rule()
    def tell(self) -> None:
        self.store.retire(self.row, self.row.told())
        self.told = True

    @rule()
    def look(self) -> None:
        """What the sweep writes of a row that is overdue."""
        if 0 < self.row.due_at_ms <= self.now_ms:
            self.store.replace(self.row, self.row.looked_at(self.now_ms))
            assert self.row.due_at_ms > self.now_ms

    @rule(milliseconds=st.sampled_from([1, LEASE_MS // 3, LEASE_MS - 1, LEASE_MS, 20 * LEASE_MS]))
    def wait(self, milliseconds: int) -> None:
        self.now_ms += milliseconds

    @rule()
    def write_what_was_read_before(self) -> None:
        """A write of a row that somebody has changed since changes nothing."""
        if len(self.store.changes) > 1:
            old, kept = self.store.changes[-2].after, self.row
            try:
                self.store.replace(old, replace(old, revision=old.revision + 1))
            except RevisionConflictError:
                assert self.row == kept
            else:
                raise AssertionError("a stale write was taken")

    # -- what always holds --------------------------------------------------------------------------

    @invariant()
    def the_row_is_where_the_model_is(self) -> None:
        assert self.row.state is self.state
        assert self.row.attempt == self.number
        assert self.row.lease_until_ms == self.until_ms
        assert bool(self.row.due_at_ms) is not self.told

    @invariant()
    def somebody_will_look_at_what_is_open(self) -> None:
        if not self.told:
            assert self.row.due_at_ms
            assert self.row.due_at_ms >= self.row.lease_until_ms

    @invariant()
    def every_end_has_one_delivery_id_of_its_own(self) -> None:
        ends = Counter(
            notice.delivery_id
            for change in self.store.changes
            for notice in notifications_of(change)
            if change.after.state in _TOLD
        )
        assert len(ends) == self.ends
        assert set(ends.values()) <= {1}

    @invariant()
    def revisions_are_without_gaps(self) -> None:
        assert [change.after.revision for change in self.store.changes] == list(range(1, len(self.store.changes) + 1))


TestTaskLife = TaskLife.TestCase
TestTaskLife.settings = settings(max_examples=120, stateful_step_count=60, deadline=None, derandomize=True)
