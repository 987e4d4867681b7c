"""One world in memory and one on moto; every test here runs in both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest

from cliploop.testing import SettableClock
from tests.empty_account import empty_account
from tests.tables import create_tables

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sqs.client import SQSClient

REGION = "eu-north-1"
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def aws() -> Iterator[None]:
    """An empty account in this process."""
    with empty_account(KEYS):
        yield


@pytest.fixture
def dynamodb(aws: None) -> DynamoDBClient:
    """Both tables."""
    client = boto3.client("dynamodb")
    create_tables(client)
    return client


@pytest.fixture
def s3(aws: None) -> S3Client:
    """An upload bucket and an output bucket, with versions as the template's."""
    client = boto3.client("s3")
    for bucket in ("uploads", "outputs"):
        client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-north-1"})
        client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return client


@pytest.fixture
def sqs(aws: None) -> SQSClient:
    """An account's SQS."""
    return boto3.client("sqs")
