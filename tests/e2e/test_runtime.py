"""The function in AWS's own runtime, with the layer at the real /opt. Elsewhere it runs in the engine's."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from local import package
from local.deploy import STACK_NAME
from local.stack import Stack
from tests.conftest import NO_LAYER_AT_OPT
from tests.e2e import runtime as runtimes
from tests.e2e.customer import Customer
from tests.e2e.runtime import InvocationError, Runtime

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def function(stack: Stack) -> dict[str, Any]:
    """What Lambda knows of the function: its settings, its environment, its role."""
    resource = stack.client("cloudformation").describe_stack_resource(
        StackName=STACK_NAME, LogicalResourceId="OnUploadFunction"
    )
    name = resource["StackResourceDetail"]["PhysicalResourceId"]
    configuration: dict[str, Any] = stack.client("lambda").get_function_configuration(FunctionName=name)
    return configuration


@pytest.fixture(scope="module")
def runtime(stack: Stack, function: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    built = {artifact.resource: folder for artifact, folder in package.build_all(package.this_machine()).items()}
    layer = built["FfmpegLayer"]
    if problem := runtimes.why_impossible(layer):
        pytest.skip(f"{NO_LAYER_AT_OPT}: {problem}")
    folder = tmp_path_factory.mktemp("runtime")
    with runtimes.running(built["OnUploadFunction"], layer, function, environment(stack, function), folder) as ready:
        yield ready


def environment(stack: Stack, function: dict[str, Any]) -> dict[str, str]:
    """Where the engine is, and the rights of the function's role there."""
    role = stack.client("sts").assume_role(RoleArn=function["Role"], RoleSessionName="runtime")["Credentials"]
    return {
        "AWS_ENDPOINT_URL": stack.aws_endpoint,
        "AWS_REGION": stack.region,
        "AWS_DEFAULT_REGION": stack.region,
        "AWS_ACCESS_KEY_ID": role["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": role["SecretAccessKey"],
        "AWS_SESSION_TOKEN": role["SessionToken"],
    }


@pytest.fixture
def _queues_keep_their_messages(stack: Stack, customer: Customer, function: dict[str, Any]) -> Iterator[None]:
    """The engine's own function takes nothing meanwhile: what arrives is for the one in AWS's runtime."""
    lambda_ = stack.client("lambda")
    sources = lambda_.list_event_source_mappings(FunctionName=f"{function['FunctionName']}:live")
    ids = [source["UUID"] for source in sources["EventSourceMappings"]]
    assert len(ids) == 2
    customer.wait_until_quiet()
    try:
        for id_ in ids:
            lambda_.update_event_source_mapping(UUID=id_, Enabled=False)
        yield
    finally:
        for id_ in ids:
            lambda_.update_event_source_mapping(UUID=id_, Enabled=True)


def next_event(stack: Stack, queue_url: str) -> dict[str, Any]:
    """The next message of a queue, as Lambda's event source hands it to a function."""
    sqs = stack.client("sqs")
    arn = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    (message,) = sqs.receive_message(
        QueueUrl=queue_url, WaitTimeSeconds=20, MessageSystemAttributeNames=["All"], MessageAttributeNames=["All"]
    )["Messages"]
    sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
    record = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": stack.region,
    }
    return {"Records": [record]}


@pytest.mark.usefixtures("_queues_keep_their_messages")
def test_an_upload_becomes_images_in_the_runtime_of_aws(
    runtime: Runtime, stack: Stack, customer: Customer, video: Path
) -> None:
    source = customer.upload(video, "runtime.mp4", {"section": "0%2C1"})

    assert runtime.invoke(next_event(stack, stack.uploads_queue_url)) == {"batchItemFailures": []}
    registered = customer.found(source)
    assert registered is not None
    assert registered["status"] == "WAITING"

    assert runtime.invoke(next_event(stack, stack.work_queue_url)) == {"batchItemFailures": []}
    task = customer.found(source)
    assert task is not None
    assert task["status"] == "SUCCEED"

    assert customer.stored_versions(source) == [1, 1]
    assert [stored_format(stack, output["output"]) for output in task["outputs"]] == ["GIF", "WEBP"]
    assert set(runtime.programs()) == {"/opt/bin/ffmpeg"}


def test_a_batch_that_is_none_is_an_error_of_the_invocation(runtime: Runtime) -> None:
    with pytest.raises(InvocationError, match="UnexpectedBatchTypeError"):
        runtime.invoke({"no": "records"})


def stored_format(stack: Stack, output: dict[str, str]) -> str | None:
    answer = stack.client("s3").get_object(Bucket=output["bucket"], Key=output["object"] + output["file_name"])
    with Image.open(io.BytesIO(answer["Body"].read())) as image:
        assert image.n_frames == 12  # type: ignore[attr-defined]
        return image.format
