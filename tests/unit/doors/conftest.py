"""The doors, each in a world of moto; nothing of ours is replaced."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from cliploop import bootstrap
from tests.empty_account import empty_account
from tests.tables import create_tables

PROJECT_ID = "0123456789abcdef0123456789abcdef"
KEY_ID, SECRET_KEY = "AKIDdoors", "the secret of the doors"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": "eu-north-1",
    "AWS_DEFAULT_REGION": "eu-north-1",
    "CLIPLOOP_PROJECT_ID": PROJECT_ID,
    "CLIPLOOP_APP_ID": "1256768367",
    "CLIPLOOP_TASKS_TABLE": "tasks",
    "CLIPLOOP_CATALOG_TABLE": "catalog",
    "CLIPLOOP_UPLOADS_QUEUE_ARN": "arn:aws:sqs:eu-north-1:123456789012:uploads",
    "CLIPLOOP_WORK_QUEUE_ARN": "arn:aws:sqs:eu-north-1:123456789012:work",
    "CLIPLOOP_UPLOADS_QUEUE_URL": "https://sqs.eu-north-1.amazonaws.com/123456789012/uploads",
    "CLIPLOOP_WORK_QUEUE_URL": "https://sqs.eu-north-1.amazonaws.com/123456789012/work",
    "CLIPLOOP_UPLOAD_BUCKET": "uploads",
    "CLIPLOOP_OUTPUT_BUCKET": "outputs",
    "CLIPLOOP_MAX_FETCH_BYTES": "1000000",
    "CLIPLOOP_DEFAULT_PROCEDURE": "preview",
    "CLIPLOOP_RETENTION_DAYS": "30",
    "CLIPLOOP_MAX_FRAMES": "6000",
    "CLIPLOOP_MAX_PIXELS": "8000000000",
    "CLIPLOOP_MAX_OUTPUT_BYTES": "536870912",
    "CLIPLOOP_MAX_SOURCE_PIXELS": "37748736",
    "CLIPLOOP_MAX_OPEN_TASKS": "0",
    "CLIPLOOP_MAX_OPEN_SECONDS": "0",
    "CLIPLOOP_MAX_OPEN_PIXELS": "0",
    "CLIPLOOP_EVENT_BUS": "bus",
    "CLIPLOOP_PUBLIC_BASE_URL": "",
    "CLIPLOOP_CALLBACKS_QUEUE_ARN": "arn:aws:sqs:eu-north-1:123456789012:callbacks",
    "CLIPLOOP_CALLBACKS_QUEUE_URL": "https://sqs.eu-north-1.amazonaws.com/123456789012/callbacks",
    "CLIPLOOP_CALLBACKS_DEAD_LETTERS_URL": "https://sqs.eu-north-1.amazonaws.com/123456789012/callbacks-dead-letters",
    "CLIPLOOP_CALLBACK_KEYS_SECRET_ARN": "callback-keys",
    "CLIPLOOP_ALLOWED_PRIVATE_TARGETS": "",
    "CLIPLOOP_ACCESS_KEYS_SECRET_ARN": "access-keys",
    "CLIPLOOP_SIGNING_HOSTS": "vod.tencentcloudapi.com",
    "CLIPLOOP_APPLICATION_IDS": "",
    "CLIPLOOP_MAX_UPLOAD_BYTES": "1000000",
    "CLIPLOOP_UPLOAD_GRANT_ROLE_ARN": "arn:aws:iam::123456789012:role/grant",
}


@dataclass
class Context:
    """What Lambda tells a function about its invocation."""

    function_name: str = "f"
    memory_limit_in_mb: int = 128
    invoked_function_arn: str = "arn:aws:lambda:eu-north-1:123456789012:function:f"
    aws_request_id: str = "request-1"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


@pytest.fixture
def context() -> Any:
    return Context()


@pytest.fixture
def account() -> Iterator[None]:
    """An empty account, and the environment of every function."""
    for part in (
        bootstrap.on_upload,
        bootstrap.on_task_change,
        bootstrap.send_callback,
        bootstrap.query_tasks,
        bootstrap.manage_tasks,
        bootstrap.sweep,
    ):
        part.cache_clear()
    with empty_account(ENVIRONMENT):
        yield


@pytest.fixture
def tables(account: None) -> None:
    """Both tables."""
    create_tables(boto3.client("dynamodb"))


@pytest.fixture
def secret(account: None) -> None:
    """One access key."""
    text = json.dumps({"secret_id": KEY_ID, "secret_key": SECRET_KEY})
    boto3.client("secretsmanager").create_secret(Name="access-keys", SecretString=text)
