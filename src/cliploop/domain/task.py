"""A task's life.

Every rule about states, attempts and the lease is a method here that returns the next value (docs/adr/0003); stores
only compare ``revision`` and keep what they are given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from cliploop.domain.errors import CliploopError, ErrorCode, Failure
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.media import MediaInfo
from cliploop.domain.output import Output, OutputState
from cliploop.domain.procedure import NotifyMode

#: Tries at a task before it ends FAILED.
MAX_ATTEMPTS = 3
#: How long a claim holds without being renewed. Long enough to sit out a slow read, short enough that a successor
#: takes over from a dead worker within two minutes.
LEASE_MS = 120_000
#: When somebody should look at a waiting row that nobody has claimed.
WAITING_OVERDUE_MS = 15 * 60_000
#: When somebody should look at a final row whose end has not been told.
TELLING_OVERDUE_MS = 5 * 60_000


class TaskState(StrEnum):
    """The one set of states; each dialect renders them."""

    INIT = "INIT"
    WAITING = "WAITING"
    PROCESSING = "PROCESSING"
    SUCCEED = "SUCCEED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"

    @property
    def is_final(self) -> bool:
        """Whether nothing happens to the task any more."""
        return self in {TaskState.SUCCEED, TaskState.FAILED, TaskState.CANCELED}


class NotClaimableError(Exception):
    """The task is somebody else's just now, or it has ended: there is nothing to do."""


class NotCancelableError(Exception):
    """The task has ended, or its images are being published: it is too late."""


class LeaseLostError(Exception):
    """A later attempt has taken the task over, or it has ended: this worker must stop and publish nothing."""


#: States in which an attempt may hold the task.
_HELD = {TaskState.INIT, TaskState.PROCESSING}


