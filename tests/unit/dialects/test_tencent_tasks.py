from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tencentcloud.vod.v20180717 import models

from cliploop.dialects.tencent_vod.actions.tasks import ACTIONS
from cliploop.domain.identity import VodTaskType, render_vod_task_id
from cliploop.domain.task import TaskState
from tests.unit.dialects.following import (
    OF_THE_FRAME,
    age,
    claim,
    fail_to_fetch,
    fetch,
    finish,
    row,
    start,
    through,
)
from tests.unit.dialects.tencent_world import PROJECT, World

BY_NAME = {action.name: action for action in ACTIONS}
UNKNOWN = render_vod_task_id(PROJECT.app_id, 5)
ADDRESS = "https://films.example/a/film.mp4?key=secret"
HOUR_MS = 3_600_000


@pytest.fixture
def world() -> World:
    return World()


def detail(world: World, task_id: str) -> dict[str, Any]:
    reply = world.ask("DescribeTaskDetail", TaskId=task_id)
    del reply["RequestId"]
    return reply


def listed(world: World, **parameters: Any) -> list[str]:
    return [task["TaskId"] for task in world.ask("DescribeTasks", **parameters)["TaskSet"]]


def pull(world: World, **parameters: Any) -> str:
    return str(world.ask("PullUpload", MediaUrl=ADDRESS, **parameters)["TaskId"])


# -- one task -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", ["new", "claimed", "finished", "canceled"])
def test_the_vendors_client_reads_a_detail_without_loss(world: World, stage: str) -> None:
    task_id = start(world, SessionContext="ctx", SessionId="s", TasksPriority=-3, TasksNotifyMode="Change")
    if stage == "claimed":
        claim(world, task_id)
    if stage == "finished":
        finish(world, task_id)
    if stage == "canceled":
        world.ask("ManageTask", TaskId=task_id, OperationType="Abort")
    reply = detail(world, task_id)
    assert through(models.DescribeTaskDetailResponse(), reply) == reply


def test_a_finished_task_has_its_times_and_its_image(world: World) -> None:
    task_id = start(world)
    finish(world, task_id)
    reply = detail(world, task_id)
    head = {name: reply[name] for name in ("TaskType", "Status", "CreateTime", "BeginProcessTime", "FinishTime")}
    assert head == {
        "TaskType": "Procedure",
        "Status": "FINISH",
        "CreateTime": "2027-01-15T08:00:00Z",
        "BeginProcessTime": "2027-01-15T08:00:00Z",
        "FinishTime": "2027-01-15T08:00:03Z",
    }
    task = reply["ProcedureTask"]
    assert (task["TaskId"], task["FileId"], task["FileName"]) == (task_id, world.file_id, "film.mp4")
    (result,) = task["MediaProcessResultSet"]
    assert result["AnimatedGraphicTask"]["Output"]["Url"] == "https://outputs.s3.eu-north-1.amazonaws.com/p/0.gif"
    assert result["AnimatedGraphicTask"]["Input"] == {
        "Definition": 20000,
        "StartTimeOffset": 2,
        "EndTimeOffset": 5.5,
    }


def test_a_template_that_does_not_exist_fails_its_output_and_not_the_call(world: World) -> None:
    wanted = {"AnimatedGraphicTaskSet": [{"Definition": 404}, {"Definition": 20001}]}
    task_id = start(world, MediaProcessTask=wanted)
    finish(world, task_id)
    reply = detail(world, task_id)
    missing, made = [each["AnimatedGraphicTask"] for each in reply["ProcedureTask"]["MediaProcessResultSet"]]
    assert (reply["Status"], made["Status"], made["Progress"]) == ("FINISH", "SUCCESS", 100)
    assert (missing["Status"], missing["ErrCodeExt"]) == ("FAIL", "InvalidInput.DefinitionNotExist")


def test_a_task_without_any_template_is_over_at_once(world: World) -> None:
    reply = detail(world, start(world, MediaProcessTask={"AnimatedGraphicTaskSet": [{"Definition": 404}]}))
    assert (reply["Status"], reply["FinishTime"]) == ("FINISH", reply["CreateTime"])


