"""The states of a task, and the answers of one that is not in the state for what was asked of it."""

from __future__ import annotations

from enum import StrEnum


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
        """Whether nothing happens to the task any more, unless an operator brings it back."""
        return self in {TaskState.SUCCEED, TaskState.FAILED, TaskState.CANCELED}


class NotClaimableError(Exception):
    """The task is somebody else's just now, or it has ended: there is nothing to do."""


class NotCancelableError(Exception):
    """The task has ended, or its images are being published: it is too late."""


class NotRedrivableError(Exception):
    """The task has not failed, or nothing can be made of it: there is nothing to bring back."""


class LeaseLostError(Exception):
    """A later attempt has taken the task over, or it has ended: this worker must stop and publish nothing."""
