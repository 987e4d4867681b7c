"""The vendors' APIs: ``functions/manage_tasks``."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from cliploop.bootstrap.parts import callers, client_config, names_in, region, register_file, source_store, task_store
from cliploop.domain.project import Project
from cliploop.domain.web_address import AllowedTargets
from cliploop.settings import ManageTasksSettings

if TYPE_CHECKING:
    from cliploop.adapters.dynamodb_tasks import DynamoDBTasks
    from cliploop.adapters.s3_upload_versions import S3UploadedVersions
    from cliploop.application.manage_uploads import ManageUploads
    from cliploop.application.register_file import RegisterFile
    from cliploop.application.start_task import StartTask
    from cliploop.dialects.use_cases import UseCases
    from cliploop.dialects.vendor import VendorApi, VendorParts


def _vendors() -> tuple[Callable[[VendorParts], VendorApi], ...]:
    """The vendors whose clients are understood. At the root the first one answers what none of them claims."""
    from cliploop.dialects.alibaba_gif.api import AlibabaGifApi
    from cliploop.dialects.huawei_mpc.api import HuaweiMpcApi
    from cliploop.dialects.tencent_vod.api import TencentVodApi

    return TencentVodApi, HuaweiMpcApi, AlibabaGifApi


@cache
def manage_tasks() -> tuple[VendorApi, ...]:
    """The vendors' APIs behind ``functions/manage_tasks``."""
    from cliploop.adapters.dynamodb_signed_calls import DynamoDBSignedCalls
    from cliploop.adapters.system_clock import SystemClock
    from cliploop.dialects.vendor import VendorParts

    settings = ManageTasksSettings.from_env(os.environ)
    tasks = task_store(settings.tasks_table, settings.retention_days)
    applications = frozenset(names_in(settings.application_ids))
    project = Project(settings.project_id, settings.app_id, applications)
    parts = VendorParts(
        project=project,
        use=_use_cases(settings, project, tasks),
        callers=callers(settings.access_keys_secret_arn, settings.project_id),
        signed=DynamoDBSignedCalls(tasks.client, settings.catalog_table),
        clock=SystemClock(),
        signing_hosts=names_in(settings.signing_hosts),
    )
    return tuple(vendor(parts) for vendor in _vendors())


def _use_cases(settings: ManageTasksSettings, project: Project, tasks: DynamoDBTasks) -> UseCases:
    from cliploop.adapters.dynamodb_catalog_editor import DynamoDBCatalogEditor
    from cliploop.adapters.dynamodb_event_settings import DynamoDBEventSettings
    from cliploop.adapters.dynamodb_events import DynamoDBEvents
    from cliploop.adapters.dynamodb_task_walk import DynamoDBTaskHistory
    from cliploop.adapters.s3_upload_versions import S3UploadedVersions
    from cliploop.application.cancel_task import CancelTask
    from cliploop.application.describe_files import DescribeFiles
    from cliploop.application.follow_tasks import FollowTasks
    from cliploop.application.manage_event_settings import ManageEventSettings
    from cliploop.application.manage_procedures import ManageProcedures
    from cliploop.application.manage_templates import ManageTemplates
    from cliploop.application.query_tasks import QueryTasks
    from cliploop.application.read_events import ReadEvents
    from cliploop.dialects.use_cases import UseCases
    from cliploop.domain.addresses import Addresses

    register = register_file(settings, tasks)
    catalog, files, clock = register.catalog, register.files, register.clock
    editor = DynamoDBCatalogEditor(tasks.client, settings.catalog_table)
    event_settings = DynamoDBEventSettings(tasks.client, settings.catalog_table)
    allowed = AllowedTargets.read(settings.allowed_private_targets)
    sources = source_store()
    versions = S3UploadedVersions(sources.client)
    return UseCases(
        templates=ManageTemplates(editor, clock),
        procedures=ManageProcedures(catalog, editor, clock),
        start=_start_task(settings, register, versions),
        cancel=CancelTask(tasks, clock),
        tasks=FollowTasks(tasks, files, DynamoDBTaskHistory(tasks.client, settings.tasks_table), clock),
        files=DescribeFiles(files, tasks, sources),
        uploads=_manage_uploads(settings, register, versions),
        events=ReadEvents(DynamoDBEvents(tasks.client, settings.tasks_table), event_settings, clock, time.sleep),
        event_settings=ManageEventSettings(event_settings, allowed),
        query=QueryTasks(project, tasks),
        addresses=Addresses(region(), settings.public_base_url),
    )


def _start_task(settings: ManageTasksSettings, register: RegisterFile, versions: S3UploadedVersions) -> StartTask:
    from cliploop.application.start_task import StartTask

    return StartTask(
        catalog=register.catalog,
        files=register.files,
        tasks=register.tasks,
        work=register.work,
        clock=register.clock,
        upload_bucket=settings.upload_bucket,
        output_bucket=settings.output_bucket,
        versions=versions,
        allowed=AllowedTargets.read(settings.allowed_private_targets),
        quota=register.quota,
    )


def _manage_uploads(
    settings: ManageTasksSettings, register: RegisterFile, versions: S3UploadedVersions
) -> ManageUploads:
    import boto3

    from cliploop.adapters.dynamodb_upload_sessions import DynamoDBUploadSessions
    from cliploop.adapters.upload_grants import StsUploadGrants
    from cliploop.application.manage_uploads import ManageUploads

    sts, bucket = boto3.client("sts", config=client_config()), settings.upload_bucket
    return ManageUploads(
        bucket=bucket,
        region=region(),
        sessions=DynamoDBUploadSessions(boto3.client("dynamodb", config=client_config()), settings.catalog_table),
        grants=StsUploadGrants(sts, versions.client, settings.upload_grant_role_arn, bucket),
        versions=versions,
        register=register,
        clock=register.clock,
        max_form_bytes=settings.max_upload_bytes,
    )
