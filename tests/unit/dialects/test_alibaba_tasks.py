"""Tasks that are created, looked at and listed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cliploop.application.start_task import StartOrder
from cliploop.domain.errors import ErrorCode, Failure
from cliploop.domain.output import OutputState
from cliploop.domain.procedure import NotifyMode, TemplateReference
from cliploop.domain.project import Project
from cliploop.domain.section import Section
from cliploop.domain.task import Task, TaskState
from cliploop.domain.web_address import AllowedTargets
from tests.unit.dialects.alibaba_world import ONE_GIF, PROJECT, World, answered

NO_ERROR = {"ErrorCode": "", "ErrorName": "", "ErrorMessage": "", "ErrorReason": ""}


@pytest.fixture
def world() -> World:
    return World()


# --- CreateGifTask --------------------------------------------------------------------------------


def test_a_task_is_created_and_handed_to_a_worker(world: World) -> None:
    reply = world.ask("CreateGifTask", **ONE_GIF, CallbackUrl="https://me.example/cb?a=1&b=2")
    assert reply.keys() == {"RequestId", "TaskId", "Code", "HttpStatus"}
    assert isinstance(reply["TaskId"], int)
    assert 0 < reply["TaskId"] < 2**53  # JavaScript reads it without loss
    task = world.row(reply["TaskId"])
    assert (task.state, task.origin, task.name) == (TaskState.INIT, ONE_GIF["VideoUrl"], ONE_GIF["VideoName"])
    assert (task.application, task.callback_url) == ("app 1", "https://me.example/cb?a=1&b=2")
    assert task.notify_mode is NotifyMode.FINISH
    assert world.stack.work.messages == [(PROJECT.project_id, task.task_id)]


@pytest.mark.parametrize(
    ("fragment", "section"),
    [
        ("", Section(0, 5_000)),
        ("#", Section(0, 5_000)),
        ("#top", Section(0, 5_000)),
        ("#t=2,5.5", Section(2_000, 5_500)),
        ("#t=,3", Section(0, 3_000)),
        ("#t=2", Section(2_000, 0)),
        ("?a=1#t=1,2", Section(1_000, 2_000)),
    ],
)
def test_the_part_that_is_shown_is_said_behind_the_address(fragment: str, section: Section, world: World) -> None:
    task = world.row(world.start(VideoUrl=f"{ONE_GIF['VideoUrl']}{fragment}"))
    (output,) = task.outputs
    assert (output.use.section, output.use.template.definition) == (section, 20000)
    assert "#" not in task.origin


def test_any_of_the_stacks_templates_will_do(world: World) -> None:
    for number in (20001, 21000, 21001):
        (output,) = world.row(world.start(TemplateId=number)).outputs
        assert (output.use.template.definition, output.state) == (number, OutputState.WAITING)


def test_two_calls_are_two_tasks(world: World) -> None:
    assert world.start() != world.start()


@pytest.mark.parametrize("name", ["ApplicationId", "VideoName", "VideoUrl", "TemplateId"])
@pytest.mark.parametrize("value", [None, ""])
def test_what_is_needed_is_missed(name: str, value: str | None, world: World) -> None:
    parameters = {**ONE_GIF, name: value} if value is not None else {k: v for k, v in ONE_GIF.items() if k != name}
    body = answered(world.api.answer(world.request("CreateGifTask", parameters)))
    assert (body["HttpStatus"], body["Code"]) == (400, "MissingParameter")
    assert body["Message"] == f"You must specify the parameter {name}."


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TemplateId", "gif"),
        ("TemplateId", "-1"),
        ("TemplateId", "1.5"),
        ("TemplateId", "9" * 30),
        ("VideoName", "x" * 1_025),
        ("ApplicationId", "x" * 129),
        ("VideoUrl", "ftp://example.com/a.mp4"),
        ("VideoUrl", "example.com/a.mp4"),
        ("VideoUrl", "https://me:secret@example.com/"),
        ("VideoUrl", "http://127.0.0.1/a.mp4"),
        ("VideoUrl", "http://169.254.169.254/latest/meta-data/"),
        ("VideoUrl", "http://[::1]/"),
        ("VideoUrl", "https://example.com/" + "a" * 2_048),
        ("VideoUrl", "https://example.com/a.mp4#t=5,2"),
        ("VideoUrl", "https://example.com/a.mp4#t=now"),
        ("CallbackUrl", "mailto:me@example.com"),
        ("CallbackUrl", "http://10.0.0.1/"),
        ("CallbackUrl", "http://0x7f000001/"),
        ("Scales", "x" * 5_000),
        ("RegionId", "x" * 65),
    ],
)
def test_a_wrong_value_is_refused_by_its_name(name: str, value: str, world: World) -> None:
    body = answered(world.api.answer(world.request("CreateGifTask", {**ONE_GIF, name: value})))
    assert (body["HttpStatus"], body["Code"]) == (400, "InvalidParameter")
    assert body["Message"].startswith(f"The specified parameter {name} is invalid. ")
    assert not world.stack.tasks.rows


def test_both_addresses_may_be_private_where_the_operator_allows_it() -> None:
    world = World()
    start = replace(world.api.parts.use.start, allowed=AllowedTargets.read("127.0.0.1:8080"))
    world.serve(use=replace(world.api.parts.use, start=start))
    allowed = "http://127.0.0.1:8080/a"
    assert world.code("CreateGifTask", **{**ONE_GIF, "VideoUrl": allowed, "CallbackUrl": allowed}) == "OK"
    other = {**ONE_GIF, "VideoUrl": allowed, "CallbackUrl": "http://127.0.0.1:8081/a"}
    body = answered(world.api.answer(world.request("CreateGifTask", other)))
    assert body["Message"].startswith("The specified parameter CallbackUrl is invalid.")


def test_a_template_that_is_not_there_is_refused_at_once(world: World) -> None:
    for number in ("1", "19999", str(2**63)):
        body = answered(world.api.answer(world.request("CreateGifTask", {**ONE_GIF, "TemplateId": number})))
        assert (body["HttpStatus"], body["Code"]) == (404, "ResourceNotFound")
        assert "TemplateId" in body["Message"]
    assert not world.stack.tasks.rows


def test_an_application_must_be_one_of_the_projects(world: World) -> None:
    world.serve(project=Project(PROJECT.project_id, PROJECT.app_id, frozenset({"app 1", "app 2"})))
    assert world.code("CreateGifTask", **ONE_GIF) == "OK"
    body = answered(world.api.answer(world.request("CreateGifTask", {**ONE_GIF, "ApplicationId": "app 3"})))
    assert (body["HttpStatus"], body["Code"]) == (404, "ResourceNotFound")
    assert "ApplicationId" in body["Message"]
    assert len(world.stack.tasks.rows) == 1


# --- one task -------------------------------------------------------------------------------------


def canceled(world: World, task_id: int) -> Task:
    return world.put(world.row(task_id).cancel(world.clock.now_ms()))


def claimed_in_turn(world: World, task_id: int) -> Task:
    world.fetch(task_id)
    return world.claim(task_id)


@pytest.mark.parametrize(
    ("bring", "status"),
    [
        (World.row, 0),
        (World.claim, 0),
        (World.fetch, 0),
        (claimed_in_turn, 1),
        (World.finish, 2),
        (World.fail_to_fetch, 3),
        (canceled, 3),
    ],
    ids=["new", "being fetched", "fetched", "at work", "finished", "not fetched", "canceled"],
)
def test_the_status_says_how_far_a_task_is(bring: Any, status: int, world: World) -> None:
    task_id = world.start()
    bring(world, task_id)
    assert world.ask("GetTaskStatus", TaskId=task_id)["Status"] == status
    result = world.ask("GetTaskResult", TaskId=task_id)
    assert result["Status"] == status
    assert bool(result["Result"]["ProcessResultUrl"]) == (status == 2)
    assert bool(result["Result"]["ErrorCode"]) == (status == 3)
    (listed,) = world.ask("ListTasks", Status=status)["Tasks"]
    assert (listed["TaskId"], listed["Status"]) == (task_id, status)
    others = {0, 1, 2, 3} - {status}
    assert [world.ask("ListTasks", Status=other)["TotalCount"] for other in others] == [0, 0, 0]


def test_a_finished_task_shows_its_image(world: World) -> None:
    task_id = world.start()
    world.finish(task_id)
    result = world.ask("GetTaskResult", TaskId=task_id)["Result"]
    url = "https://outputs.s3.eu-north-1.amazonaws.com/p/0.gif"
    (output,) = result.pop("Outputs")
    assert result == {
        "VideoName": ONE_GIF["VideoName"],
        "VideoUrl": ONE_GIF["VideoUrl"],
        "ApplicationId": "app 1",
        "AnalysisUseTime": 3,
        "ProcessResultUrl": url,
        **NO_ERROR,
    }
    assert output == {
        "TemplateId": "20000",
        "Format": "gif",
        "Status": 2,
        "Url": url,
        "Width": 640,
        "Height": 480,
        "Frames": 6,
        "Duration": 3_000,
        "Size": 121_601,
        "Md5": "0" * 32,
        **NO_ERROR,
    }


def test_a_task_that_failed_says_why(world: World) -> None:
    task_id = world.start()
    world.fail_to_fetch(task_id)
    result = world.ask("GetTaskResult", TaskId=task_id)["Result"]
    assert {name: result[name] for name in NO_ERROR} == {
        "ErrorCode": "1000",
        "ErrorName": "Download fail",
        "ErrorMessage": "The address answered 404.",
        "ErrorReason": "FetchFailed",
    }
    assert result["AnalysisUseTime"] == 0


def test_a_secret_in_an_address_is_not_shown(world: World) -> None:
    task_id = world.start(VideoUrl="https://example.com/film.mp4?X-Amz-Signature=secret")
    for task in (world.ask("GetTaskResult", TaskId=task_id)["Result"], world.ask("ListTasks")["Tasks"][0]):
        assert task["VideoUrl"] == "https://example.com/film.mp4"


def of_upload(world: World, *definitions: int) -> Task:
    """A task that another vendor's client started, of a file that was uploaded."""
    references = tuple(TemplateReference(definition) for definition in definitions)
    order = StartOrder(references=references, token="another's")
    return world.api.parts.use.start.of_file(PROJECT, int(world.stack.file_id), order)


