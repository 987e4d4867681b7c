from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tencentcloud.vod.v20180717 import models

from cliploop.dialects.operation import Call
from cliploop.dialects.tencent_vod.actions.starting import ACTIONS
from cliploop.domain.errors import CliploopError
from cliploop.domain.identity import ObjectVersion, task_id_of_request
from cliploop.domain.procedure import NotifyMode, Procedure, TemplateReference
from cliploop.domain.quota import Quota
from cliploop.domain.section import Section
from cliploop.domain.task import Task, TaskState
from tests.unit.dialects.following import OF_THE_FRAME, ONE_GIF, row, start, through
from tests.unit.dialects.tencent_world import PROJECT, World

BY_NAME = {action.name: action for action in ACTIONS}
ADDRESS = "https://films.example/a/film.mp4?key=secret"
DAY_MS = 24 * 3_600_000


@pytest.fixture
def world() -> World:
    return World()


def procedure(world: World, **parameters: Any) -> str:
    asked = {"FileId": world.file_id, "ProcedureName": "preset-20000"} | parameters
    return str(world.ask("ProcessMediaByProcedure", **asked).get("TaskId", ""))


def code(world: World, action: str, **parameters: Any) -> str:
    """The error code of a request that is right but for ``parameters``; None takes one away."""
    right: dict[str, dict[str, Any]] = {
        "ProcessMedia": {"FileId": world.file_id, "MediaProcessTask": ONE_GIF},
        "ProcessMediaByProcedure": {"FileId": world.file_id, "ProcedureName": "preset-20000"},
        "ProcessMediaByUrl": {"InputInfo": {"Url": ADDRESS}},
    }
    return world.code(action, **right[action] | parameters)


def test_a_task_has_what_was_asked_for(world: World) -> None:
    task = row(
        world,
        start(
            world,
            TasksPriority=-10,
            TasksNotifyMode="Change",
            SessionContext="日本語",
            SessionId="s" * 50,
            ExtInfo="x",
            OutputAsIndependentMedia="OFF",
            SubAppId=PROJECT.app_id,
        ),
    )
    assert (task.priority, task.notify_mode, task.session_context) == (-10, NotifyMode.CHANGE, "日本語")
    assert (task.session_id, str(task.file_id), task.state) == ("s" * 50, world.file_id, TaskState.WAITING)
    assert [output.use.section for output in task.outputs] == [Section(2_000, 5_500)]
    assert world.work.messages == [(PROJECT.project_id, task.task_id)]


def test_what_is_left_out_or_empty_is_the_default(world: World) -> None:
    tasks = [row(world, start(world)), row(world, start(world, TasksNotifyMode="", SessionId="", SessionContext=""))]
    for task in tasks:
        assert (task.priority, task.notify_mode, task.session_context) == (0, NotifyMode.FINISH, "")
    assert tasks[0].task_id != tasks[1].task_id


def test_a_procedure_is_run_with_its_templates(world: World) -> None:
    world.catalog.procedures[PROJECT.project_id, "流程"] = Procedure(
        "流程", (TemplateReference(20001, Section(1_000, 0)), TemplateReference(404)), created_ms=1
    )
    reply = world.ask("ProcessMediaByProcedure", FileId=world.file_id, ProcedureName="流程", SessionContext="c")
    assert (reply["ReviewAudioVideoTaskId"], reply["ImportMediaKnowledgeTaskIdSet"]) == ("", [])
    assert through(models.ProcessMediaByProcedureResponse(), reply) == reply
    task = row(world, reply["TaskId"])
    assert (task.procedure, task.session_context) == ("流程", "c")
    assert [(each.use.template.definition, bool(each.failure)) for each in task.outputs] == [
        (20001, False),
        (404, True),
    ]


def test_a_request_that_is_sent_twice_starts_one_task(world: World) -> None:
    action = BY_NAME["ProcessMedia"]
    values = action.read({"FileId": world.file_id, "MediaProcessTask": ONE_GIF}, textual=False)
    replies = [action.answer(world.api.parts.use, Call(PROJECT, "the same", values)) for _ in range(2)]
    assert replies[0] == replies[1]
    assert len(world.tasks.rows) == 1


