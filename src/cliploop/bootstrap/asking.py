"""Queries: ``functions/query_tasks``."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

from cliploop.bootstrap.parts import task_store
from cliploop.domain.project import Project
from cliploop.settings import QueryTasksSettings

if TYPE_CHECKING:
    from cliploop.application.query_tasks import QueryTasks


@cache
def query_tasks() -> QueryTasks:
    """The use case behind ``functions/query_tasks``."""
    from cliploop.application.query_tasks import QueryTasks

    settings = QueryTasksSettings.from_env(os.environ)
    return QueryTasks(
        Project(settings.project_id, settings.app_id), task_store(settings.tasks_table, settings.retention_days)
    )
