"""What a fourth vendor takes: a dialect, and a line in bootstrap's table. The doors, the rows and the rest stay."""

from __future__ import annotations

import hmac
import json
from typing import Any

import boto3
import pytest

from cliploop.bootstrap import managing
from functions.manage_tasks.app import handler
from tests.unit.doors.acme import AcmeApi
from tests.unit.doors.conftest import KEY_ID, SECRET_KEY
from tests.unit.doors.events import http_event
from tests.unit.doors.test_query_tasks import ask

FILM = {"film": "https://films.example/a.mp4", "seconds": 2.5}


@pytest.fixture
def table_with_acme(account: None, tables: None, secret: None, monkeypatch: pytest.MonkeyPatch) -> None:
    known = managing._vendors()
    monkeypatch.setattr(managing, "_vendors", lambda: (*known, AcmeApi))


def post(context: Any, body: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
    proof = hmac.digest(SECRET_KEY.encode(), body, "sha256").hex()
    event = http_event("POST", "/acme/loops", "", {"x-acme-key": KEY_ID, "x-acme-proof": proof} | headers, body)
    reply = handler(event, context)
    return reply["statusCode"], json.loads(reply["body"])


@pytest.mark.usefixtures("table_with_acme")
def test_its_tasks_are_rows_like_any_others(context: Any) -> None:
    boto3.client("sqs").create_queue(QueueName="work")
    status, said = post(context, json.dumps(FILM).encode())
    assert status == 202
    status, listed = ask(context, f"task_id={said['loop']}")  # in Huawei's words
    assert (status, listed["total"]) == (200, 1)
    assert listed["tasks"][0]["status"] == "INIT"
    assert listed["tasks"][0]["output_param"]["end"] == 2500


@pytest.mark.usefixtures("table_with_acme")
@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (json.dumps(FILM).encode(), {"x-acme-proof": "0"}, 401),
        (b"[]", {}, 400),
        (b'{"film": "http://169.254.169.254/"}', {}, 400),
    ],
)
def test_its_errors_are_its_own(context: Any, body: bytes, headers: dict[str, str], status: int) -> None:
    assert post(context, body, **headers)[0] == status


@pytest.mark.usefixtures("table_with_acme")
def test_the_others_go_on(context: Any) -> None:
    reply = handler(http_event("GET", "/", "Action=DescribeTasks&Version=2018-07-17"), context)
    assert json.loads(reply["body"])["Response"]["Error"]["Code"] == "MissingParameter"
