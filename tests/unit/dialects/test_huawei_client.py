"""The vendor's own client, unmodified, against the API over HTTP: its models and its exceptions."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from cliploop.dialects.fields import Record
from cliploop.dialects.huawei_mpc.operations.table import OPERATIONS
from cliploop.domain.errors import CliploopError, ErrorCode, Failure
from cliploop.domain.quota import Quota
from cliploop.domain.task import Task, TaskState
from tests.unit.dialects.huawei_client import (
    KEY,
    PROJECT_ID,
    AnimatedGraphicsOutputParam,
    AnimatedGraphicsTask,
    ClientRequestException,
    CreateAnimatedGraphicsTaskReq,
    CreateAnimatedGraphicsTaskRequest,
    DeleteAnimatedGraphicsTaskRequest,
    ListAnimatedGraphicsTaskRequest,
    ObsObjInfo,
    ServerResponseException,
    Way,
    connected,
    param,
    place,
    serving,
)
from tests.unit.dialects.huawei_world import INPUT, OUTPUT, PARAM, World


@pytest.fixture
def world() -> World:
    world = World()
    world.clock.advance(round(time.time() * 1_000) - world.clock.now_ms())
    return world


@pytest.fixture
def address(world: World) -> Iterator[str]:
    with serving(world.api.answer) as address:
        yield address


@pytest.fixture
def client(address: str) -> Iterator[Any]:
    with connected(address) as client:
        yield client


def create(client: Any, output_param: dict[str, Any] = PARAM, user_data: str = "mine", **places: Any) -> Any:
    places = {"input": INPUT, "output": OUTPUT} | places
    asked = CreateAnimatedGraphicsTaskReq(
        **{name: place(**fields) for name, fields in places.items()},
        output_param=param(**output_param),
        user_data=user_data,
    )
    return client.create_animated_graphics_task(CreateAnimatedGraphicsTaskRequest(asked))


def listed(client: Any, **where: Any) -> Any:
    reply = client.list_animated_graphics_task(ListAnimatedGraphicsTaskRequest(**where))
    assert reply.status_code == 200
    return reply


def cancel(client: Any, task_id: str | None) -> Any:
    return client.delete_animated_graphics_task(DeleteAnimatedGraphicsTaskRequest(task_id=task_id))


def ids(reply: Any) -> list[str]:
    return [task.task_id for task in reply.tasks]


def change(world: World, task_id: str, **changes: Any) -> None:
    row = world.tasks.rows[PROJECT_ID, int(task_id)]
    world.tasks.rows[PROJECT_ID, int(task_id)] = replace(row, **changes)


def names(fields: Any) -> set[str]:
    return {field.name for field in fields}


def test_the_table_knows_every_field_of_the_vendors_models_and_no_other() -> None:
    create_, list_, cancel_ = OPERATIONS
    assert names(create_.fields) == set(CreateAnimatedGraphicsTaskReq.attribute_map)
    of_create = {field.name: names(field.kind.fields) for field in create_.fields if isinstance(field.kind, Record)}
    vendors = set(ObsObjInfo.attribute_map)
    of_vendor = {"input": vendors, "output": vendors, "output_param": set(AnimatedGraphicsOutputParam.attribute_map)}
    assert of_create == of_vendor
    assert names(list_.fields) | {"x_language"} == set(ListAnimatedGraphicsTaskRequest.attribute_map)
    assert names(cancel_.fields) == set(DeleteAnimatedGraphicsTaskRequest.attribute_map)


def test_a_reply_has_the_fields_of_the_vendors_models_and_says_which_are_added() -> None:
    create_, list_, _ = OPERATIONS
    assert names(create_.reply) == {"task_id"}
    own = {field.name for field in list_.reply if field.note == "added"}
    shown = {field.name.removeprefix("tasks.N.") for field in list_.reply if field.name not in own}
    assert shown == {"total", *AnimatedGraphicsTask.attribute_map}
    assert own == {"tasks.N.requested", "tasks.N.applied", "tasks.N.outputs"}


def test_a_task_is_created_listed_and_canceled(client: Any) -> None:
    created = create(client)
    assert created.status_code == 202
    assert created.task_id.isdecimal()
    reply = listed(client, task_id=[created.task_id])
    (task,) = reply.tasks
    assert reply.total == 1
    assert (task.task_id, task.status, task.user_data) == (created.task_id, "WAITING", "mine")
    assert task.input.to_dict() == INPUT | {"file_name": None}
    place_shown = {"bucket": None, "location": "eu-north-1", "object": "out/gifs/", "file_name": "a.gif"}
    assert task.output.to_dict() == place_shown
    assert task.output_param.to_dict() == PARAM
    assert (len(task.create_time), task.start_time, task.end_time, task.error_code) == (14, None, None, None)
    assert cancel(client, created.task_id).status_code == 204
    assert cancel(client, created.task_id).status_code == 204
    assert listed(client, task_id=[created.task_id]).tasks[0].status == "CANCELED"


def test_tasks_are_found_by_id_status_time_and_page(world: World, client: Any) -> None:
    first, second, third = (create(client, user_data=str(number)).task_id for number in range(3))
    now_ms = world.clock.now_ms()
    for task_id, days in ((first, 3), (second, 2), (third, 1)):
        change(world, task_id, created_ms=now_ms - days * 86_400_000)
    cancel(client, second)
    assert ids(listed(client)) == [third, second, first]
    assert set(ids(listed(client, task_id=[third, first]))) == {first, third}
    assert ids(listed(client, status="CANCELED")) == [second]
    assert ids(listed(client, status="WAITING", x_language="en-us")) == [third, first]
    assert ids(listed(client, status="PREPROCESSING")) == ids(listed(client, status="SUCCEED")) == []
    assert ids(listed(client, page=1, size=2)) == [first]
    assert listed(client, page=1, size=2).total == 3
    moment = listed(client, task_id=[second]).tasks[0].create_time
    assert ids(listed(client, start_time=moment)) == [third, second]
    assert ids(listed(client, end_time=moment)) == [second, first]


def test_a_failed_task_has_the_code_and_the_words_for_it(world: World, client: Any) -> None:
    task_id = create(client).task_id
    row: Task = world.tasks.rows[PROJECT_ID, int(task_id)]
    world.tasks.rows[PROJECT_ID, int(task_id)] = row.refuse(Failure(ErrorCode.SOURCE_WITHOUT_VIDEO, "No video."))
    (task,) = listed(client, status="FAILED").tasks
    assert (task.status, task.error_code, task.description) == ("FAILED", "MPC.10066", "No video.")


def refused(call: Any) -> tuple[int, str]:
    with pytest.raises(ClientRequestException) as raised:
        call()
    assert raised.value.error_msg
    assert raised.value.request_id == "request-1"
    return raised.value.status_code, raised.value.error_code


def test_errors_of_what_is_asked(world: World, client: Any) -> None:
    assert refused(lambda: create(client, PARAM | {"width": 31})) == (400, "MPC.10202")
    assert refused(lambda: create(client, PARAM | {"width": -1, "height": 0})) == (400, "MPC.10202")
    assert refused(lambda: create(client, PARAM | {"end": 60_101})) == (400, "MPC.10202")
    assert refused(lambda: create(client, PARAM | {"frame_rate": 76})) == (400, "MPC.10202")
    assert refused(lambda: client.create_animated_graphics_task(CreateAnimatedGraphicsTaskRequest())) == (
        400,
        "MPC.10202",
    )
    empty = CreateAnimatedGraphicsTaskRequest(CreateAnimatedGraphicsTaskReq())
    assert refused(lambda: client.create_animated_graphics_task(empty)) == (400, "MPC.10202")
    assert refused(lambda: create(client, input=INPUT | {"object": "other"})) == (400, "MPC.10053")
    assert refused(lambda: create(client, output=OUTPUT | {"bucket": "other"})) == (403, "MPC.10209")
    assert refused(lambda: create(client, input=INPUT | {"location": "cn-north-4"})) == (403, "MPC.10209")
    assert refused(lambda: listed(client, task_id=[str(number) for number in range(1, 12)])) == (400, "MPC.10202")
    assert refused(lambda: listed(client, size=101)) == (400, "MPC.10202")
    assert refused(lambda: listed(client, status="DONE")) == (400, "MPC.10202")
    assert refused(lambda: cancel(client, None)) == (400, "MPC.10202")
    assert refused(lambda: cancel(client, "30647")) == (400, "MPC.10202")
    task_id = create(client).task_id
    change(world, task_id, state=TaskState.SUCCEED)
    assert refused(lambda: cancel(client, task_id)) == (403, "MPC.10212")


@pytest.mark.parametrize(
    ("way", "key", "expected"),
    [
        (Way("unknown", ""), replace(KEY, key_id="HWAKnobody"), (401, "APIGW.0301")),
        (Way("wrong secret", ""), replace(KEY, secret="wrong"), (401, "APIGW.0301")),
        (Way("temporary", "", security_token="sts"), KEY, (401, "APIGW.0301")),
        (Way("other project", "", project_id="f" * 32), KEY, (403, "MPC.10208")),
        (Way("no project", "", project_id=""), KEY, (401, "APIGW.0301")),
    ],
    ids=lambda value: value.name if isinstance(value, Way) else "",
)
def test_errors_of_who_asks(address: str, way: Way, key: Any, expected: tuple[int, str]) -> None:
    with connected(address, way, key) as client:
        assert refused(lambda: create(client)) == expected
        assert refused(lambda: listed(client)) == expected
        assert refused(lambda: cancel(client, "1")) == expected


def test_a_derived_key_is_as_good(address: str) -> None:
    with connected(address, Way("derived", "", derived=True)) as client:
        assert ids(listed(client)) == []
        assert create(client).task_id


def test_a_passing_fault_is_the_servers(world: World, client: Any) -> None:
    world.callers.failure = CliploopError(ErrorCode.UNAVAILABLE, "Later.", retryable=True)
    with pytest.raises(ServerResponseException) as raised:
        listed(client)
    assert (raised.value.status_code, raised.value.error_code) == (503, "MPC.10050")


def test_beyond_its_quota_a_project_is_told_to_wait(world: World, client: Any) -> None:
    world.limit(Quota(tasks=1))
    create(client)
    with pytest.raises(ClientRequestException) as raised:
        create(client, user_data="another")
    assert (raised.value.status_code, raised.value.error_code) == (429, "APIGW.0308")
    assert "used up (1 task)" in raised.value.error_msg
    assert len(world.tasks.rows) == 1