@dataclass(frozen=True, kw_only=True)
class Task:
    """One run of one procedure on one version of one source object. Times are UTC milliseconds, 0 = not yet.

    Attributes:
        revision: raised by every write; what compare-and-set compares.
        row_version: raised when state or outputs change; what notifications are derived from.
        attempt: the number of the latest try.
        winner: the attempt whose outputs may be published, 0 while there is none.
        due_at_ms: when somebody should look if nothing has happened; 0 when there is nothing left to do.
        name: what the caller calls the source; empty = the last part of its key.
        origin: the address that the source is fetched from (INIT), without its query once it was; empty for a source
            that was in the bucket from the start. Until then ``source`` has no version and ``file_id`` is 0.
        source_context: what the caller wants to hear back when the source has arrived.
        application: which of its project's applications it is for; empty = none was named.
        callback_url: who is told of this one task's end, besides the project's subscribers; empty = nobody.
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
    source_context: str = ""
    application: str = ""
    callback_url: str = ""
    media: MediaInfo | None = None
    failure: Failure | None = None
    state: TaskState = TaskState.WAITING
    started_ms: int = 0
    ended_ms: int = 0
    attempt: int = 0
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

    def claim(self, now_ms: int) -> Task:
        """The next attempt, which holds the lease from now: at fetching the source, or at making the images.

        Raises:
            NotClaimableError: the task has ended, is not ready, or another attempt holds it.
        """
        waiting = self.state is TaskState.WAITING
        free = self.state in _HELD and self.lease_until_ms <= now_ms
        if not (waiting or free):
            raise NotClaimableError
        if self.attempt >= self._tries:
            return self._exhausted(now_ms)
        if self.state is TaskState.INIT:
            return replace(
                self,
                attempt=self.attempt + 1,
                lease_until_ms=now_ms + LEASE_MS,
                due_at_ms=now_ms + LEASE_MS,
                revision=self.revision + 1,
            )
        return self._changed(
            state=TaskState.PROCESSING,
            attempt=self.attempt + 1,
            started_ms=self.started_ms or now_ms,
            lease_until_ms=now_ms + LEASE_MS,
            due_at_ms=now_ms + LEASE_MS,
        )

    def renew(self, attempt: int, now_ms: int) -> Task:
        """The same attempt with the lease counted from now."""
        self._must_be_held_by(attempt)
        return replace(
            self,
            lease_until_ms=now_ms + LEASE_MS,
            due_at_ms=now_ms + LEASE_MS,
            revision=self.revision + 1,
        )

    def release(self, attempt: int, failure: Failure, now_ms: int) -> Task:
        """The attempt given up for a retry; its failure is kept in case it was the last."""
        self._must_be_held_by(attempt)
        return replace(self, failure=failure, lease_until_ms=now_ms, due_at_ms=now_ms, revision=self.revision + 1)

    def fetched(self, attempt: int, source: ObjectVersion, file_id: int, now_ms: int) -> Task:
        """The source is in the bucket now: it waits for its images, or has ended if none are wanted."""
        self._must_be_held_by(attempt, TaskState.INIT)
        arrived = {
            "source": source,
            "file_id": file_id,
            "failure": None,
        }
        if not self.outputs:
            return self._ended(TaskState.SUCCEED, now_ms, started_ms=now_ms, **arrived)
        due_at_ms = now_ms + WAITING_OVERDUE_MS
        origin = _without_query(self.origin)
        return self._changed(state=TaskState.WAITING, origin=origin, lease_until_ms=0, due_at_ms=due_at_ms, **arrived)

    def cancel(self, now_ms: int) -> Task:
        """The end that the caller asked for, before the images are published.

        Raises:
            NotCancelableError: it is too late.
        """
        if self.state.is_final or self.winner:
            raise NotCancelableError
        failure = Failure(ErrorCode.TASK_CANCELED, "The task was canceled.")
        outputs = tuple(output if output.failure else output.fail(failure) for output in self.outputs)
        return self._ended(TaskState.CANCELED, now_ms, outputs=outputs, failure=failure)

    def settle(self, attempt: int, media: MediaInfo, outputs: Sequence[Output]) -> Task:
        """This attempt is the one to be published, and these are its outputs; nobody has been told yet."""
        self._must_be_held_by(attempt, TaskState.PROCESSING)
        return replace(
            self,
            winner=attempt,
            media=media,
            outputs=tuple(outputs),
            revision=self.revision + 1,
        )

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
        return self._failed(failure, now_ms, media=media or self.media)

    def refuse(self, failure: Failure) -> Task:
        """A row that is born FAILED, because what was asked for cannot be done at all."""
        refused = self._failed(failure, self.created_ms)
        return replace(refused, revision=self.revision, row_version=self.row_version)

    def told(self) -> Task:
        """The row once its end was told: nobody needs to look at it any more."""
        return replace(self, due_at_ms=0, revision=self.revision + 1)

    # -- what others ask --------------------------------------------------------------------------

    def is_same_work_as(self, other: Task) -> bool:
        """Whether both stand for the same thing asked for, and not just for the same id.

        That is the caller's session where there is one, the address of a source that is fetched or was (without its
        query, which a row that has been fetched for no longer has), and otherwise the object version.
        """
        if self.session_id or other.session_id:
            return (self.project_id, self.session_id) == (other.project_id, other.session_id)
        if self.origin or other.origin:
            mine, theirs = _without_query(self.origin), _without_query(other.origin)
            return (self.project_id, mine) == (other.project_id, theirs)
        return (self.project_id, self.source) == (other.project_id, other.source)

    def lease_needs_renewal(self, now_ms: int) -> bool:
        """Whether less than two thirds of the lease are left."""
        return self.lease_until_ms - now_ms < LEASE_MS * 2 // 3

    def is_held_by(self, attempt: int) -> bool:
        """Whether ``attempt`` may still go on."""
        return self.state in _HELD and self.attempt == attempt

    # -- parts ------------------------------------------------------------------------------------

    @property
    def _tries(self) -> int:
        """A source that had to be fetched could fail on its way, too."""
        return MAX_ATTEMPTS * 2 if self.origin else MAX_ATTEMPTS

    def _must_be_held_by(self, attempt: int, state: TaskState | None = None) -> None:
        if not self.is_held_by(attempt) or self.state is not (state or self.state):
            raise LeaseLostError

    def _changed(self, **changes: Any) -> Task:
        return replace(self, revision=self.revision + 1, row_version=self.row_version + 1, **changes)

    def _ended(self, state: TaskState, now_ms: int, **changes: Any) -> Task:
        return self._changed(
            state=state,
            origin=_without_query(self.origin),
            ended_ms=now_ms,
            lease_until_ms=0,
            due_at_ms=now_ms + TELLING_OVERDUE_MS,
            **changes,
        )

    def _failed(self, failure: Failure, now_ms: int, **changes: Any) -> Task:
        outputs = tuple(
            output if output.state is OutputState.FAILED else output.fail(failure) for output in self.outputs
        )
        return self._ended(TaskState.FAILED, now_ms, failure=failure, outputs=outputs, **changes)

    def _exhausted(self, now_ms: int) -> Task:
        last = f" The last one ended with: {self.failure.message}" if self.failure else ""
        error = CliploopError(
            ErrorCode.ATTEMPTS_EXHAUSTED, f"The task was tried {self.attempt} times without success.{last}"
        )
        return self._failed(error.failure(), now_ms)


def _without_query(address: str) -> str:
    """An address may carry its own key in its query; nobody needs that any more."""
    return address.partition("#")[0].partition("?")[0]