@pytest.mark.parametrize(("action", "days"), [("ProcessMedia", 3), ("ProcessMediaByProcedure", 7)])
def test_a_session_id_serves_again_after_its_days(world: World, action: str, days: int) -> None:
    assert code(world, action, SessionId="s") == ""
    world.clock.advance(days * DAY_MS - 1)
    assert code(world, action, SessionId="s") == "InvalidParameterValue.SessionId"
    assert code(world, action, SessionId="t") == ""
    world.clock.advance(1)
    assert code(world, action, SessionId="s") == ""
    assert len(world.tasks.rows) == 3


def test_an_address_is_fetched_first(world: World) -> None:
    task = row(world, start(world, FileId="", Url=ADDRESS, SessionContext="c"))
    assert (task.state, task.origin, task.file_id) == (TaskState.INIT, ADDRESS, 0)
    assert (len(task.outputs), task.session_context) == (1, "c")
    assert world.work.messages == [(PROJECT.project_id, task.task_id)]


def test_a_file_comes_before_an_address(world: World) -> None:
    assert row(world, start(world, Url=ADDRESS)).state is TaskState.WAITING


def test_a_task_id_that_is_taken_is_a_failure(world: World) -> None:
    """No two calls have the same token; a hash may collide all the same."""
    other = Task(
        project_id=PROJECT.project_id,
        task_id=task_id_of_request(PROJECT.project_id, "t"),
        file_id=1,
        source=ObjectVersion("b", "k", "v"),
        procedure="",
        outputs=(),
        created_ms=1,
    )
    world.tasks.add(other)
    wanted_by_name: dict[str, dict[str, Any]] = {
        "ProcessMedia": {"MediaProcessTask": ONE_GIF},
        "ProcessMediaByProcedure": {"ProcedureName": "preset-20000"},
    }
    for name, wanted in wanted_by_name.items():
        action = BY_NAME[name]
        values = action.read({"FileId": world.file_id, **wanted}, textual=False)
        with pytest.raises(CliploopError) as raised:
            action.answer(world.api.parts.use, Call(PROJECT, "t", values))
        assert action.errors[raised.value.code] == "FailedOperation"


