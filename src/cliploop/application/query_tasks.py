"""Looking at tasks: reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cliploop.application.ports import Tasks
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.project import Project
from cliploop.domain.query import PageRequest, TaskFilter, TaskPage


@dataclass(frozen=True)
class QueryTasks:
    """Answers questions about the tasks of one project."""

    project: Project
    tasks: Tasks

    def by_ids(self, project_id: str, task_ids: Sequence[int]) -> TaskPage:
        """The tasks that exist of ``task_ids``."""
        self._must_know(project_id)
        found = self.tasks.get_many(project_id, task_ids)
        return TaskPage(len(found), tuple(found))

    def matching(self, project_id: str, where: TaskFilter, page: PageRequest) -> TaskPage:
        """One page of the tasks that match, newest first."""
        self._must_know(project_id)
        return self.tasks.list(project_id, where, page)

    def _must_know(self, project_id: str) -> None:
        if project_id != self.project.project_id:
            raise CliploopError(
                ErrorCode.PROJECT_UNKNOWN,
                "The project id in the path is not one of this stack; the stack's output ProjectId names it.",
            )
