"""The query API through the front door, from its root."""

from __future__ import annotations

from pathlib import Path

import pytest

from local import api
from tests.e2e.customer import Customer

pytestmark = pytest.mark.e2e


def test_an_unsigned_request_is_refused_on_every_route(customer: Customer) -> None:
    for path in (f"/v1/{customer.stack.project_id}/animated-graphics", f"/v1/{'f' * 32}/animated-graphics?task_id=1"):
        status, body = api.get(customer.stack.api + path)
        assert status == 403
        assert "tasks" not in body


def test_what_is_not_a_route_is_not_there(customer: Customer) -> None:
    assert api.signed_get(customer.stack, "/v2")[0] == 404
    assert api.signed_get(customer.stack, "/v1/x/transcodings")[0] == 404


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
