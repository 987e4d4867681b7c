"""Alibaba's own clients, both generations, unmodified, through the whole story on the deployed template."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import urllib.error
import urllib.request
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alibabacloud_multimediaai20190810 import models
from aliyunsdkmultimediaai.request.v20190810.GetTaskStatusRequest import GetTaskStatusRequest
from PIL import Image, ImageSequence

from local.stack import ROOT, Stack
from tests.e2e.customer import Customer
from tests.e2e.gif_customer import GifCustomer
from tests.e2e.private_server import PrivateServer, serving
from tests.e2e.vod_customer import VodCustomer, wait_for

pytestmark = pytest.mark.e2e

NAME = "小猫 +&=%"
BAD_ADDRESSES = ["http://169.254.169.254/latest/meta-data/", "http://127.0.0.1:1/film.mp4", "ftp://example.com/a.mp4"]


@pytest.fixture(scope="module")
def gif(stack: Stack) -> GifCustomer:
    return GifCustomer(stack)


@pytest.fixture(scope="module")
def server(stack: Stack, video: Path) -> Iterator[PrivateServer]:
    with serving(stack.private_target, video.read_bytes()) as server:
        yield server


def asked(server: PrivateServer, path: str = "/film.mp4#t=0.5,2.5", **more: Any) -> dict[str, Any]:
    return {"ApplicationId": "app 1", "VideoName": NAME, "VideoUrl": server.url(path), "TemplateId": 20000, **more}


def told(server: PrivateServer, task_id: int) -> list[dict[str, Any]]:
    return [body for body in server.callbacks if body.get("TaskId") == task_id]


def wait_until_told(stack: Stack, server: PrivateServer, task_id: int) -> dict[str, Any]:
    """The one callback of a task, once no other is on its way."""
    wait_for(lambda: told(server, task_id), f"the callback of {task_id}")
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]

    def is_quiet() -> bool:
        sqs = stack.client("sqs")
        waiting = sqs.get_queue_attributes(QueueUrl=stack.callbacks_queue_url, AttributeNames=names)["Attributes"]
        return not any(int(count) for count in waiting.values())

    wait_for(is_quiet, "an empty queue")
    (body,) = told(server, task_id)
    return body


@pytest.mark.parametrize("way", ["create_by_new", "create_by_old", "create_by_name"])
def test_the_whole_story(way: str, gif: GifCustomer, stack: Stack, server: PrivateServer, customer: Customer) -> None:
    more = {"Scales": '["16:9"]'} if way == "create_by_old" else {}
    callback = server.url("/cb?a=1&b=2")
    task_id = getattr(gif, way)(**asked(server, CallbackUrl=callback, **more))
    assert 0 < task_id < 2**53

    result = gif.result(task_id)
    assert (result["Status"], result["VideoName"], result["ApplicationId"]) == (2, NAME, "app 1")
    assert (result["VideoUrl"], result["ErrorCode"]) == (server.url("/film.mp4"), "")

    content, content_type = customer.image(result["ProcessResultUrl"])
    assert content_type == "image/gif"
    with Image.open(io.BytesIO(content)) as image:
        assert (image.format, image.size, image.info["loop"]) == ("GIF", (320, 180), 0)
        assert [frame.info["duration"] for frame in ImageSequence.Iterator(image)] == [500] * 4

    body = wait_until_told(stack, server, task_id)
    assert body.keys() == {"TaskId", "Status", "Result", "DeliveryId"}
    assert body["Status"] == 2
    (output,) = body["Result"].pop("Outputs")
    assert body["Result"] == {name: value for name, value in result.items() if name != "Status"}
    assert (output["Url"], output["Width"], output["Frames"], output["Size"]) == (
        result["ProcessResultUrl"],
        320,
        4,
        len(content),
    )

    assert gif.new.get_task_status(models.GetTaskStatusRequest(task_id=task_id)).body.status == 2
    status = GetTaskStatusRequest()
    status.set_TaskId(task_id)
    assert gif.by_old(status)["Status"] == 2
    listed = gif.list_tasks(TaskId=task_id, ServiceType=3)
    assert [(task["TaskId"], task["ProcessResultUrl"]) for task in listed["Tasks"]] == [
        (task_id, result["ProcessResultUrl"])
    ]


def test_a_video_that_is_not_there_is_told_as_a_failure(
    gif: GifCustomer, stack: Stack, server: PrivateServer
) -> None:
    task_id = gif.create_by_new(**asked(server, "/nothing.mp4", CallbackUrl=server.url("/cb")))
    result = gif.result(task_id)
    assert (result["Status"], result["ErrorCode"], result["ErrorName"]) == (3, "1000", "Download fail")
    assert result["ErrorMessage"]
    body = wait_until_told(stack, server, task_id)
    assert (body["Status"], body["Result"]["ErrorReason"]) == (3, result["ErrorReason"])
    failed = gif.list_tasks(Status=3, PageNumber=1, PageSize=100)
    assert task_id in {task["TaskId"] for task in failed["Tasks"]}


def test_a_stage_in_the_path_is_passed_over(gif: GifCustomer, server: PrivateServer) -> None:
    task_id = gif.create_by_old(**asked(server, "/film.mp4#t=,0.5"), prefix="/prod")
    assert gif.result(task_id)["Status"] == 2


def test_another_vendors_client_sees_the_task_as_well(gif: GifCustomer, stack: Stack, server: PrivateServer) -> None:
    template = VodCustomer(stack).call(
        "CreateAnimatedGraphicsTemplate", Fps=4, Width=160, Format="webp", Name="aus der Ferne"
    )
    found = gif.new.list_templates(models.ListTemplatesRequest(template_name="aus der Ferne", type=3)).body
    assert [each.template_id for each in found.templates] == [str(template.Definition)]
    got = gif.new.get_template(models.GetTemplateRequest(template_id=template.Definition)).body
    assert (got.template_name, got.content["Format"], got.content["Width"]) == ("aus der Ferne", "webp", 160)
    task_id = gif.create_by_new(**asked(server, "/film.mp4#t=0,1", TemplateId=template.Definition))
    assert gif.result(task_id)["ProcessResultUrl"].endswith(".webp")
    tasks = VodCustomer(stack).call("DescribeTasks", Status="FINISH", Limit=100).TaskSet
    assert any(f"{task_id:016x}" in task.TaskId for task in tasks)


@pytest.mark.parametrize("refusal", ["refusal_by_new", "refusal_by_old"])
def test_errors_come_through_as_each_client_raises_them(
    refusal: str, gif: GifCustomer, stack: Stack, server: PrivateServer
) -> None:
    refused = getattr(gif, refusal)
    assert refused(**asked(server, TemplateId=7)) == ("ResourceNotFound", 404)
    assert refused(**asked(server, VideoName="")) == ("MissingParameter", 400)
    for address in BAD_ADDRESSES:
        assert refused(**(asked(server) | {"VideoUrl": address})) == ("InvalidParameter", 400)
        assert refused(**asked(server, CallbackUrl=address)) == ("InvalidParameter", 400)
    stranger = GifCustomer(stack, key_id="LTAInobody")
    assert getattr(stranger, refusal)(**asked(server)) == ("InvalidAccessKeyId.NotFound", 404)
    mistaken = GifCustomer(stack, secret="wrong")
    # The older client finds out by our string to sign that it is its secret that is wrong.
    expected = {"refusal_by_new": "SignatureDoesNotMatch", "refusal_by_old": "InvalidAccessKeySecret"}
    assert getattr(mistaken, refusal)(**asked(server)) == (expected[refusal], 400)


@pytest.mark.parametrize("path", ["/", "/prod/"])
def test_an_unsigned_request_gets_the_vendors_error(path: str, stack: Stack) -> None:
    query = "?Action=ListTasks&Version=2019-08-10"
    status, body = fetched(f"{stack.api}{path}{query}&Format=JSON")
    error = json.loads(body)
    assert (status, error["Code"], error["HostId"]) == (400, "MissingParameter", stack.api.removeprefix("http://"))
    status, body = fetched(f"{stack.api}{path}{query}")
    assert (status, ET.fromstring(body).findtext("Code")) == (400, "MissingParameter")  # noqa: S314  # of our own
    status, body = fetched(f"{stack.api}{path}", {"x-acs-action": "ListTasks", "Authorization": "ACS3-HMAC-SHA256 x"})
    assert (status, json.loads(body)["Code"]) == (400, "MissingParameter")


def fetched(url: str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {}), timeout=30) as reply:  # noqa: S310
            return reply.status, reply.read()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read()


def test_the_example_runs_as_it_stands(stack: Stack, server: PrivateServer, tmp_path: Path) -> None:
    stack.save(tmp_path / "stack.json")
    example = ROOT / "examples" / "alibaba_gif_client.py"
    run = subprocess.run(
        [sys.executable, example, tmp_path / "stack.json", server.url("/film.mp4")],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    (address,) = run.stdout.split()
    assert address.endswith(".gif")
