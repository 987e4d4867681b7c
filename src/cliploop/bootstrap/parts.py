"""What several functions need in the same way."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from cliploop.settings import ManageTasksSettings, OnUploadSettings

if TYPE_CHECKING:
    from botocore.config import Config

    from cliploop.adapters.dynamodb_tasks import DynamoDBTasks
    from cliploop.adapters.s3_sources import S3Sources
    from cliploop.adapters.secrets_manager_callers import SecretsManagerCallers
    from cliploop.application.register_file import RegisterFile


#: Seconds for a connection, and for each silence of a service. Their own (60 and 60, five times) would let one call
#: that hangs eat up a lease, which nobody renews meanwhile; so they fit into what is left of it when it is renewed.
CONNECT_S, READ_S = 2, 6
#: Tries at one call. Between them botocore waits up to 1, 2 … seconds (its "standard" mode).
TRIES = 3


def client_config(**more: Any) -> Config:
    """How every client of a function calls its service."""
    from botocore.config import Config

    retries: Any = {"mode": "standard", "total_max_attempts": TRIES}
    return Config(connect_timeout=CONNECT_S, read_timeout=READ_S, retries=retries, **more)


def region() -> str:
    """The region that the function runs in."""
    return os.environ.get("AWS_REGION") or os.environ["AWS_DEFAULT_REGION"]


def callers(secret_arn: str, project_id: str) -> SecretsManagerCallers:
    """Who may call."""
    import boto3

    from cliploop.adapters.secrets_manager_callers import SecretsManagerCallers
    from cliploop.adapters.system_clock import SystemClock

    return SecretsManagerCallers(
        boto3.client("secretsmanager", config=client_config()), secret_arn, project_id, SystemClock()
    )


def names_in(text: str) -> tuple[str, ...]:
    """A parameter's list, which has commas between its parts."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def source_store() -> S3Sources:
    """What users uploaded."""
    import boto3

    from cliploop.adapters.s3_sources import S3Sources

    # A presigned address must carry a version 4 signature, the only one that every region and KMS accept, and name
    # the bucket's own region: others may answer with a redirect, which neither ffmpeg nor a browser's form follows.
    config = client_config(signature_version="s3v4", s3={"addressing_style": "virtual"})
    return S3Sources(boto3.client("s3", config=config))


def register_file(settings: OnUploadSettings | ManageTasksSettings, tasks: DynamoDBTasks) -> RegisterFile:
    """Registers files and their tasks."""
    import boto3

    from cliploop.adapters.dynamodb_catalog import DynamoDBCatalog
    from cliploop.adapters.dynamodb_files import DynamoDBFiles
    from cliploop.adapters.sqs_work import SqsWorkQueue
    from cliploop.adapters.system_clock import SystemClock
    from cliploop.application.register_file import RegisterFile

    return RegisterFile(
        catalog=DynamoDBCatalog(tasks.client, settings.catalog_table),
        files=DynamoDBFiles(tasks.client, settings.tasks_table, settings.retention_days),
        tasks=tasks,
        work=SqsWorkQueue(boto3.client("sqs", config=client_config()), settings.work_queue_url),
        clock=SystemClock(),
        quota=settings.quota,
    )


def task_store(table: str, retention_days: int) -> DynamoDBTasks:
    """The rows; its client serves the other DynamoDB adapters, too."""
    import boto3

    from cliploop.adapters.dynamodb_tasks import DynamoDBTasks
    from cliploop.adapters.system_clock import SystemClock

    return DynamoDBTasks(boto3.client("dynamodb", config=client_config()), table, retention_days, SystemClock())
