"""What the sweep needs of the world: the rows that somebody should have looked at by now."""

from __future__ import annotations

from typing import Protocol


class DueTasks(Protocol):
    """Finds rows by the moment at which somebody should look at them. It may lag behind the rows for a moment."""

    def overdue(self, project_id: str, now_ms: int, most: int) -> list[int]:
        """The ids of at most ``most`` tasks whose ``due_at_ms`` has passed, the longest overdue first.

        Raises:
            CliploopError: UNAVAILABLE (retryable).
        """
        ...
