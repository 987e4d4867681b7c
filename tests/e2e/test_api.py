"""The query API through the front door, from its root."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from local import api
from tests.e2e.customer import Customer

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/{project}/animated-graphics", 401, ("error_code", "APIGW.0301")),
        ("/v1/{other}/animated-graphics?task_id=1", 401, ("error_code", "APIGW.0301")),
        ("/v1/{project}/transcodings", 404, ("error_code", "APIGW.0101")),
        ("/?Action=CreateGifTask&Version=2019-08-10&Format=JSON", 400, ("Code", "MissingParameter")),
        ("/prod/?Action=CreateGifTask&Version=2019-08-10&Format=JSON", 400, ("Code", "MissingParameter")),
        ("/?Action=DescribeTasks&Version=2018-07-17", 200, ("Response.Error.Code", "MissingParameter")),
        ("/", 200, ("Response.Error.Code", "MissingParameter")),
        ("/favicon.ico", 404, ("message", None)),
    ],
)
def test_an_unsigned_request_gets_its_vendors_error(
    customer: Customer, path: str, status: int, code: tuple[str, str | None]
) -> None:
    url = customer.stack.api + path.format(project=customer.stack.project_id, other="f" * 32)
    got, body = api.get(url)
    value: Any = body
    for step in code[0].split("."):
        value = value[step]
    assert got == status
    assert code[1] is None or value == code[1]
    assert "tasks" not in body


@pytest.mark.parametrize("query", [[("size", "0")], [("task_id", "x")], [("status", "DONE")], [("start_time", "1")]])
def test_a_bad_parameter_is_a_400_that_names_it(customer: Customer, query: list[tuple[str, str]]) -> None:
    status, body = api.list_tasks(customer.stack, query)
    assert (status, body["error_code"]) == (400, "MPC.10202")
    assert query[0][0] in body["error_msg"]


def test_repeated_and_comma_separated_ids(customer: Customer) -> None:
    ids = ["1", "2", "3"]
    for query in ([("task_id", task_id) for task_id in ids], [("task_id", ",".join(ids))]):
        assert api.list_tasks(customer.stack, query) == (200, {"total": 0, "tasks": []})


def test_totals_are_those_of_the_list_once_writes_have_settled(customer: Customer, video: Path) -> None:
    """On the engine, with the roles that the template gives: counting is a transaction of the stream's function."""
    sources = [customer.upload(video, f"counted-{number}.mp4", {"section": "0%2C0.5"}) for number in range(3)]
    sources.append(customer.upload(video, "counted-wrong.mp4", {"procedure": "no-such"}))
    for source in sources:
        customer.notification(source)
    customer.wait_until_quiet()
    assert all("due_at" not in customer.row(source) for source in sources)
    for status in (None, "SUCCEED", "FAILED", "PROCESSING"):
        total, listed = customer.read_the_list(status, page_size=3)
        assert total == len(listed)
        assert len(set(listed)) == len(listed)
