"""The vendor's clients, both generations, sign and send what is answered here, and read the answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http import HTTPStatus

import pytest
from alibabacloud_multimediaai20190810 import models
from alibabacloud_tea_openapi.exceptions import ClientException
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkmultimediaai.request.v20190810.CreateGifTaskRequest import CreateGifTaskRequest
from aliyunsdkmultimediaai.request.v20190810.GetTaskResultRequest import GetTaskResultRequest
from aliyunsdkmultimediaai.request.v20190810.GetTaskStatusRequest import GetTaskStatusRequest
from aliyunsdkmultimediaai.request.v20190810.GetTemplateRequest import GetTemplateRequest
from aliyunsdkmultimediaai.request.v20190810.ListTemplatesRequest import ListTemplatesRequest

from cliploop.dialects.alibaba_gif.request import claims
from tests.unit.dialects.alibaba_clients import Front, answering
from tests.unit.dialects.alibaba_world import KEY, World, parsed

NAME, ADDRESS, CALLBACK = "测试视频 *~+&=%", "https://example.com/a%20b.mp4", "https://me.example/cb?a=1&b=2"


@pytest.fixture
def world() -> World:
    return World(int(time.time() * 1000))


@pytest.fixture
def front(world: World) -> Iterator[Front]:
    with answering(world.api) as front:
        yield front
        assert all(map(claims, front.requests))


def gif_request(**changes: str) -> CreateGifTaskRequest:
    request = CreateGifTaskRequest()
    request.set_accept_format("JSON")
    values = {
        "ApplicationId": "app 1",
        "VideoName": NAME,
        "VideoUrl": ADDRESS,
        "TemplateId": "20000",
        "CallbackUrl": CALLBACK,
    }
    for name, value in (values | changes).items():
        getattr(request, f"set_{name}")(value)
    return request


def by_old(front: Front) -> int:
    return int(front.send(gif_request())["TaskId"])


def by_old_with_scales(front: Front) -> int:
    return int(front.send(gif_request(Scales='["16:9"]'))["TaskId"])


def by_old_behind_a_prefix(front: Front) -> int:
    return int(front.send(gif_request(), prefix="/prod")["TaskId"])


def by_old_generic(front: Front) -> int:
    own = {"ApplicationId": "app 1", "VideoName": NAME, "VideoUrl": ADDRESS, "TemplateId": "20000"}
    return int(front.send(front.common("CreateGifTask", **own, CallbackUrl=CALLBACK))["TaskId"])


def by_new(front: Front) -> int:
    asked = models.CreateGifTaskRequest(
        application_id="app 1",
        video_name=NAME,
        video_url=ADDRESS,
        template_id=20000,
        callback_url=CALLBACK,
        scales='["16:9"]',
    )
    body = front.new().create_gif_task(asked).body
    assert body.request_id == "REQUEST-1"
    return int(body.task_id)


def by_new_generic(front: Front) -> int:
    query = {"ApplicationId": "app 1", "VideoName": NAME, "VideoUrl": ADDRESS, "TemplateId": "20000"}
    return int(front.generic("CreateGifTask", query, {"CallbackUrl": CALLBACK})["TaskId"])


WAYS = (by_old, by_old_with_scales, by_old_behind_a_prefix, by_old_generic, by_new, by_new_generic)


@pytest.mark.parametrize("create", WAYS)
def test_a_task_is_created_in_every_way_that_the_clients_know(
    create: Callable[[Front], int], world: World, front: Front
) -> None:
    task = world.row(create(front))
    assert (task.application, task.name, task.origin, task.callback_url) == ("app 1", NAME, ADDRESS, CALLBACK)
    assert [output.use.template.definition for output in task.outputs] == [20000]


@pytest.mark.parametrize("create", WAYS)
def test_a_request_that_was_seen_is_of_no_use(create: Callable[[Front], int], world: World, front: Front) -> None:
    create(front)
    again = world.api.answer(front.requests[-1])
    assert (again.status, again.error_code) == (HTTPStatus.BAD_REQUEST, "SignatureNonceUsed")
    assert len(world.stack.tasks.rows) == 1


def test_the_new_client_reads_what_becomes_of_a_task(world: World, front: Front) -> None:
    task_id = by_new(front)
    client = front.new()
    assert client.get_task_status(models.GetTaskStatusRequest(task_id=task_id)).body.status == 0
    world.finish(task_id)
    assert client.get_task_status(models.GetTaskStatusRequest(task_id=task_id)).body.status == 2
    body = client.get_task_result(models.GetTaskResultRequest(task_id=task_id)).body
    assert body.status == 2
    assert body.result.to_map() == {
        "VideoName": NAME,
        "VideoUrl": ADDRESS,
        "ApplicationId": "app 1",
        "AnalysisUseTime": 3,
        "ProcessResultUrl": "https://outputs.s3.eu-north-1.amazonaws.com/p/0.gif",
        "ErrorCode": "",
        "ErrorName": "",
        "ErrorMessage": "",
        "ErrorReason": "",
    }


def test_the_new_client_reads_templates(front: Front) -> None:
    listed = front.new().list_templates(models.ListTemplatesRequest(page_number=1, page_size=3, type=3)).body
    assert (listed.total_count, listed.page_number, listed.page_size, len(listed.templates)) == (4, 1, 3, 3)
    assert (listed.templates[0].template_id, listed.templates[0].type, listed.templates[0].is_default) == (
        "20000",
        3,
        True,
    )
    got = front.new().get_template(models.GetTemplateRequest(template_id=21001)).body
    assert (got.template_id, got.category, got.content["Format"], got.content["Width"]) == ("21001", 3, "webp", 480)


def test_the_old_client_reads_the_same(world: World, front: Front) -> None:
    task_id = by_old(front)
    world.finish(task_id)
    status, result = GetTaskStatusRequest(), GetTaskResultRequest()
    templates, template = ListTemplatesRequest(), GetTemplateRequest()
    for request in (status, result):
        request.set_TaskId(task_id)
    template.set_TemplateId(20000)
    for request in (status, result, templates, template):
        request.set_accept_format("JSON")
    assert front.send(status)["Status"] == 2
    assert front.send(result)["Result"]["ProcessResultUrl"].endswith("p/0.gif")
    assert front.send(templates)["TotalCount"] == 4
    assert front.send(template)["Content"]["Fps"] == 2
    (listed,) = front.send(front.common("ListTasks", PageNumber="1", PageSize="10"))["Tasks"]
    assert (listed["TaskId"], listed["Status"], listed["Template"]["Id"]) == (task_id, 2, "20000")


def test_the_new_client_raises_the_code_and_the_status(world: World, front: Front) -> None:
    with pytest.raises(ClientException) as error:
        front.new().get_task_result(models.GetTaskResultRequest(task_id=7))
    assert (error.value.code, error.value.status_code) == ("ResourceNotFound", 404)
    assert error.value.data["HostId"] == front.address
    with pytest.raises(ClientException) as error:
        front.new(replace(KEY, secret="wrong")).get_task_status(models.GetTaskStatusRequest(task_id=7))
    assert error.value.code == "SignatureDoesNotMatch"
    with pytest.raises(ClientException) as error:
        front.new(token="from STS").get_task_status(models.GetTaskStatusRequest(task_id=7))
    assert error.value.code == "InvalidSecurityToken.Malformed"
    with pytest.raises(ClientException) as error:
        front.generic("DeleteTask", {"TaskId": "7"})
    assert (error.value.code, error.value.status_code) == ("InvalidApiNotFound", 404)


def test_the_old_client_raises_the_code_and_the_status(front: Front) -> None:
    with pytest.raises(ServerException) as error:
        front.send(gif_request(TemplateId="7"))
    assert (error.value.error_code, error.value.http_status) == ("ResourceNotFound", 404)
    assert error.value.request_id == "REQUEST-1"
    with pytest.raises(ServerException) as error:
        front.send(gif_request(), key=replace(KEY, key_id="LTAInobody"))
    assert error.value.error_code == "InvalidAccessKeyId.NotFound"


def test_the_old_client_finds_out_that_its_secret_is_wrong(front: Front) -> None:
    with pytest.raises(ServerException) as error:  # it compares our string to sign with its own
        front.send(gif_request(Scales="x:y"), key=replace(KEY, secret="wrong"))
    assert error.value.error_code == "InvalidAccessKeySecret"


@pytest.mark.filterwarnings("ignore:do_action.. method is deprecated")
def test_the_old_clients_deprecated_call_is_answered_in_the_vendors_default(world: World, front: Front) -> None:
    request = gif_request()
    request.set_accept_format(None)
    request.set_endpoint(front.address)
    front.old().do_action(request)
    assert "Format=None" in front.requests[-1].query
    again = world.api.answer(front.requests[-1])
    assert parsed(again).findtext("Code") == "SignatureNonceUsed"
