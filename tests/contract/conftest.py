"""One world in memory and one on moto; every test here runs in both."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from unittest import mock

import boto3
import pytest
from moto import mock_aws

from cliploop.testing import SettableClock

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
    with mock.patch.dict(os.environ, KEYS), mock_aws():
        yield


def _index(name: str, partition: str, sort: str) -> Any:
    return {
        "IndexName": name,
        "KeySchema": [
            {"AttributeName": partition, "KeyType": "HASH"},
            {"AttributeName": sort, "KeyType": "RANGE"},
        ],
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }


@pytest.fixture
def dynamodb(aws: None) -> DynamoDBClient:
    """Both tables, with the keys of docs/adr/0002. The template's own are compared in tests/infrastructure."""
    client = boto3.client("dynamodb")
    keys: Any = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
    attributes: Any = [
        {"AttributeName": name, "AttributeType": "S"}
        for name in ("pk", "sk", "created_day", "created_key", "state_day", "due_project")
    ]
    client.create_table(
        TableName="tasks",
        KeySchema=keys,
        AttributeDefinitions=[*attributes, {"AttributeName": "due_at", "AttributeType": "N"}],
        GlobalSecondaryIndexes=[
            _index("by_created", "created_day", "created_key"),
            _index("by_state", "state_day", "created_key"),
            _index("due", "due_project", "due_at"),
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    client.create_table(
        TableName="catalog", KeySchema=keys, AttributeDefinitions=attributes[:2], BillingMode="PAY_PER_REQUEST"
    )
    return client


@pytest.fixture
def s3(aws: None) -> S3Client:
    """An upload bucket with versions and an output bucket."""
    client = boto3.client("s3")
    for bucket in ("uploads", "outputs"):
        client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-north-1"})
    client.put_bucket_versioning(Bucket="uploads", VersioningConfiguration={"Status": "Enabled"})
    return client


@pytest.fixture
def sqs(aws: None) -> SQSClient:
    """An account's SQS."""
    return boto3.client("sqs")
