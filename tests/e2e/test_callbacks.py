"""A receiver of callbacks on the deployed template: refused, repeated, signed, laid aside and brought back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.deploy import STACK_NAME
from local.stack import Stack
from tests.e2e.gif_customer import GifCustomer
from tests.e2e.private_server import Heard, PrivateServer, serving
from tests.e2e.vod_customer import wait_for
from tests.unit.test_verify_a_callback import receiver_with

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def server(stack: Stack, video: Path) -> Iterator[PrivateServer]:
    with serving(stack.private_target, video.read_bytes()) as server:
        yield server


@pytest.fixture(scope="module")
def outputs(stack: Stack) -> dict[str, str]:
    """The stack's, by name."""
    (found,) = stack.client("cloudformation").describe_stacks(StackName=STACK_NAME)["Stacks"]
    return {each["OutputKey"]: each["OutputValue"] for each in found["Outputs"]}


@pytest.fixture(scope="module")
def key(stack: Stack, outputs: dict[str, str]) -> str:
    """What the stack has made for its receivers."""
    secret = stack.client("secretsmanager").get_secret_value(SecretId=outputs["CallbackKeysSecretArn"])
    return str(json.loads(secret["SecretString"])["key"])


def start(stack: Stack, server: PrivateServer, path: str) -> int:
    """A task whose end is told at ``path``."""
    order = {"ApplicationId": "a", "VideoName": "v", "VideoUrl": server.url("/film.mp4#t=0,0.5"), "TemplateId": 20000}
    return int(GifCustomer(stack).create_by_new(**order, CallbackUrl=server.url(path)))


def heard_at(server: PrivateServer, path: str, count: int) -> list[Heard]:
    def look() -> list[Heard] | None:
        found = [each for each in server.heard if each.path == path]
        return found if len(found) >= count else None

    return wait_for(look, f"{count} callbacks at {path}")


def tries(heard: list[Heard]) -> list[tuple[str, str]]:
    return [(each.headers["X-Cliploop-Delivery"], each.headers["X-Cliploop-Attempt"]) for each in heard]


def test_a_receiver_that_fails_twice_hears_the_same_three_times_and_each_time_signed(
    stack: Stack, server: PrivateServer, key: str
) -> None:
    server.refusals_at["/thrice"] = [500, 503]
    is_genuine = receiver_with(key)["is_genuine"]
    task_id = start(stack, server, "/thrice")
    heard = heard_at(server, "/thrice", 3)
    delivery_id = json.loads(heard[0].body)["DeliveryId"]
    assert tries(heard) == [(delivery_id, "1"), (delivery_id, "2"), (delivery_id, "3")]
    assert {each.body for each in heard} == {heard[0].body}
    assert json.loads(heard[0].body)["TaskId"] == task_id
    times = [int(each.headers["X-Cliploop-Timestamp"]) for each in heard]
    assert times[1] - times[0] >= 3
    assert times[2] - times[1] >= 7
    assert times[2] - times[0] <= 40
    for each in heard:
        assert is_genuine(each.headers, each.body)
        assert not is_genuine(each.headers, each.body + b" ")
    assert not receiver_with("another-key-of-callbacks")["is_genuine"](heard[0].headers, heard[0].body)


def test_a_callback_that_was_laid_aside_comes_back_when_the_operator_says_so(
    stack: Stack, server: PrivateServer, outputs: dict[str, str], key: str
) -> None:
    server.refusals_at["/gone"] = [410]
    start(stack, server, "/gone")
    (gone,) = heard_at(server, "/gone", 1)
    delivery_id = gone.headers["X-Cliploop-Delivery"]
    sqs, names = stack.client("sqs"), ["ApproximateNumberOfMessages"]

    def is_aside() -> bool:
        queue = outputs["CallbacksDeadLettersUrl"]
        return int(sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"][names[0]]) > 0

    wait_for(is_aside, "a callback in the dead-letter queue")
    nobody = "0" * 32
    assert replay(stack, outputs, [delivery_id, nobody]) == {delivery_id: "replayed", nobody: "not found"}
    _, again = heard_at(server, "/gone", 2)
    assert tries([gone, again]) == [(delivery_id, "1"), (delivery_id, "1")]
    assert again.body == gone.body
    assert receiver_with(key)["is_genuine"](again.headers, again.body)
    assert replay(stack, outputs, [delivery_id]) == {delivery_id: "not found"}


def replay(stack: Stack, outputs: dict[str, str], delivery_ids: list[str]) -> dict[str, str]:
    reply = stack.client("lambda").invoke(
        FunctionName=outputs["SweepFunctionName"], Payload=json.dumps({"replay": {"delivery_ids": delivery_ids}})
    )
    answer: dict[str, Any] = json.loads(reply["Payload"].read())
    return {each["delivery_id"]: each["outcome"] for each in answer["replayed"]}
