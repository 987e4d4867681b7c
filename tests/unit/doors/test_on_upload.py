from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from cliploop import bootstrap
from cliploop.domain.identity import ObjectVersion, task_id_of_upload
from cliploop.domain.task import TaskState
from functions.on_upload.app import handler
from tests.unit.doors.conftest import PROJECT_ID
from tests.unit.doors.events import object_created, sqs_message

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sqs.client import SQSClient

KEY = "a b+c%2B ü.mp4"


@pytest.fixture
def world(account: None, tables: None) -> tuple[S3Client, SQSClient]:
    s3 = boto3.client("s3")
    for bucket in ("uploads", "outputs"):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-north-1"})
    s3.put_bucket_versioning(Bucket="uploads", VersioningConfiguration={"Status": "Enabled"})
    sqs = boto3.client("sqs")
    for queue in ("uploads", "work"):
        sqs.create_queue(QueueName=queue)
    return s3, sqs


def waiting(sqs: SQSClient) -> list[dict[str, str]]:
    url = bootstrap.on_upload().settings.work_queue_url
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [json.loads(message["Body"]) for message in messages]


@pytest.mark.parametrize("reason", ["PutObject", "POST Object", "CopyObject", "CompleteMultipartUpload"])
def test_every_way_to_upload_is_registered_under_its_own_key(
    world: tuple[S3Client, SQSClient], context: Any, reason: str
) -> None:
    s3, sqs = world
    version = s3.put_object(Bucket="uploads", Key=KEY, Body=b"video")["VersionId"]
    event = {"Records": [sqs_message("uploads", object_created(KEY, version, 5, reason))]}
    assert handler(event, context) == {"batchItemFailures": []}
    task_id = task_id_of_upload(PROJECT_ID, ObjectVersion("uploads", KEY, version))
    assert waiting(sqs) == [{"project_id": PROJECT_ID, "task_id": str(task_id)}]


def test_one_bad_message_does_not_hold_up_the_others(world: tuple[S3Client, SQSClient], context: Any) -> None:
    s3, sqs = world
    version = s3.put_object(Bucket="uploads", Key=KEY, Body=b"video")["VersionId"]
    records = [
        sqs_message("uploads", {"nonsense": 1}, "bad"),
        sqs_message("uploads", object_created(KEY, version, 5), "good"),
    ]
    url = bootstrap.on_upload().settings.uploads_queue_url
    sqs.send_message(QueueUrl=url, MessageBody="bad")
    (received,) = sqs.receive_message(QueueUrl=url, VisibilityTimeout=0)["Messages"]
    records[0]["receiptHandle"] = received["ReceiptHandle"]
    assert handler({"Records": records}, context) == {"batchItemFailures": [{"itemIdentifier": "bad"}]}
    assert len(waiting(sqs)) == 1
    # It was visible again at once; the door has hidden it for its backoff.
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_a_message_that_cannot_be_put_back_fails_alone(world: tuple[S3Client, SQSClient], context: Any) -> None:
    """Its receipt is no longer good; the messages beside it must not be delivered again for that."""
    s3, sqs = world
    version = s3.put_object(Bucket="uploads", Key=KEY, Body=b"video")["VersionId"]
    good = sqs_message("uploads", object_created(KEY, version, 5), "good")
    event = {"Records": [sqs_message("uploads", {"nonsense": 1}, "bad"), good]}
    assert handler(event, context) == {"batchItemFailures": [{"itemIdentifier": "bad"}]}
    assert len(waiting(sqs)) == 1


def test_work_on_a_source_that_is_gone_ends_the_task(
    world: tuple[S3Client, SQSClient], context: Any, caplog: pytest.LogCaptureFixture
) -> None:
    s3, sqs = world
    version = s3.put_object(Bucket="uploads", Key=KEY, Body=b"video")["VersionId"]
    handler({"Records": [sqs_message("uploads", object_created(KEY, version, 5))]}, context)
    s3.delete_object(Bucket="uploads", Key=KEY, VersionId=version)
    (pointer,) = waiting(sqs)
    assert handler({"Records": [sqs_message("work", pointer)]}, context) == {"batchItemFailures": []}
    assert "does not exist" in caplog.text
    row = bootstrap.on_upload().process.tasks.get(PROJECT_ID, int(pointer["task_id"]))
    assert row is not None
    assert row.state is TaskState.FAILED
