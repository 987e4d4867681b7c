"""Whose image lies under a key, and whose is to: one key may be wanted by several attempts, and by several tasks."""

from __future__ import annotations

from dataclasses import dataclass

from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.task import LeaseLostError


@dataclass(frozen=True)
class Publication:
    """An image that a task's attempt stores under a key, or has stored there. MD5 in hex, time in UTC milliseconds.

    Of two tasks whose callers chose the same key the one that was created later has it, whichever is done first: that
    is what its caller said last. Storing must not depend on whose work took longer.
    """

    task_id: int
    created_ms: int
    attempt: int
    md5: str

    def replaces(self, there: Publication) -> bool:
        """Whether this is stored in the place of what is there; False where what is there is as good.

        Raises:
            LeaseLostError: a later attempt at the same task has stored another image.
            CliploopError: OUTPUT_NAME_TAKEN where a later task has.
        """
        is_same_task = self._turn == there._turn
        if self._turn > there._turn or (is_same_task and self.attempt > there.attempt):
            return True  # even of the same bytes, so that it is known whose they are now: the former removes its own
        if self.md5 == there.md5:
            return False
        if is_same_task:
            if self.attempt < there.attempt:
                raise LeaseLostError
            return True
        raise name_taken(
            "A later task has stored its image under the name that was chosen for this one; choose another name.",
            log_text=f"task {there.task_id} has stored its image where task {self.task_id} was to",
        )

    @property
    def _turn(self) -> tuple[int, int]:
        return (self.created_ms, self.task_id)


def name_taken(caller_text: str, *, log_text: str) -> CliploopError:
    """The error of an output whose key holds what must stay."""
    return CliploopError(ErrorCode.OUTPUT_NAME_TAKEN, caller_text, log_text=log_text)
