"""Queries: ``functions/query_tasks``."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

from cliploop.bootstrap.parts import callers, names_in, region, task_store
from cliploop.domain.project import Project
from cliploop.settings import QueryTasksSettings

if TYPE_CHECKING:
    from cliploop.dialects.vendor import VendorApi


@cache
def query_tasks() -> tuple[VendorApi, ...]:
    """The APIs behind ``functions/query_tasks``, as far as they only read rows."""
    from cliploop.adapters.system_clock import SystemClock
    from cliploop.application.query_tasks import QueryTasks
    from cliploop.dialects.huawei_mpc.api import HuaweiMpcQueries

    settings = QueryTasksSettings.from_env(os.environ)
    project = Project(settings.project_id, settings.app_id)
    return (
        HuaweiMpcQueries(
            project=project,
            query=QueryTasks(project, task_store(settings.tasks_table, settings.retention_days)),
            region=region(),
            callers=callers(settings.access_keys_secret_arn, settings.project_id),
            clock=SystemClock(),
            signing_hosts=names_in(settings.signing_hosts),
        ),
    )