_SESSIONS: list[tuple[str, dict[str, Any]]] = [
    ("InvalidParameterValue.SessionContextTooLong", {"SessionContext": "c" * 1_001}),
    ("InvalidParameterValue.SessionIdTooLong", {"SessionId": "s" * 51}),
]
_AI: list[tuple[str, dict[str, Any]]] = [
    (f"InvalidParameterValue.{name}Definition", {name: {"Definition": 10}})
    for name in ("AiContentReviewTask", "AiAnalysisTask", "AiRecognitionTask")
]
WRONG: list[tuple[str, str, dict[str, Any]]] = [
    *(("ProcessMedia", *case) for case in (*_SESSIONS, *_AI)),
    *(("ProcessMediaByProcedure", *case) for case in _SESSIONS),
    *(("ProcessMediaByUrl", *case) for case in (*_SESSIONS, *_AI)),
    ("ProcessMedia", "InvalidParameterValue.FileId", {"FileId": "528"}),
    ("ProcessMedia", "InvalidParameterValue.FileId", {"FileId": "a file"}),
    ("ProcessMedia", "InvalidParameterValue.FileId", {"FileId": ""}),
    ("ProcessMedia", "InvalidParameterValue.FileId", {"FileId": "9" * 65}),
    ("ProcessMedia", "InvalidParameter", {"FileId": 5}),
    ("ProcessMedia", "InvalidParameterValue", {"MediaProcessTask": {}}),
    ("ProcessMedia", "InvalidParameterValue", {"TasksPriority": 11}),
    ("ProcessMedia", "InvalidParameterValue", {"TasksNotifyMode": "finish"}),
    ("ProcessMedia", "InvalidParameterValue", {"FileId": "", "Url": "ftp://films.example/a.mp4"}),
    ("ProcessMedia", "InvalidParameterValue", {"FileId": "", "Url": "http://169.254.169.254/latest"}),
    ("ProcessMedia", "InvalidParameterValue", {"FileId": "", "Url": "http://[::1]/"}),
    ("ProcessMedia", "UnsupportedOperation", {"MediaStoragePath": "/a.mp4"}),
    ("ProcessMedia", "UnsupportedOperation", {"MediaProcessTask": {"TranscodeTaskSet": [{"Definition": 100}]}}),
    ("ProcessMediaByProcedure", "InvalidParameterValue.FileId", {"FileId": "528"}),
    ("ProcessMediaByProcedure", "InvalidParameterValue.ProcedureName", {"ProcedureName": "none of mine"}),
    ("ProcessMediaByProcedure", "InvalidParameterValue.ProcedureName", {"ProcedureName": ""}),
    ("ProcessMediaByProcedure", "InvalidParameterValue.ProcedureName", {"ProcedureName": "x" * 999}),
    ("ProcessMediaByProcedure", "InvalidParameterValue", {"TasksPriority": -11}),
    ("ProcessMediaByProcedure", "InvalidParameter", {"TasksPriority": "high"}),
    ("ProcessMediaByUrl", "FailedOperation", {}),
    ("ProcessMediaByUrl", "FailedOperation", {"OutputInfo": {"Region": "r", "Bucket": "b", "Dir": "/"}}),
    ("ProcessMediaByUrl", "InvalidParameter", {"InputInfo": "a"}),
]
ELSEWHERE = {
    ("ProcessMedia", "FailedOperation"),
    ("ProcessMedia", "InvalidParameterValue.SessionId"),
    ("ProcessMediaByProcedure", "FailedOperation"),
    ("ProcessMediaByProcedure", "InvalidParameterValue.SessionId"),
}


@pytest.mark.parametrize(("action", "expected", "parameters"), WRONG)
def test_wrong_requests_start_nothing(world: World, action: str, expected: str, parameters: dict[str, Any]) -> None:
    assert code(world, action, **parameters) == expected
    assert not world.tasks.rows
    assert not world.work.messages


@pytest.mark.parametrize("name", BY_NAME)
def test_every_code_of_the_vendors_is_provoked_or_explained(name: str) -> None:
    provoked = {code for action, code, _ in WRONG if action == name} - {"UnsupportedOperation"}
    provoked |= {code for action, code in ELSEWHERE if action == name}
    action = BY_NAME[name]
    assert provoked | set(action.never) | (OF_THE_FRAME & set(action.codes)) == set(action.codes)
    assert not set(action.never) & (provoked | OF_THE_FRAME)


@pytest.mark.parametrize("name", BY_NAME)
def test_every_field_of_the_vendors_request_is_known(name: str) -> None:
    theirs = {field.removeprefix("_") for field in vars(getattr(models, f"{name}Request")())}
    assert {field.name for field in BY_NAME[name].fields} | {"SubAppId"} == theirs


@pytest.mark.parametrize("action", ["ProcessMedia", "ProcessMediaByProcedure", "PullUpload"])
def test_a_call_beyond_the_projects_quota_is_refused_with_the_code_of_any_api(world: World, action: str) -> None:
    started = {"FileId": world.file_id, "ProcedureName": "preview"}
    parameters: dict[str, dict[str, Any]] = {
        "ProcessMedia": {"FileId": world.file_id, "MediaProcessTask": ONE_GIF},
        "ProcessMediaByProcedure": started,
        "PullUpload": {"MediaUrl": "https://films.example/a.mp4"},
    }
    use = world.api.parts.use
    limited = replace(use, start=replace(use.start, quota=Quota(tasks=1)))
    world.api = replace(world.api, parts=replace(world.api.parts, use=limited))
    assert not world.code("ProcessMediaByProcedure", **started)
    error = world.ask(action, **parameters[action])["Error"]
    assert error["Code"] == "LimitExceeded"
    assert "1 task" in error["Message"]
    assert len(world.tasks.rows) == 1
