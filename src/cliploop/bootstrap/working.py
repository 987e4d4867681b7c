"""Uploads and work: ``functions/on_upload``."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from cliploop.bootstrap.parts import client_config, register_file, source_store, task_store
from cliploop.domain.project import Project
from cliploop.domain.timetable import LOOK_MS
from cliploop.domain.web_address import AllowedTargets
from cliploop.settings import OnUploadSettings

if TYPE_CHECKING:
    from cliploop.adapters.dynamodb_tasks import DynamoDBTasks
    from cliploop.adapters.s3_sources import S3Sources
    from cliploop.adapters.sqs_retry import SqsRetry
    from cliploop.application.fetch_source import FetchSource
    from cliploop.application.process_task import ProcessTask
    from cliploop.application.register_file import RegisterFile
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

    from cliploop.adapters.dynamodb_catalog import DynamoDBCatalog
    from cliploop.adapters.ffmpeg.encode import FfmpegEncoder
    from cliploop.adapters.ffmpeg.probe import FfmpegProber
    from cliploop.adapters.s3_outputs import S3Outputs
    from cliploop.adapters.sqs_retry import SqsRetry
    from cliploop.adapters.system_clock import SystemClock
    from cliploop.application.process_task import ProcessTask
    from cliploop.application.register_upload import RegisterUpload

    settings = OnUploadSettings.from_env(os.environ)
    tasks = task_store(settings.tasks_table, settings.retention_days)
    sources = source_store()
    register = register_file(settings, tasks)
    return OnUpload(
        settings=settings,
        register=RegisterUpload(
            project=Project(settings.project_id, settings.app_id),
            default_procedure=settings.default_procedure,
            sources=sources,
            catalog=DynamoDBCatalog(tasks.client, settings.catalog_table),
            register=register,
        ),
        process=ProcessTask(
            tasks=tasks,
            sources=sources,
            prober=FfmpegProber(settings.limits),
            encoder=FfmpegEncoder(settings.limits, pulse_s=LOOK_MS / 2_000),
            outputs=S3Outputs(sources.client, settings.output_bucket),
            fetch=_fetch_source(settings, tasks, sources, register),
            clock=SystemClock(),
            limits=settings.limits,
        ),
        retry=SqsRetry(boto3.client("sqs", config=client_config()), settings.queue_urls),
    )


def _fetch_source(
    settings: OnUploadSettings, tasks: DynamoDBTasks, sources: S3Sources, register: RegisterFile
) -> FetchSource:
    from cliploop.adapters.outside_web import OutsideWeb
    from cliploop.adapters.outside_web_connection import Routes
    from cliploop.adapters.s3_fetched_sources import S3FetchedSources
    from cliploop.application.fetch_source import FetchSource

    return FetchSource(
        web=OutsideWeb(Routes(AllowedTargets.read(settings.allowed_private_targets))),
        store=S3FetchedSources(sources.client, settings.upload_bucket),
        files=register.files,
        tasks=tasks,
        work=register.work,
        clock=register.clock,
        most_bytes=settings.max_fetch_bytes,
    )