# -- a source that is fetched -----------------------------------------------------------------------


def test_a_pull_is_followed_from_its_address_to_its_file(world: World) -> None:
    task_id = pull(world, Procedure="preset-20000", MediaName="Mein Film", SourceContext="src", SessionContext="ctx")
    waiting = detail(world, task_id)
    assert (waiting["TaskType"], waiting["Status"], waiting["FinishTime"]) == ("PullUpload", "WAITING", "")
    assert (waiting["PullUploadTask"]["FileId"], waiting["PullUploadTask"]["Progress"]) == ("", 0)
    world.clock.advance(5_000)
    file = fetch(world, task_id)
    reply = detail(world, task_id)
    assert (reply["Status"], reply["FinishTime"]) == ("FINISH", "2027-01-15T08:00:05Z")
    assert through(models.DescribeTaskDetailResponse(), reply) == reply
    shown = reply["PullUploadTask"]
    assert (shown["FileId"], shown["SessionContext"], shown["Progress"]) == (str(file.file_id), "ctx", 100)
    assert shown["MediaBasicInfo"]["SourceInfo"] == {"SourceType": "Upload", "SourceContext": "src"}
    following = detail(world, shown["ProcedureTaskId"])
    assert (following["TaskType"], following["Status"]) == ("Procedure", "WAITING")
    assert following["ProcedureTask"]["FileId"] == str(file.file_id)


def test_a_pull_is_processing_while_it_is_fetched_and_may_fail(world: World) -> None:
    task_id = pull(world)
    claim(world, task_id)
    assert detail(world, task_id)["Status"] == "PROCESSING"
    world.clock.advance(HOUR_MS)
    fail_to_fetch(world, task_id)
    reply = detail(world, task_id)
    assert (reply["Status"], reply["FinishTime"]) == ("FINISH", "2027-01-15T09:00:00Z")
    shown = reply["PullUploadTask"]
    assert (shown["ErrCode"], shown["Message"]) == (60_000, "The address answered 404.")
    assert through(models.DescribeTaskDetailResponse(), reply) == reply


def test_a_pull_that_was_all_has_no_procedure(world: World) -> None:
    task_id = pull(world)
    fetch(world, task_id)
    assert detail(world, task_id)["PullUploadTask"]["ProcedureTaskId"] == ""
    other = render_vod_task_id(PROJECT.app_id, row(world, task_id).task_id)
    assert world.code("DescribeTaskDetail", TaskId=other) == "ResourceNotFound"
    (shown,) = world.ask("DescribeTasks")["TaskSet"]
    assert (shown["TaskId"], shown["TaskType"], shown["FileId"]) == (task_id, "PullUpload", "77")


def test_a_task_that_fetched_nothing_was_never_a_pull(world: World) -> None:
    task_id = row(world, start(world)).task_id
    other = render_vod_task_id(PROJECT.app_id, task_id, VodTaskType.PULL_UPLOAD)
    assert world.code("DescribeTaskDetail", TaskId=other) == "ResourceNotFound"


def test_a_source_of_an_address_is_no_secret_told(world: World) -> None:
    task_id = start(world, FileId="", Url=ADDRESS)
    assert "secret" not in str(detail(world, task_id))
    assert detail(world, task_id)["ProcedureTask"]["FileName"] == ""


# -- many tasks --------------------------------------------------------------------------------------


def test_the_vendors_client_reads_a_list_without_loss(world: World) -> None:
    finish(world, start(world, SessionId="s", SessionContext="ctx"))
    world.clock.advance(1)
    start(world)
    reply = world.ask("DescribeTasks", Limit=1)
    assert reply["ScrollToken"]
    assert through(models.DescribeTasksResponse(), reply) == reply
    rest = world.ask("DescribeTasks", Limit=1, ScrollToken=reply["ScrollToken"])
    assert rest["ScrollToken"] == ""
    (shown,) = rest["TaskSet"]
    assert shown == {
        "TaskId": shown["TaskId"],
        "Status": "FINISH",
        "FileId": world.file_id,
        "TaskType": "Procedure",
        "CreateTime": "2027-01-15T08:00:00Z",
        "BeginProcessTime": "2027-01-15T08:00:00Z",
        "FinishTime": "2027-01-15T08:00:03Z",
        "SessionId": "s",
        "SessionContext": "ctx",
    }


