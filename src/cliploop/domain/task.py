"""A task's life.

Every rule about states, attempts and the lease is a method here that returns the next value (docs/adr/0003); stores
only compare ``revision`` and keep what they are given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from cliploop.domain.errors import ErrorCode, Failure
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.media import MediaInfo
from cliploop.domain.output import Output
from cliploop.domain.procedure import NotifyMode
from cliploop.domain.quota import NO_DEMAND, Demand, Quota
from cliploop.domain.task_state import (
    LeaseLostError,
    NotCancelableError,
    NotClaimableError,
    NotRedrivableError,
    TaskState,
)
from cliploop.domain.timetable import LEASE_MS, RETRY_OVERDUE_MS, TELLING_OVERDUE_MS, WAITING_OVERDUE_MS, next_look_ms
from cliploop.domain.web_address import without_query

__all__ = [
    "MAX_ATTEMPTS",
    "LeaseLostError",
    "NotCancelableError",
    "NotClaimableError",
    "NotRedrivableError",
    "Task",
    "TaskState",
]

#: Tries at a task before it ends FAILED.
MAX_ATTEMPTS = 3


@dataclass(frozen=True, kw_only=True)
class Task:
    """One run of one procedure on one version of one source object. Times are UTC milliseconds, 0 = not yet.

    Attributes:
        revision: raised by every write; what compare-and-set compares.
        row_version: raised when state or outputs change; what notifications are derived from.
        attempt: the number of the latest try.
        attempts_before: how many of them were made before the task was redriven; only those since then count.
        winner: the attempt whose outputs may be published, 0 while there is none.
        due_at_ms: when somebody should look if nothing has happened; 0 when there is nothing left to do.
        name: what the caller calls the source; empty = the last part of its key.
        origin: the address that the source is fetched from (INIT), without its query once it was; empty for a source
            that was in the bucket from the start. Until then ``source`` has no version and ``file_id`` is 0.
        pull_told: whether subscribers have heard that the source has arrived.
        source_context: what the caller wants to hear back when the source has arrived.
        application: which of its project's applications it is for; empty = none was named.
        callback_url: who is told of this one task's end, besides the project's subscribers; empty = nobody.
        demand: what it takes of its project's quota at the moment.
    """

    project_id: str
    task_id: int
    file_id: int
    source: ObjectVersion
    procedure: str
    outputs: tuple[Output, ...]
    created_ms: int
    session_context: str = ""
    session_id: str = ""
    priority: int = 0
    notify_mode: NotifyMode = NotifyMode.FINISH
    name: str = ""
    origin: str = ""
    pull_told: bool = False
    source_context: str = ""
    application: str = ""
    callback_url: str = ""
    demand: Demand = NO_DEMAND
    media: MediaInfo | None = None
    failure: Failure | None = None
    state: TaskState = TaskState.WAITING
    started_ms: int = 0
    ended_ms: int = 0
    attempt: int = 0
    attempts_before: int = 0
    lease_until_ms: int = 0
    winner: int = 0
    due_at_ms: int = 0
    revision: int = 1
    row_version: int = 1

    # -- the story, in its order ------------------------------------------------------------------

    def registered(self) -> Task:
        """The new row, with the moment at which it becomes overdue; FAILED at once if no output can be made."""
        failures = [output.failure for output in self.outputs if output.failure]
        if failures and len(failures) == len(self.outputs):
            return self.refuse(failures[0])
        return replace(self, due_at_ms=self.created_ms + WAITING_OVERDUE_MS)

    def under(self, quota: Quota) -> Task:
        """The new row with what it takes of ``quota``; one that has ended takes nothing."""
        return self if self.state.is_final else replace(self, demand=quota.demand_of(self.outputs))

    def claim(self, now_ms: int) -> Task:
        """The next attempt, which holds the lease from now: at fetching the source, or at making the images.

        Once the tries are used up it is the end instead; or, where images may have been published, an attempt that
        only removes them before the end (``is_past_its_tries``), since the last worker may still be about.

        Raises:
            NotClaimableError: the task has ended, is not ready, or another attempt holds it.
        """
        if not self._is_free(now_ms):
            raise NotClaimableError
        if self.is_exhausted(now_ms) and not self.winner:
            return self._exhausted(now_ms)
        claimed = self._leased(now_ms, attempt=self.attempt + 1)
        if self.state is TaskState.INIT or claimed.is_past_its_tries:
            return claimed
        started_ms, version = self.started_ms or now_ms, self.row_version + 1
        return replace(claimed, state=TaskState.PROCESSING, started_ms=started_ms, row_version=version)

    def renew(self, attempt: int, now_ms: int) -> Task:
        """The same attempt with the lease counted from now."""
        self._must_be_held_by(attempt)
        return self._leased(now_ms)

    def release(self, attempt: int, failure: Failure, now_ms: int) -> Task:
        """The attempt given up for a retry; its failure is kept in case it was the last."""
        self._must_be_held_by(attempt)
        due_at_ms = now_ms + RETRY_OVERDUE_MS
        return replace(self, failure=failure, lease_until_ms=now_ms, due_at_ms=due_at_ms, revision=self.revision + 1)

    def looked_at(self, now_ms: int) -> Task:
        """An overdue row for which somebody has done what there is to do; looked at again later and later."""
        since_ms, first_ms = self.created_ms, WAITING_OVERDUE_MS
        if self.state.is_final:
            since_ms, first_ms = self.ended_ms, TELLING_OVERDUE_MS
        elif self.lease_until_ms:
            since_ms, first_ms = self.lease_until_ms, RETRY_OVERDUE_MS
        return replace(self, due_at_ms=next_look_ms(since_ms, now_ms, first_ms), revision=self.revision + 1)

    def fetched(self, attempt: int, source: ObjectVersion, file_id: int, now_ms: int) -> Task:
        """The source is in the bucket now: it waits for its images, or has ended if none are wanted."""
        self._must_be_held_by(attempt, TaskState.INIT)
        arrived = {"source": source, "file_id": file_id, "failure": None}
        if not self.outputs:
            return self._ended(TaskState.SUCCEED, now_ms, started_ms=now_ms, **arrived)
        due_at_ms = now_ms + WAITING_OVERDUE_MS
        origin = without_query(self.origin)
        return self._changed(state=TaskState.WAITING, origin=origin, lease_until_ms=0, due_at_ms=due_at_ms, **arrived)

    def cancel(self, now_ms: int) -> Task:
        """The end that the caller asked for, before the images are published.

        Raises:
            NotCancelableError: it is too late.
        """
        if self.state.is_final or self.winner:
            raise NotCancelableError
        return self._failed(Failure(ErrorCode.TASK_CANCELED, "The task was canceled."), now_ms, TaskState.CANCELED)

    def settle(self, attempt: int, media: MediaInfo, outputs: Sequence[Output]) -> Task:
        """This attempt is the one to be published, and these are its outputs; nobody has been told yet."""
        self._must_be_held_by(attempt, TaskState.PROCESSING)
        return replace(self, winner=attempt, media=media, outputs=tuple(outputs), revision=self.revision + 1)

    def finish(self, attempt: int, now_ms: int) -> Task:
        """The end: FAILED when every output failed, otherwise SUCCEED."""
        self._must_be_held_by(attempt, TaskState.PROCESSING)
        failures = [output.failure for output in self.outputs if output.failure]
        if len(failures) == len(self.outputs):
            return self._ended(TaskState.FAILED, now_ms, failure=failures[0] if failures else self.failure)
        return self._ended(TaskState.SUCCEED, now_ms, failure=None)

    def fail(self, attempt: int, failure: Failure, now_ms: int, media: MediaInfo | None = None) -> Task:
        """The end of a task of which nothing could be made."""
        self._must_be_held_by(attempt)
        return replace(self._failed(failure, now_ms), media=media or self.media)

    def exhaust(self, attempt: int, now_ms: int) -> Task:
        """The end of a task whose tries are used up, once what they have published is gone."""
        self._must_be_held_by(attempt)
        return self._exhausted(now_ms)

    def refuse(self, failure: Failure) -> Task:
        """A row that is born FAILED, because what was asked for cannot be done at all."""
        refused = self._failed(failure, self.created_ms)
        return replace(refused, demand=NO_DEMAND, revision=self.revision, row_version=self.row_version)

    def told(self) -> Task:
        """The row once its end was told: nobody needs to look at it any more, and it takes nothing any more."""
        told = replace(self, due_at_ms=0, demand=NO_DEMAND, pull_told=bool(self.origin))
        return replace(told, revision=self.revision + 1)

    def told_of_pull(self) -> Task:
        """The row that goes on, once its source's arrival was told; an end tells of it anyway."""
        if self.state.is_final or self.pull_told:
            raise NotClaimableError
        return replace(self, pull_told=True, revision=self.revision + 1)

    def redriven(self, now_ms: int) -> Task:
        """A failed task, brought back by the operator: it waits again, with all its tries.

        Attempts go on being counted up, so that no worker of before is taken for one of now.

        Raises:
            NotRedrivableError: it has not failed, or none of its outputs could be made.
        """
        outputs = tuple(output.again() for output in self.outputs)
        only_fetches = bool(self.origin) and not (outputs or self.procedure)
        can_be_made = only_fetches or not all(output.failure for output in outputs)
        if self.state is not TaskState.FAILED or not can_be_made:
            raise NotRedrivableError
        return self._changed(
            state=TaskState.INIT if self._is_to_be_fetched else TaskState.WAITING,
            outputs=outputs,
            media=None,
            failure=None,
            started_ms=0,
            ended_ms=0,
            attempts_before=self.attempt,
            pull_told=self.pull_told and not self._is_to_be_fetched,
            lease_until_ms=0,
            winner=0,
            due_at_ms=now_ms + WAITING_OVERDUE_MS,
        )

    # -- what others ask --------------------------------------------------------------------------

    def is_exhausted(self, now_ms: int) -> bool:
        """Whether it is nobody's, and nobody may try again: all that is left is its end."""
        return self._is_free(now_ms) and self.attempt - self.attempts_before >= self._tries

    @property
    def is_past_its_tries(self) -> bool:
        """Whether its attempt is one that only cleans up, as the tries were used up before it."""
        return not self.state.is_final and self.attempt - self.attempts_before > self._tries

    def lease_needs_renewal(self, now_ms: int) -> bool:
        """Whether less than two thirds of the lease are left."""
        return self.lease_until_ms - now_ms < LEASE_MS * 2 // 3

    def is_held_by(self, attempt: int) -> bool:
        """Whether ``attempt`` may still go on."""
        return self.state in {TaskState.INIT, TaskState.PROCESSING} and self.attempt == attempt

    # -- parts ------------------------------------------------------------------------------------

    @property
    def _tries(self) -> int:
        """A source that had to be fetched could fail on its way, too."""
        return MAX_ATTEMPTS * 2 if self.origin else MAX_ATTEMPTS

    @property
    def _is_to_be_fetched(self) -> bool:
        return bool(self.origin) and not self.file_id

    def _is_free(self, now_ms: int) -> bool:
        return not self.state.is_final and self.lease_until_ms <= now_ms

    def _must_be_held_by(self, attempt: int, state: TaskState | None = None) -> None:
        if not self.is_held_by(attempt) or self.state is not (state or self.state):
            raise LeaseLostError

    def _leased(self, now_ms: int, **changes: Any) -> Task:
        until_ms = now_ms + LEASE_MS
        return replace(self, lease_until_ms=until_ms, due_at_ms=until_ms, revision=self.revision + 1, **changes)

    def _changed(self, **changes: Any) -> Task:
        return replace(self, revision=self.revision + 1, row_version=self.row_version + 1, **changes)

    def _ended(self, state: TaskState, now_ms: int, **changes: Any) -> Task:
        # A source that could not be had is asked for again when the task is redriven.
        is_needed = state is TaskState.FAILED and self._is_to_be_fetched
        return self._changed(
            state=state,
            origin=self.origin if is_needed else without_query(self.origin),
            ended_ms=now_ms,
            lease_until_ms=0,
            due_at_ms=now_ms + TELLING_OVERDUE_MS,
            **changes,
        )

    def _failed(self, failure: Failure, now_ms: int, state: TaskState = TaskState.FAILED) -> Task:
        outputs = tuple(output if output.failure else output.fail(failure) for output in self.outputs)
        return self._ended(state, now_ms, failure=failure, outputs=outputs)

    def _exhausted(self, now_ms: int) -> Task:
        last = f" The last one ended with: {self.failure.message}" if self.failure else ""
        tries = min(self.attempt - self.attempts_before, self._tries)
        text = f"The task was tried {tries} times without success.{last}"
        return self._failed(Failure(ErrorCode.ATTEMPTS_EXHAUSTED, text), now_ms)
