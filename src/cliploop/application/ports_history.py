"""What the use cases need to walk through the tasks of some time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from cliploop.domain.task import Task


class TaskHistory(Protocol):
    """Knows in which order a project's tasks were created."""

    def walk(
        self, project_id: str, first_ms: int, last_ms: int, *, newest_first: bool, after: str = ""
    ) -> Iterator[tuple[str, Task]]:
        """The tasks created from ``first_ms`` to ``last_ms``, each with its place (``place_of``).

        They come in the order of their places, as they are when they are reached. A task that is created meanwhile
        may be among them; one that was there is, once. It may take the store a moment to know a new one.

        Args:
            project_id: whose tasks.
            first_ms: UTC milliseconds, included.
            last_ms: likewise.
            newest_first: whether the order is turned round.
            after: the place behind which the walk begins; empty = at the beginning.

        Raises:
            CliploopError: UNAVAILABLE (retryable), at any step.
        """
        ...


def place_of(task: Task) -> str:
    """Where a task stands in the order of creation: text that sorts by time, then by id as text."""
    return f"{task.created_ms:013d}#{task.task_id}"