def test_states_are_those_that_the_list_shows(world: World) -> None:
    ids = {state: start(world) for state in TaskState}
    for state, task_id in ids.items():
        task = row(world, task_id)
        world.tasks.rows[task.project_id, task.task_id] = replace(task, state=state)
    for status in ("WAITING", "PROCESSING", "FINISH", "ABORTED"):
        shown = world.ask("DescribeTasks", Status=status)["TaskSet"]
        assert shown
        assert {task["Status"] for task in shown} == {status}
    assert sorted(listed(world, Status="FINISH")) == sorted([ids[TaskState.SUCCEED], ids[TaskState.FAILED]])
    assert sorted(listed(world)) == sorted(ids.values())


def test_tasks_by_file_and_by_time(world: World) -> None:
    first = start(world)
    world.clock.advance(HOUR_MS)
    other = world.upload("other.mp4")
    second = start(world, FileId=other)
    finish(world, second)
    assert listed(world, FileId=other) == [second]
    assert listed(world, FileId="528") == []
    assert listed(world, FileId="") == [second, first]
    assert listed(world, CreateTime={"After": "2027-01-15T09:00:00Z"}) == [second]
    assert listed(world, CreateTime={"Before": "2027-01-15T09:00:00Z"}) == [first]
    assert listed(world, CreateTime={"After": "2027-01-15T10:00:00+02:00", "Before": ""}) == [second, first]
    assert listed(world, FinishTime={"After": "2027-01-15T09:00:03Z", "Before": "2027-01-15T09:00:04Z"}) == [second]
    assert listed(world, FinishTime={"Before": "2027-01-15T09:00:03Z"}) == []


def test_either_order(world: World) -> None:
    first = start(world)
    world.clock.advance(1_000)
    second = start(world)
    finish(world, second)
    world.clock.advance(1_000)
    assert listed(world, Sort={"Field": "CreateTime", "Order": "Asc"}) == [first, second]
    assert listed(world, Sort={"Field": "CreateTime", "Order": "Desc"}) == [second, first]
    assert listed(world, Sort={"Field": "CreateTime"}) == [second, first]
    assert listed(world, Sort={"Field": "FinishTime", "Order": "Asc"}) == [second, first]
    finish(world, first)
    world.clock.advance(1_000)
    assert listed(world, Sort={"Field": "FinishTime", "Order": "Asc"}) == [second, first]
    assert listed(world, Sort={"Field": "FinishTime"}) == [first, second]


def test_tasks_of_the_last_three_days(world: World) -> None:
    task_id = start(world)
    age(world, task_id, 72 * HOUR_MS + 1)
    assert listed(world) == []
    assert detail(world, task_id)["Status"] == "WAITING"


# -- ending one ----------------------------------------------------------------------------------------


def test_a_task_that_is_aborted_has_ended_so(world: World) -> None:
    task_id = start(world)
    assert world.ask("ManageTask", TaskId=task_id, OperationType="Abort") == {"RequestId": "request-1"}
    reply = detail(world, task_id)
    assert (reply["Status"], reply["ProcedureTask"]["Status"]) == ("ABORTED", "ABORTED")
    (result,) = reply["ProcedureTask"]["MediaProcessResultSet"]
    assert result["AnimatedGraphicTask"]["Status"] == "FAIL"
    assert listed(world, Status="ABORTED") == [task_id]