def test_of_several_images_the_first_gif_is_the_result(world: World) -> None:
    task = of_upload(world, 20001, 21000, 20000)
    world.finish(task.task_id)
    result = world.ask("GetTaskResult", TaskId=task.task_id)["Result"]
    assert result["ProcessResultUrl"].endswith("/p/1.gif")
    assert [output["TemplateId"] for output in result["Outputs"]] == ["20001", "21000", "20000"]
    assert (result["VideoName"], result["ApplicationId"]) == ("film.mp4", "")
    assert result["VideoUrl"] == "https://uploads.s3.eu-north-1.amazonaws.com/film.mp4"
    assert world.ask("ListTasks")["Tasks"][0]["Template"] == {"Id": "21000", "Name": "GIF preview, 480 wide, 12 fps"}


def test_without_a_gif_the_first_image_is_the_result(world: World) -> None:
    task = of_upload(world, 20001, 21001)
    world.finish(task.task_id)
    assert world.ask("GetTaskResult", TaskId=task.task_id)["Result"]["ProcessResultUrl"].endswith("/p/0.webp")


def test_where_others_went_well_the_image_that_failed_says_why(world: World) -> None:
    task = world.row(of_upload(world, 20000, 20001).task_id)
    broken = task.outputs[0].fail(Failure(ErrorCode.LIMIT_EXCEEDED, "It has too many pixels."))
    world.put(replace(task, outputs=(broken, task.outputs[1])))
    world.finish(task.task_id)
    reply = world.ask("GetTaskResult", TaskId=task.task_id)
    assert (reply["Status"], reply["Result"]["ErrorCode"], reply["Result"]["ProcessResultUrl"]) == (2, "1003", "")
    assert [output["Status"] for output in reply["Result"]["Outputs"]] == [3, 2]


