from __future__ import annotations

from dataclasses import dataclass

from cliploop.testing.in_memory import InMemoryTasks


@dataclass(frozen=True)
class InMemoryDueTasks:
    """``DueTasks`` of the rows of an ``InMemoryTasks``."""

    tasks: InMemoryTasks

    def overdue(self, project_id: str, now_ms: int, most: int) -> list[int]:
        """See ``DueTasks``."""
        due = [
            (row.due_at_ms, row.task_id)
            for row in self.tasks.rows.values()
            if row.project_id == project_id and 0 < row.due_at_ms <= now_ms
        ]
        return [task_id for _, task_id in sorted(due)[:most]]
