from __future__ import annotations

import json
from typing import Any

import pytest

from cliploop.adapters.dynamodb_tasks import DynamoDBTasks
from cliploop.adapters.system_clock import SystemClock
from cliploop.bootstrap.parts import task_store
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.task import Task
from functions.query_tasks.app import handler
from local.api import Caller
from tests.unit.doors.conftest import KEY_ID, PROJECT_ID, SECRET_KEY
from tests.unit.doors.events import HOST, http_event


def ask(context: Any, query: str, project_id: str = PROJECT_ID) -> tuple[int, dict[str, Any]]:
    path = f"/v1/{project_id}/animated-graphics"
    signature = Caller(HOST, project_id, KEY_ID, SECRET_KEY).signature(path, query)
    reply = handler(http_event("GET", path, query, signature), context)
    assert reply["headers"]["X-Request-Id"] == "request-1"
    assert reply["headers"]["Content-Type"] == "application/json"
    return reply["statusCode"], json.loads(reply["body"])


def store() -> DynamoDBTasks:
    return task_store("tasks", 30)


@pytest.mark.usefixtures("account", "tables", "secret")
def test_a_task_is_found_by_its_id_and_in_the_list(context: Any) -> None:
    task = Task(
        project_id=PROJECT_ID,
        task_id=30647,
        file_id=2,
        source=ObjectVersion("b", "k.mp4", "v"),
        procedure="",
        outputs=(),
        created_ms=SystemClock().now_ms(),
    )
    store().add(task.registered())
    for query in ("task_id=1&task_id=30647", "", "status=WAITING"):
        status, body = ask(context, query)
        assert (status, body["total"]) == (200, 1)
        assert body["tasks"][0]["task_id"] == "30647"
    assert ask(context, "status=SUCCEED") == (200, {"total": 0, "tasks": []})


@pytest.mark.usefixtures("account", "tables", "secret")
def test_a_bad_parameter_is_a_400_in_the_vendors_words(context: Any) -> None:
    status, body = ask(context, "size=0")
    assert (status, body["error_code"]) == (400, "MPC.10202")
    assert "size" in body["error_msg"]


@pytest.mark.usefixtures("account", "tables", "secret")
def test_another_project_is_refused(context: Any) -> None:
    status, body = ask(context, "", project_id="f" * 32)
    assert (status, body["error_code"]) == (403, "MPC.10208")


@pytest.mark.usefixtures("account", "tables", "secret")
def test_who_does_not_sign_is_refused(context: Any) -> None:
    reply = handler(http_event("GET", f"/v1/{PROJECT_ID}/animated-graphics", ""), context)
    assert (reply["statusCode"], json.loads(reply["body"])["error_code"]) == (401, "APIGW.0301")


@pytest.mark.usefixtures("account", "secret")
def test_a_table_that_does_not_answer_is_a_503(context: Any) -> None:
    status, body = ask(context, "task_id=1")
    assert (status, body["error_code"]) == (503, "MPC.10050")
