from __future__ import annotations

import json
from typing import Any

from cliploop import bootstrap
from cliploop.adapters.system_clock import SystemClock
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.task import Task
from functions.query_tasks.app import handler
from tests.unit.doors.conftest import PROJECT_ID
from tests.unit.doors.events import http_get


def ask(context: Any, query: str, project_id: str = PROJECT_ID) -> tuple[int, dict[str, Any]]:
    reply = handler(http_get(f"/v1/{project_id}/animated-graphics", query), context)
    assert reply["headers"]["X-Request-Id"] == "request-1"
    assert reply["headers"]["Content-Type"] == "application/json"
    return reply["statusCode"], json.loads(reply["body"])


def test_a_task_is_found_by_its_id_and_in_the_list(account: None, tables: None, context: Any) -> None:
    task = Task(
        project_id=PROJECT_ID,
        task_id=30647,
        file_id=2,
        source=ObjectVersion("b", "k.mp4", "v"),
        procedure="",
        outputs=(),
        created_ms=SystemClock().now_ms(),
    )
    bootstrap.query_tasks().tasks.add(task.registered())
    for query in ("task_id=30647&task_id=1", "", "status=WAITING"):
        status, body = ask(context, query)
        assert (status, body["total"]) == (200, 1)
        assert body["tasks"][0]["task_id"] == "30647"
    assert ask(context, "status=SUCCEED") == (200, {"total": 0, "tasks": []})


def test_a_bad_parameter_is_a_400_in_the_vendors_words(account: None, tables: None, context: Any) -> None:
    status, body = ask(context, "size=0")
    assert (status, body["error_code"]) == (400, "MPC.10202")
    assert "size" in body["error_msg"]


def test_another_project_is_refused(account: None, tables: None, context: Any) -> None:
    status, body = ask(context, "", project_id="f" * 32)
    assert (status, body["error_code"]) == (400, "MPC.10208")


def test_a_table_that_does_not_answer_is_a_503(account: None, context: Any) -> None:
    status, body = ask(context, "task_id=1")
    assert (status, body["error_code"]) == (503, "MPC.10050")