def test_a_pull_can_be_aborted_until_its_file_has_arrived(world: World) -> None:
    early, late = pull(world), pull(world, Procedure="preset-20000")
    assert world.code("ManageTask", TaskId=early, OperationType="Abort") == ""
    assert detail(world, early)["Status"] == "ABORTED"
    fetch(world, late)
    assert world.code("ManageTask", TaskId=late, OperationType="Abort") == "FailedOperation"
    following = detail(world, late)["PullUploadTask"]["ProcedureTaskId"]
    assert world.code("ManageTask", TaskId=following, OperationType="Abort") == ""
    assert detail(world, late)["Status"] == "FINISH"


def test_a_task_that_has_ended_cannot_be_aborted(world: World) -> None:
    task_id = start(world)
    finish(world, task_id)
    assert world.code("ManageTask", TaskId=task_id, OperationType="Abort") == "FailedOperation"


# -- refusals --------------------------------------------------------------------------------------------

WRONG: list[tuple[str, str, dict[str, Any]]] = [
    ("DescribeTaskDetail", "InvalidParameterValue.TaskId", {"TaskId": ""}),
    ("DescribeTaskDetail", "InvalidParameterValue.TaskId", {"TaskId": "x" * 999}),
    ("DescribeTaskDetail", "InvalidParameterValue.TaskId", {"TaskId": UNKNOWN.replace("1256768367", "7")}),
    ("DescribeTaskDetail", "InvalidParameterValue.TaskId", {"TaskId": UNKNOWN.replace("Procedure", "PullUploads")}),
    ("DescribeTaskDetail", "ResourceNotFound", {"TaskId": UNKNOWN}),
    ("DescribeTasks", "InvalidParameterValue.Status", {"Status": "DONE"}),
    ("DescribeTasks", "InvalidParameterValue", {"Limit": 0}),
    ("DescribeTasks", "InvalidParameterValue", {"Limit": 101}),
    ("DescribeTasks", "InvalidParameterValue", {"FileId": "a file"}),
    ("DescribeTasks", "InvalidParameterValue", {"ScrollToken": "a token"}),
    ("DescribeTasks", "InvalidParameterValue", {"Sort": {"Field": "Size"}}),
    ("DescribeTasks", "InvalidParameterValue", {"Sort": {"Field": "CreateTime", "Order": "Up"}}),
    ("DescribeTasks", "InvalidParameterValue", {"CreateTime": {"After": "yesterday"}}),
    ("DescribeTasks", "InvalidParameterValue", {"CreateTime": {"After": "2027-01-15T08:00:00"}}),
    ("DescribeTasks", "InvalidParameterValue", {"FinishTime": {"Before": "2027-02-30T08:00:00Z"}}),
    ("ManageTask", "InvalidParameterValue.TaskId", {"TaskId": UNKNOWN, "OperationType": "Abort"}),
    ("ManageTask", "InvalidParameterValue.TaskId", {"TaskId": "x", "OperationType": "Abort"}),
    ("ManageTask", "InvalidParameterValue.InvalidOperationType", {"TaskId": UNKNOWN, "OperationType": "Pause"}),
]
ELSEWHERE = {("ManageTask", "FailedOperation")}


@pytest.mark.parametrize(("action", "code", "parameters"), WRONG)
def test_wrong_requests(world: World, action: str, code: str, parameters: dict[str, Any]) -> None:
    assert world.code(action, **parameters) == code


@pytest.mark.parametrize("name", BY_NAME)
def test_every_code_of_the_vendors_is_provoked_or_explained(name: str) -> None:
    provoked = {code for action, code, _ in WRONG if action == name}
    provoked |= {code for action, code in ELSEWHERE if action == name}
    action = BY_NAME[name]
    assert provoked | set(action.never) | (OF_THE_FRAME & set(action.codes)) == set(action.codes)
    assert not set(action.never) & (provoked | OF_THE_FRAME)


def test_a_token_of_another_search_is_refused(world: World) -> None:
    start(world)
    start(world)
    scroll = world.ask("DescribeTasks", Limit=1)["ScrollToken"]
    assert world.code("DescribeTasks", ScrollToken=scroll, Limit=2) == ""
    assert world.code("DescribeTasks", ScrollToken=scroll, Status="FINISH") == "InvalidParameterValue"
