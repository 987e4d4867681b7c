"""What is overdue, and what an operator brings back: ``functions/sweep``."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from cliploop.bootstrap.parts import client_config, task_store
from cliploop.bootstrap.telling import publish_changes
from cliploop.settings import SweepSettings

if TYPE_CHECKING:
    from cliploop.application.redrive_task import RedriveTask
    from cliploop.application.replay_callbacks import ReplayCallbacks
    from cliploop.application.sweep import Sweep


@dataclass(frozen=True)
class Sweeping:
    """What the sweep's door calls; ``task_id_in`` reads a task id as any client shows it."""

    sweep: Sweep
    redrive: RedriveTask
    replay: ReplayCallbacks
    task_id_in: Callable[[str], int | None]


@cache
def sweep() -> Sweeping:
    """The parts of ``functions/sweep``."""
    import boto3

    from cliploop.adapters.dynamodb_due import DynamoDBDueTasks
    from cliploop.adapters.s3_outputs import S3Outputs
    from cliploop.adapters.sqs_callbacks import SqsCallbackQueue
    from cliploop.adapters.sqs_dead_letters import SqsLaidAsideCallbacks
    from cliploop.adapters.sqs_work import SqsWorkQueue
    from cliploop.adapters.system_clock import SystemClock
    from cliploop.application.redrive_task import RedriveTask
    from cliploop.application.replay_callbacks import ReplayCallbacks
    from cliploop.application.sweep import Sweep
    from cliploop.domain.identity import parse_task_id

    settings = SweepSettings.from_env(os.environ)
    tasks = task_store(settings.tasks_table, settings.retention_days)
    sqs = boto3.client("sqs", config=client_config())
    work = SqsWorkQueue(sqs, settings.work_queue_url)
    publish, clock = publish_changes(settings, tasks), SystemClock()
    return Sweeping(
        sweep=Sweep(
            project_id=settings.project_id,
            due=DynamoDBDueTasks(tasks.client, settings.tasks_table),
            tasks=tasks,
            work=work,
            outputs=S3Outputs(boto3.client("s3", config=client_config()), settings.output_bucket),
            publish=publish,
            clock=clock,
        ),
        redrive=RedriveTask(
            project_id=settings.project_id,
            tasks=tasks,
            work=work,
            publish=publish,
            clock=clock,
            quota=settings.quota,
        ),
        replay=ReplayCallbacks(
            laid_aside=SqsLaidAsideCallbacks(sqs, settings.callbacks_dead_letters_url),
            queue=SqsCallbackQueue(sqs, settings.callbacks_queue_url),
        ),
        task_id_in=lambda text: parse_task_id(settings.app_id, text),
    )
