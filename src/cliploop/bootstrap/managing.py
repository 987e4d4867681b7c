"""The vendors' APIs: ``functions/manage_tasks``."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from cliploop.bootstrap.parts import region, register_file, source_store, task_store
from cliploop.domain.project import Project
from cliploop.domain.web_address import AllowedTargets
from cliploop.settings import ManageTasksSettings

if TYPE_CHECKING:
    from cliploop.adapters.dynamodb_tasks import DynamoDBTasks
    from cliploop.application.manage_uploads import ManageUploads
    from cliploop.application.register_file import RegisterFile
    from cliploop.application.start_task import StartTask
    from cliploop.dialects.use_cases import UseCases
    from cliploop.dialects.vendor import VendorApi, VendorParts


def _vendors() -> tuple[Callable[[VendorParts], VendorApi], ...]:
    """The vendors whose clients are understood. At the root the first one answers what none of them claims."""
    from cliploop.dialects.tencent_vod.api import TencentVodApi

    return (TencentVodApi,)


@cache
def manage_tasks() -> tuple[VendorApi, ...]:
    """The vendors' APIs behind ``functions/manage_tasks``."""
    import boto3

    from cliploop.adapters.dynamodb_signed_calls import DynamoDBSignedCalls
    from cliploop.adapters.secrets_manager_callers import SecretsManagerCallers
    from cliploop.adapters.system_clock import SystemClock
    from cliploop.dialects.vendor import VendorParts

    settings = ManageTasksSettings.from_env(os.environ)
    tasks = task_store(settings.tasks_table, settings.retention_days)
    clock = SystemClock()
    secrets = boto3.client("secretsmanager")
    parts = VendorParts(
        project=Project(settings.project_id, settings.app_id),
        use=_use_cases(settings, tasks),
        callers=SecretsManagerCallers(secrets, settings.access_keys_secret_arn, settings.project_id, clock),
        signed=DynamoDBSignedCalls(tasks.client, settings.catalog_table),
        clock=clock,
        signing_hosts=tuple(host.strip() for host in settings.signing_hosts.split(",") if host.strip()),
    )
    return tuple(vendor(parts) for vendor in _vendors())


def _use_cases(settings: ManageTasksSettings, tasks: DynamoDBTasks) -> UseCases:
    from cliploop.adapters.dynamodb_catalog_editor import DynamoDBCatalogEditor
    from cliploop.adapters.dynamodb_event_settings import DynamoDBEventSettings
    from cliploop.adapters.dynamodb_events import DynamoDBEvents
    from cliploop.adapters.dynamodb_task_walk import DynamoDBTaskHistory
    from cliploop.application.cancel_task import CancelTask
    from cliploop.application.describe_files import DescribeFiles
    from cliploop.application.follow_tasks import FollowTasks
    from cliploop.application.manage_event_settings import ManageEventSettings
    from cliploop.application.manage_procedures import ManageProcedures
    from cliploop.application.manage_templates import ManageTemplates
    from cliploop.application.read_events import ReadEvents
    from cliploop.application.start_task import StartTask
    from cliploop.dialects.use_cases import UseCases
    from cliploop.domain.addresses import Addresses

    register = register_file(settings, tasks)
    catalog, files, clock = register.catalog, register.files, register.clock
    editor = DynamoDBCatalogEditor(tasks.client, settings.catalog_table)
    event_settings = DynamoDBEventSettings(tasks.client, settings.catalog_table)
    allowed = AllowedTargets.read(settings.allowed_private_targets)
    start = StartTask(catalog, files, tasks, register.work, clock, settings.upload_bucket)
    return UseCases(
        templates=ManageTemplates(editor, clock),
        procedures=ManageProcedures(catalog, editor, clock),
        start=start,
        cancel=CancelTask(tasks, clock),
        tasks=FollowTasks(tasks, files, DynamoDBTaskHistory(tasks.client, settings.tasks_table), clock),
        files=DescribeFiles(files, tasks, source_store()),
        uploads=_manage_uploads(settings, register, start, allowed),
        events=ReadEvents(DynamoDBEvents(tasks.client, settings.tasks_table), event_settings, clock, time.sleep),
        event_settings=ManageEventSettings(event_settings, allowed),
        addresses=Addresses(region(), settings.public_base_url),
    )


def _manage_uploads(
    settings: ManageTasksSettings, register: RegisterFile, start: StartTask, allowed: AllowedTargets
) -> ManageUploads:
    import boto3

    from cliploop.adapters.dynamodb_upload_sessions import DynamoDBUploadSessions
    from cliploop.adapters.s3_upload_versions import S3UploadedVersions
    from cliploop.adapters.upload_grants import StsUploadGrants
    from cliploop.application.manage_uploads import ManageUploads

    client = source_store().client
    return ManageUploads(
        bucket=settings.upload_bucket,
        region=region(),
        allowed=allowed,
        sessions=DynamoDBUploadSessions(boto3.client("dynamodb"), settings.catalog_table),
        grants=StsUploadGrants(boto3.client("sts"), client, settings.upload_grant_role_arn, settings.upload_bucket),
        versions=S3UploadedVersions(client),
        register=register,
        start=start,
        clock=register.clock,
        max_form_bytes=settings.max_upload_bytes,
    )
