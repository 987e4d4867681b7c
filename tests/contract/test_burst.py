"""Thousands of uploads at once: what one costs does not depend on how many there were before it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from cliploop.adapters.dynamodb_catalog import DynamoDBCatalog
from cliploop.adapters.dynamodb_files import DynamoDBFiles
from cliploop.adapters.dynamodb_tasks import DynamoDBTasks
from cliploop.adapters.s3_sources import S3Sources
from cliploop.adapters.sqs_work import SqsWorkQueue
from cliploop.application.register_file import RegisterFile, Registration
from cliploop.application.register_upload import RegisterUpload
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.project import Project
from cliploop.domain.quota import NO_QUOTA, Quota
from cliploop.domain.upload import UploadedObject
from cliploop.testing import SettableClock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sqs.client import SQSClient

UPLOADS = 40
WITHOUT_QUOTA = Counter({"HeadObject": 1, "GetItem": 1, "PutItem": 3, "SendMessage": 1})
WITH_QUOTA = Counter({"HeadObject": 1, "GetItem": 1, "PutItem": 2, "TransactWriteItems": 1, "SendMessage": 1})


@contextmanager
def counting(*clients: Any) -> Iterator[Counter[str]]:
    """The calls that the clients make, by their names."""
    made: Counter[str] = Counter()

    def count(model: Any, **_: Any) -> None:
        made[model.name] += 1

    for client in clients:
        client.meta.events.register("before-call", count)
    yield made
    for client in clients:
        client.meta.events.unregister("before-call", count)


@pytest.mark.parametrize(("quota", "each"), [(NO_QUOTA, WITHOUT_QUOTA), (Quota(UPLOADS, 10**6, 10**15), WITH_QUOTA)])
def test_every_upload_of_a_burst_costs_the_same_few_calls(
    dynamodb: DynamoDBClient, s3: S3Client, sqs: SQSClient, quota: Quota, each: Counter[str]
) -> None:
    clock, url = SettableClock(), sqs.create_queue(QueueName="work")["QueueUrl"]
    catalog = DynamoDBCatalog(dynamodb, "catalog")
    register = RegisterUpload(
        project=Project("0" * 32, 1),
        default_procedure="preview",
        sources=S3Sources(s3),
        catalog=catalog,
        register=RegisterFile(
            catalog,
            DynamoDBFiles(dynamodb, "tasks", 30),
            DynamoDBTasks(dynamodb, "tasks", 30, clock),
            SqsWorkQueue(sqs, url),
            clock,
            quota,
        ),
    )
    costs: list[Counter[str]] = []
    for number in range(UPLOADS):
        key = f"{number}.mp4"
        version = s3.put_object(Bucket="uploads", Key=key, Body=b"x")["VersionId"]
        with counting(dynamodb, s3, sqs) as made:
            registered = register(UploadedObject(ObjectVersion("uploads", key, version), 1))
        assert registered.outcome is Registration.REGISTERED
        costs.append(made)
    assert costs[0] == each + Counter({"Query": 1})  # the prefix rules, which are remembered for a minute
    assert costs[1:] == [each] * (UPLOADS - 1)
