"""The composition root: the one place that knows both the use cases and what they run on.

Each function's parts are made once a process, on first use; adapters are imported only by the function that needs
them, so that a query loads neither NumPy nor Pillow nor the S3 client.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from cliploop.domain.notification import TaskChange
from cliploop.domain.project import Project
from cliploop.settings import OnTaskChangeSettings, OnUploadSettings, QueryTasksSettings

if TYPE_CHECKING:
    from cliploop.adapters.dynamodb_tasks import DynamoDBTasks
    from cliploop.adapters.sqs_retry import SqsRetry
    from cliploop.application.process_task import ProcessTask
    from cliploop.application.publish_changes import PublishChanges
    from cliploop.application.query_tasks import QueryTasks
    from cliploop.application.register_upload import RegisterUpload


@dataclass(frozen=True)
class OnUpload:
    """What the upload and work door calls."""

    settings: OnUploadSettings
    register: RegisterUpload
    process: ProcessTask
    retry: SqsRetry


@cache
def on_upload() -> OnUpload:
    """The parts of ``functions/on_upload``."""
    import boto3
    from botocore.config import Config

    from cliploop.adapters.dynamodb_catalog import DynamoDBCatalog
    from cliploop.adapters.ffmpeg.encode import FfmpegEncoder
    from cliploop.adapters.ffmpeg.probe import FfmpegProber
    from cliploop.adapters.s3_outputs import S3Outputs
    from cliploop.adapters.s3_sources import S3Sources
    from cliploop.adapters.sqs_retry import SqsRetry
    from cliploop.adapters.sqs_work import SqsWorkQueue
    from cliploop.adapters.system_clock import SystemClock
    from cliploop.application.process_task import ProcessTask
    from cliploop.application.register_upload import RegisterUpload

    settings = OnUploadSettings.from_env(os.environ)
    # A presigned address must carry a version 4 signature: the only one that every region and KMS accept.
    s3 = boto3.client("s3", config=Config(signature_version="s3v4"))
    sqs = boto3.client("sqs")
    clock = SystemClock()
    tasks = _tasks(settings.tasks_table, settings.retention_days)
    sources = S3Sources(s3)
    return OnUpload(
        settings=settings,
        register=RegisterUpload(
            project=Project(settings.project_id, settings.app_id),
            default_procedure=settings.default_procedure,
            sources=sources,
            catalog=DynamoDBCatalog(tasks.client, settings.catalog_table),
            tasks=tasks,
            work=SqsWorkQueue(sqs, settings.work_queue_url),
            clock=clock,
        ),
        process=ProcessTask(
            tasks=tasks,
            sources=sources,
            prober=FfmpegProber(settings.limits),
            encoder=FfmpegEncoder(settings.limits),
            outputs=S3Outputs(s3, settings.output_bucket),
            clock=clock,
            limits=settings.limits,
        ),
        retry=SqsRetry(sqs, settings.queue_urls),
    )


@dataclass(frozen=True)
class OnTaskChange:
    """What the stream's door calls; ``read`` reads one record of it."""

    publish: PublishChanges
    read: Callable[[Mapping[str, Any]], TaskChange | None]


@cache
def on_task_change() -> OnTaskChange:
    """The parts of ``functions/on_task_change``."""
    import boto3

    from cliploop.adapters.eventbridge_notifications import EventBridgeNotifications
    from cliploop.adapters.task_stream import change_in
    from cliploop.application.publish_changes import PublishChanges
    from cliploop.dialects.tencent_vod.notification import EncodeNotification
    from cliploop.domain.addresses import Addresses

    settings = OnTaskChangeSettings.from_env(os.environ)
    encode = EncodeNotification(
        Project(settings.project_id, settings.app_id), Addresses(region(), settings.public_base_url)
    )
    notifications = EventBridgeNotifications(boto3.client("events"), settings.event_bus, encode)
    return OnTaskChange(
        publish=PublishChanges(_tasks(settings.tasks_table, settings.retention_days), notifications),
        read=change_in,
    )


@cache
def query_tasks() -> QueryTasks:
    """The use case behind ``functions/query_tasks``."""
    from cliploop.application.query_tasks import QueryTasks

    settings = QueryTasksSettings.from_env(os.environ)
    return QueryTasks(
        Project(settings.project_id, settings.app_id), _tasks(settings.tasks_table, settings.retention_days)
    )


def region() -> str:
    """The region that the function runs in."""
    return os.environ.get("AWS_REGION") or os.environ["AWS_DEFAULT_REGION"]


def _tasks(table: str, retention_days: int) -> DynamoDBTasks:
    import boto3

    from cliploop.adapters.dynamodb_tasks import DynamoDBTasks
    from cliploop.adapters.system_clock import SystemClock

    return DynamoDBTasks(boto3.client("dynamodb"), table, retention_days, SystemClock())
