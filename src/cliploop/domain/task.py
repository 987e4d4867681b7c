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
from cliploop.domain.plan import OutputPlan
from cliploop.domain.procedure import NotifyMode, TemplateUse

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


class OutputState(StrEnum):
    """The states of one output of a task."""

    WAITING = "WAITING"
    SUCCEED = "SUCCEED"
    FAILED = "FAILED"


@dataclass(frozen=True)
class StoredImage:
    """A finished output. Size in bytes, MD5 in hex over the bytes that were stored."""

    bucket: str
    key: str
    size: int
    md5: str
    width: int
    height: int
    frames: int
    duration_ms: int

    @property
    def bitrate(self) -> int:
        """Bits a second while it plays, as the seeds count it."""
        return round(self.size * 8_000 / self.duration_ms) if self.duration_ms else 0


@dataclass(frozen=True)
class Output:
    """One animated image of a task: what was asked for, what was done, and how it went."""

    use: TemplateUse
    state: OutputState = OutputState.WAITING
    applied: OutputPlan | None = None
    image: StoredImage | None = None
    failure: Failure | None = None

    def succeed(self, applied: OutputPlan, image: StoredImage) -> Output:
        """This output, made."""
        return replace(self, state=OutputState.SUCCEED, applied=applied, image=image, failure=None)

    def fail(self, failure: Failure) -> Output:
        """This output, ended without an image."""
        return replace(self, state=OutputState.FAILED, image=None, failure=failure)


class NotClaimableError(Exception):
    """The task is somebody else's just now, or it has ended: there is nothing to do."""


class LeaseLostError(Exception):
    """A later attempt has taken the task over, or it has ended: this worker must stop and publish nothing."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """One run of one procedure on one version of one source object. Times are UTC milliseconds, 0 = not yet.

    Attributes:
        revision: raised by every write; what compare-and-set compares.
        row_version: raised when state or outputs change; what notifications are derived from.
        attempt: the number of the latest try.
        winner: the attempt whose outputs may be published, 0 while there is none.
        due_at_ms: when somebody should look if nothing has happened; 0 when there is nothing left to do.
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
        """The new row, with the moment at which it becomes overdue."""
        return replace(self, due_at_ms=self.created_ms + WAITING_OVERDUE_MS)

    def claim(self, now_ms: int) -> Task:
        """The next attempt, which holds the lease from now.

        Raises:
            NotClaimableError: the task has ended, is not ready, or another attempt holds it.
        """
        waiting = self.state is TaskState.WAITING
        abandoned = self.state is TaskState.PROCESSING and self.lease_until_ms <= now_ms
        if not (waiting or abandoned):
            raise NotClaimableError
        if self.attempt >= MAX_ATTEMPTS:
            return self._exhausted(now_ms)
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

    def settle(self, attempt: int, media: MediaInfo, outputs: Sequence[Output]) -> Task:
        """This attempt is the one to be published, and these are its outputs; nobody has been told yet."""
        self._must_be_held_by(attempt)
        return replace(
            self,
            winner=attempt,
            media=media,
            outputs=tuple(outputs),
            revision=self.revision + 1,
        )

    def finish(self, attempt: int, now_ms: int) -> Task:
        """The end: FAILED when every output failed, otherwise SUCCEED."""
        self._must_be_held_by(attempt)
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
        """Whether both stand for the same object version of the same project, and not just for the same id."""
        return (self.project_id, self.source) == (other.project_id, other.source)

    def lease_needs_renewal(self, now_ms: int) -> bool:
        """Whether less than two thirds of the lease are left."""
        return self.lease_until_ms - now_ms < LEASE_MS * 2 // 3

    # -- parts ------------------------------------------------------------------------------------

    def _must_be_held_by(self, attempt: int) -> None:
        if self.state is not TaskState.PROCESSING or self.attempt != attempt:
            raise LeaseLostError

    def _changed(self, **changes: Any) -> Task:
        return replace(self, revision=self.revision + 1, row_version=self.row_version + 1, **changes)

    def _ended(self, state: TaskState, now_ms: int, **changes: Any) -> Task:
        return self._changed(
            state=state, ended_ms=now_ms, lease_until_ms=0, due_at_ms=now_ms + TELLING_OVERDUE_MS, **changes
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
