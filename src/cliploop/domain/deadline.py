from __future__ import annotations

import time
from dataclasses import dataclass

from cliploop.domain.errors import CliploopError, ErrorCode


@dataclass(frozen=True)
class Deadline:
    """The moment by which work must have ended, on the monotonic clock, in seconds."""

    at_s: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """The deadline that lies ``seconds`` from now."""
        return cls(time.monotonic() + seconds)

    def remaining_s(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self.at_s - time.monotonic())

    def check(self) -> None:
        """Raise DEADLINE_EXCEEDED when the moment has passed."""
        if self.remaining_s() <= 0:
            raise CliploopError(
                ErrorCode.DEADLINE_EXCEEDED,
                "The work did not fit in the time that one task may take; ask for a shorter section, fewer frames "
                "a second or a smaller size.",
            )