def test_a_task_without_images_is_shown_without_any(world: World) -> None:
    pulled = world.api.parts.use.start.of_address(PROJECT, ONE_GIF["VideoUrl"], StartOrder(token="a pull"))
    result = world.ask("GetTaskResult", TaskId=pulled.task_id)["Result"]
    assert (result["Outputs"], result["ProcessResultUrl"]) == ([], "")
    assert "Template" not in world.ask("ListTasks")["Tasks"][0]


@pytest.mark.parametrize("action", ["GetTaskStatus", "GetTaskResult"])
def test_a_task_that_nobody_started_is_not_there(action: str, world: World) -> None:
    for number in (1, 0, 2**63):
        body = answered(world.api.answer(world.request(action, {"TaskId": str(number)})))
        assert (body["HttpStatus"], body["Code"]) == (404, "ResourceNotFound")


# --- all tasks ------------------------------------------------------------------------------------


def test_tasks_are_listed_a_page_at_a_time_the_newest_first(world: World) -> None:
    ids = []
    for _ in range(5):
        ids.append(world.start())
        world.clock.advance(1_000)
    newest = ids[::-1]
    pages = [world.ask("ListTasks", PageNumber=number, PageSize=2) for number in (1, 2, 3, 4)]
    assert [[task["TaskId"] for task in page["Tasks"]] for page in pages] == [newest[:2], newest[2:4], newest[4:], []]
    assert {(page["TotalCount"], page["PageSize"]) for page in pages} == {(5, 2)}
    assert [page["PageNumber"] for page in pages] == [1, 2, 3, 4]


