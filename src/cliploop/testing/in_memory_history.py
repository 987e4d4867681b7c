from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cliploop.application.ports_history import place_of
from cliploop.domain.task import Task
from cliploop.testing.in_memory import InMemoryTasks


@dataclass(frozen=True)
class InMemoryTaskHistory:
    """``TaskHistory`` of the rows of an ``InMemoryTasks``."""

    tasks: InMemoryTasks

    def walk(
        self, project_id: str, first_ms: int, last_ms: int, *, newest_first: bool, after: str = ""
    ) -> Iterator[tuple[str, Task]]:
        """See ``TaskHistory``."""
        rows = [
            (place_of(row), row)
            for row in self.tasks.rows.values()
            if row.project_id == project_id and first_ms <= row.created_ms <= last_ms
        ]
        for place, row in sorted(rows, key=lambda each: each[0], reverse=newest_first):
            if not after or (place < after if newest_first else place > after):
                yield place, row
