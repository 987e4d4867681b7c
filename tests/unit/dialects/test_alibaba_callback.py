"""What a task's own address is told of its end."""

from __future__ import annotations

import json
from typing import Any

import pytest
from alibabacloud_multimediaai20190810 import models

from cliploop.dialects.alibaba_gif.callback import EncodeCallback
from cliploop.domain.addresses import Addresses
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.notification import EventKind, Notification, TaskChange, notifications_of
from cliploop.domain.source_file import SourceFile
from cliploop.domain.task import Task
from tests.unit.dialects.alibaba_world import PROJECT, World

ENCODE = EncodeCallback(Addresses("eu-north-1"))


@pytest.fixture
def world() -> World:
    return World()


def told(task: Task) -> dict[str, Any]:
    """The body that is sent, after its way through JSON."""
    *_, notice = notifications_of(TaskChange(None, task))
    assert notice.kind is EventKind.PROCEDURE_STATE_CHANGED
    body: dict[str, Any] = json.loads(json.dumps(ENCODE(notice)))
    assert body.pop("DeliveryId") == notice.delivery_id
    return body


def test_a_callback_says_what_the_result_of_the_task_says(world: World) -> None:
    task_id = world.start(CallbackUrl="https://me.example/")
    finished = world.finish(task_id)
    body = told(finished)
    asked = world.ask("GetTaskResult", TaskId=task_id)
    assert body == {"TaskId": task_id, "Status": 2, "Result": asked["Result"]}
    assert body["Result"]["ProcessResultUrl"].endswith("/p/0.gif")


def test_a_callback_tells_of_a_failure(world: World) -> None:
    body = told(world.fail_to_fetch(world.start()))
    assert (body["Status"], body["Result"]["ErrorCode"]) == (3, "1000")
    assert body["Result"]["ErrorMessage"] == "The address answered 404."


def test_the_new_clients_model_reads_a_callback(world: World) -> None:
    body = told(world.finish(world.start()))
    model = models.GetTaskResultResponseBody().from_map(body)
    assert (model.status, model.result.process_result_url) == (2, body["Result"]["ProcessResultUrl"])


def test_of_a_file_there_is_nothing_to_tell() -> None:
    source = ObjectVersion("uploads", "film.mp4", "v1")
    file = SourceFile(project_id=PROJECT.project_id, file_id=1, source=source, size=1, created_ms=1)
    with pytest.raises(TypeError, match="SourceFile"):
        ENCODE(Notification("d", EventKind.NEW_FILE_UPLOAD, file))