def test_a_listed_task_has_what_the_vendor_documents(world: World) -> None:
    task_id = world.start()
    created = world.moment()
    world.finish(task_id)
    assert world.ask("ListTasks")["Tasks"] == [
        {
            "TaskId": task_id,
            "Status": 2,
            "VideoName": ONE_GIF["VideoName"],
            "VideoUrl": ONE_GIF["VideoUrl"],
            "ApplicationId": "app 1",
            "ApplicationName": "app 1",
            "ProcessResultUrl": "https://outputs.s3.eu-north-1.amazonaws.com/p/0.gif",
            "ProcessingDuration": 3,
            "CreateTime": created,
            "Template": {"Id": "20000", "Name": "GIF, source size, 2 fps"},
            **NO_ERROR,
        }
    ]


def test_one_task_is_listed_by_its_number(world: World) -> None:
    task_id = world.start()
    world.start()
    assert [task["TaskId"] for task in world.ask("ListTasks", TaskId=task_id)["Tasks"]] == [task_id]
    assert world.ask("ListTasks", TaskId=task_id, Status=0)["TotalCount"] == 1
    assert world.ask("ListTasks", TaskId=task_id, Status=2)["TotalCount"] == 0
    assert world.ask("ListTasks", TaskId=task_id, PageNumber=2)["Tasks"] == []
    assert world.ask("ListTasks", TaskId=7)["TotalCount"] == 0


@pytest.mark.parametrize(("kind", "count"), [(1, 0), (2, 0), (3, 1)])
def test_all_tasks_are_of_one_kind(kind: int, count: int, world: World) -> None:
    world.start()
    reply = world.ask("ListTasks", ServiceType=kind)
    assert (reply["TotalCount"], len(reply["Tasks"])) == (count, count)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PageNumber", "0"),
        ("PageNumber", str(2**31)),
        ("PageSize", "0"),
        ("PageSize", "101"),
        ("Status", "4"),
        ("Status", "-1"),
        ("ServiceType", "4"),
        ("ServiceType", "gif"),
        ("TaskId", "x"),
        ("ApplicationName", "app 1"),
    ],
)
def test_a_list_that_cannot_be_is_refused(name: str, value: str, world: World) -> None:
    body = answered(world.api.answer(world.request("ListTasks", {name: value})))
    assert body["Code"] == "InvalidParameter"
    assert body["Message"].startswith(f"The specified parameter {name} is invalid. ")


def test_tasks_of_another_project_are_not_shown(world: World) -> None:
    task = world.row(world.start())
    world.stack.tasks.rows.clear()
    world.put(replace(task, project_id="f" * 32))
    assert world.ask("ListTasks")["TotalCount"] == 0
    assert world.code("GetTaskStatus", TaskId=task.task_id) == "ResourceNotFound"
