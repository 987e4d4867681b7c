"""The frame around every operation: who calls, what is asked, and that whatever comes is answered."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cliploop.dialects.api_gateway import write_reply
from cliploop.dialects.http import HttpRequest
from cliploop.dialects.huawei_mpc.errors import CODES, MEANINGS, STATUSES
from cliploop.dialects.huawei_mpc.operation import Operation
from cliploop.dialects.huawei_mpc.operations.table import OPERATIONS
from cliploop.dialects.huawei_mpc.reference import reference_page, support_table
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.quota import Quota
from cliploop.domain.task import TaskState
from tests.unit.dialects.huawei_client import PROJECT_ID
from tests.unit.dialects.huawei_world import (
    FOREIGN_KEY,
    FOREIGN_TOKEN,
    ORDER,
    PATH,
    TOKEN,
    World,
    read,
    with_param,
    with_place,
)

EACH_OPERATION = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
BODY = json.dumps(ORDER).encode()


@pytest.fixture
def world() -> World:
    return World()


def request_of(world: World, method: str, **signing: Any) -> HttpRequest:
    """A signed request that succeeds, if its signer may; a DELETE needs a task with the id 1."""
    body, query = BODY if method == "POST" else b"", "task_id=1" if method == "DELETE" else ""
    return world.signed_request(method, query, body, **signing)


def code(world: World, request: HttpRequest) -> tuple[int, str]:
    status, body = world.send(request)
    return status, body.get("error_code", "")


# --- every code of every operation ----------------------------------------------------------------


def unavailable(world: World) -> None:
    world.callers.failure = CliploopError(ErrorCode.UNAVAILABLE, "Later.", retryable=True)


def ended(world: World) -> HttpRequest:
    """A request to cancel a task that is too late."""
    task_id = int(world.created())
    task = world.tasks.get(PROJECT_ID, task_id)
    assert task is not None
    claimed = task.claim(world.clock.now_ms())
    world.tasks.rows[PROJECT_ID, task_id] = replace(claimed, state=TaskState.SUCCEED)
    return world.signed_request("DELETE", f"task_id={task_id}")


def beyond_quota(world: World, method: str) -> HttpRequest:
    world.limit(Quota(pixels=1))
    return request_of(world, method)


def created(order: Any) -> Callable[[World, str], HttpRequest]:
    return lambda world, _: world.signed_request("POST", body=json.dumps(order).encode())


def broken(world: World, method: str) -> HttpRequest:
    world.broken()
    return request_of(world, method)


#: How each error comes about; the method decides where it is the same for all.
OF_ANY: dict[str, Callable[[World, str], HttpRequest]] = {
    "MPC.10050": broken,
    "MPC.10204": lambda world, _: replace(request_of(world, "POST"), method="PATCH"),
    "MPC.10208": lambda world, method: request_of(world, method, key=FOREIGN_KEY),
    "APIGW.0101": lambda world, method: replace(request_of(world, method), path=f"/v1/{PROJECT_ID}/transcodings"),
    "APIGW.0301": lambda world, method: replace(request_of(world, method), headers={"host": "h"}),
}
OF_ONE: dict[tuple[str, str], Callable[[World, str], HttpRequest]] = {
    ("POST", "MPC.10202"): created(with_param(width=31)),
    ("POST", "MPC.10053"): created(with_place("input", object="in/other.mp4")),
    ("POST", "MPC.10205"): lambda world, method: request_of(world, method, content_type="text/plain"),
    ("POST", "MPC.10209"): created(with_place("output", bucket="elsewhere")),
    ("POST", "APIGW.0308"): beyond_quota,
    ("GET", "MPC.10202"): lambda world, _: world.signed_request("GET", "size=0"),
    ("DELETE", "MPC.10202"): lambda world, _: world.signed_request("DELETE"),
    ("DELETE", "MPC.10212"): lambda world, _: ended(world),
}


@pytest.mark.parametrize(
    ("operation", "expected"),
    [(operation, code) for operation in OPERATIONS for code in operation.codes],
    ids=lambda value: value if isinstance(value, str) else value.method,
)
def test_every_code_of_an_operation_is_met(world: World, operation: Operation[Any], expected: str) -> None:
    provoke = OF_ONE.get((operation.method, expected)) or OF_ANY[expected]
    assert code(world, provoke(world, operation.method)) == (STATUSES.get(expected, 400), expected)


def test_no_other_code_is_told_of() -> None:
    assert set(OF_ONE) | {(each.method, code) for each in OPERATIONS for code in OF_ANY} == {
        (each.method, code) for each in OPERATIONS for code in each.codes
    }
    assert {code for operation in OPERATIONS for code in operation.codes} == set(MEANINGS)
    assert all(code not in operation.codes for operation in OPERATIONS for code in operation.never)


# --- who calls ------------------------------------------------------------------------------------


@EACH_OPERATION
def test_an_unsigned_request_reaches_nothing(world: World, operation: Operation[Any]) -> None:
    request = request_of(world, operation.method)
    for name in ("authorization", "x-sdk-date"):
        headers = {each: value for each, value in request.headers.items() if each != name}
        assert code(world, replace(request, headers=headers)) == (401, "APIGW.0301")
    assert not world.tasks.rows
    assert not world.signed.actions


@EACH_OPERATION
@pytest.mark.parametrize("late_s", [-901, 901])
def test_a_signature_is_good_for_a_quarter_of_an_hour(world: World, operation: Operation[Any], late_s: int) -> None:
    request = request_of(world, operation.method)
    world.clock.advance(late_s * 1_000)
    assert code(world, request) == (401, "APIGW.0301")


@EACH_OPERATION
def test_the_project_of_the_header_is_that_of_the_address(world: World, operation: Operation[Any]) -> None:
    for project_id in ("f" * 32, "", PROJECT_ID.upper()):
        request = request_of(world, operation.method, x_project_id=project_id)
        assert code(world, request) == (401, "APIGW.0301"), project_id
    assert not world.tasks.rows


@EACH_OPERATION
def test_a_temporary_token_is_refused(world: World, operation: Operation[Any]) -> None:
    assert code(world, request_of(world, operation.method, x_security_token="sts")) == (401, "APIGW.0301")
    request = replace(request_of(world, operation.method), headers={"x-security-token": "sts", "x-auth-token": TOKEN})
    assert code(world, request) == (401, "APIGW.0301")


@EACH_OPERATION
def test_a_host_that_another_gateway_has_may_be_signed(world: World, operation: Operation[Any]) -> None:
    world.created()
    request = request_of(world, operation.method, host="vendor.example")
    request = replace(request, headers={**request.headers, "host": "ours.example:8080"})
    assert code(world, request)[1] in {"", "MPC.10202"}  # there is no task 1
    other = request_of(world, operation.method, host="other.example")
    other = replace(other, headers={**other.headers, "host": "ours.example:8080"})
    assert code(world, other) == (401, "APIGW.0301")


def with_token(world: World, method: str, token: str, **more: str) -> HttpRequest:
    headers = {"host": "h", "content-type": "application/json", "x-auth-token": token, **more}
    return replace(request_of(world, method), headers=headers)


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_token_that_the_operator_gave_out_is_enough(world: World, method: str) -> None:
    assert code(world, with_token(world, method, TOKEN))[0] in {200, 202}


@EACH_OPERATION
@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("", (401, "APIGW.0301")),
        ("TOKEN123", (401, "APIGW.0301")),
        (TOKEN[:-1], (401, "APIGW.0301")),
        ("é\ud800", (401, "APIGW.0301")),
        (FOREIGN_TOKEN, (403, "MPC.10208")),
    ],
)
def test_any_other_token_is_none(
    world: World, operation: Operation[Any], token: str, expected: tuple[int, str]
) -> None:
    assert code(world, with_token(world, operation.method, token)) == expected


def test_no_token_is_known_where_the_operator_has_given_out_none(world: World) -> None:
    world.callers.tokens.clear()
    assert code(world, with_token(world, "GET", TOKEN)) == (401, "APIGW.0301")


@EACH_OPERATION
def test_beside_a_signature_a_token_counts_for_nothing(world: World, operation: Operation[Any]) -> None:
    world.created()
    assert code(world, request_of(world, operation.method, x_auth_token="whatever"))[1] in {"", "MPC.10202"}
    wrong = with_token(world, operation.method, TOKEN, authorization="SDK-HMAC-SHA256 Access=x")
    assert code(world, wrong) == (401, "APIGW.0301")


@EACH_OPERATION
def test_keys_that_cannot_be_read_are_a_passing_fault(world: World, operation: Operation[Any]) -> None:
    unavailable(world)
    assert code(world, request_of(world, operation.method)) == (503, "MPC.10050")
    assert code(world, with_token(world, operation.method, TOKEN)) == (503, "MPC.10050")


def test_another_project_in_the_address_is_refused(world: World) -> None:
    request = replace(with_token(world, "GET", TOKEN), path=f"/v1/{'f' * 32}/animated-graphics")
    assert code(world, request) == (403, "MPC.10208")


# --- what is done once ----------------------------------------------------------------------------


def test_an_identical_repeat_gets_the_first_answer_and_starts_nothing(world: World) -> None:
    request = request_of(world, "POST")
    first = world.send(request)
    assert world.send(request) == first
    world.signed.answers.clear()  # the first one died before its answer was kept
    assert world.send(request) == first
    assert len(world.tasks.rows) == 1
    world.versions.uploads.clear()
    assert world.send(request) == first


def test_two_orders_that_are_alike_are_two_tasks_a_second_later(world: World) -> None:
    assert world.created() != world.created()


def test_two_calls_with_a_token_are_two_tasks(world: World) -> None:
    request = with_token(world, "POST", TOKEN)
    first, again = world.send(request)[1], world.api.answer(replace(request, request_id="request-2"))
    assert json.loads(again.body)["task_id"] != first["task_id"]
    assert len(world.tasks.rows) == 2
    assert not world.signed.actions


def test_a_signature_that_served_for_something_else_is_none(world: World) -> None:
    request = request_of(world, "POST")
    world.send(request)
    (bound,) = world.signed.actions
    world.signed.actions[bound] = "another"
    assert code(world, request) == (401, "APIGW.0301")


# --- canceling ------------------------------------------------------------------------------------


def test_a_task_is_canceled_and_stays_so(world: World) -> None:
    task_id = world.created()
    assert world.cancel(task_id) == (204, {})
    assert world.list(task_id=task_id)[1]["tasks"][0]["status"] == "CANCELED"
    assert world.cancel(task_id) == (204, {})  # the answer was lost
    assert write_reply(world.api.answer(world.signed_request("DELETE", f"task_id={task_id}"))) == {
        "statusCode": 204,
        "headers": {"X-Request-Id": "request-1"},
        "body": "",
        "isBase64Encoded": False,
    }


@pytest.mark.parametrize("state", [TaskState.SUCCEED, TaskState.FAILED])
def test_a_task_that_has_ended_cannot_be_canceled(world: World, state: TaskState) -> None:
    request = ended(world)
    ((place, row),) = world.tasks.rows.items()
    world.tasks.rows[place] = replace(row, state=state)
    assert code(world, request) == (403, "MPC.10212")


@pytest.mark.parametrize(
    "query",
    ["", "task_id=", "task_id=x", "task_id=0", "task_id=1&task_id=2", "task_id=1%2C2", "task_id=1", "task_id=1&x=1"],
)
def test_what_is_no_task_cannot_be_canceled(world: World, query: str) -> None:
    assert code(world, world.signed_request("DELETE", query)) == (400, "MPC.10202")


# --- listing --------------------------------------------------------------------------------------


def test_tasks_are_listed_by_id_state_time_and_page(world: World) -> None:
    first, second, third = (world.created() for _ in range(3))
    world.cancel(second)
    assert ids(world.list()) == (3, [third, second, first])
    assert ids(world.list(task_id=first)) == (1, [first])
    assert ids(world.list(status="CANCELED")) == (1, [second])
    assert ids(world.list(status="WAITING")) == (2, [third, first])
    assert ids(world.list(status="PREPROCESSING")) == (0, [])
    assert ids(world.list(page="1", size="2")) == (3, [first])
    stamp = world.list(task_id=second)[1]["tasks"][0]["create_time"]
    assert ids(world.list(start_time=stamp)) == (3 - 1, [third, second])
    assert ids(world.list(end_time=stamp)) == (2, [second, first])
    assert ids(world.list(start_time=stamp, end_time=stamp)) == (1, [second])


def ids(listed: tuple[int, dict[str, Any]]) -> tuple[int, list[str]]:
    status, body = listed
    assert status == 200
    return body["total"], [task["task_id"] for task in body["tasks"]]


# --- what is asked --------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/v1/", "/v1/x", f"{PATH}/", f"{PATH}/1", f"/v1//{PROJECT_ID}/animated-graphics"])
def test_an_address_where_nothing_is(world: World, path: str) -> None:
    request = replace(request_of(world, "GET"), path=path)
    assert world.api.claims(request)
    assert world.queries.claims(request)
    assert code(world, request) == (404, "APIGW.0101")


@pytest.mark.parametrize("path", ["/", "/v1", "/v2/x", "/x/v1/"])
def test_other_addresses_are_not_claimed(world: World, path: str) -> None:
    assert not world.api.claims(replace(request_of(world, "GET"), path=path))


def test_the_query_function_answers_reads_only(world: World) -> None:
    for method in ("POST", "DELETE"):
        reply = world.queries.answer(request_of(world, method))
        assert (reply.status, reply.error_code) == (400, "MPC.10204")


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonx"])
def test_a_body_of_another_type_is_refused(world: World, kind: str) -> None:
    assert code(world, request_of(world, "POST", content_type=kind)) == (400, "MPC.10205")


def test_a_charset_is_no_other_type(world: World) -> None:
    assert code(world, request_of(world, "POST", content_type="Application/JSON; charset=utf-8")) == (202, "")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b'{"user_data": NaN}',
        b'{"user_data": "a", "user_data": "b"}',
        b"\xff\xfe",
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
        b'{"a": ' + b"9" * 5_000 + b"}",
        BODY + b" " * (64 * 1024),
    ],
)
def test_a_malformed_body(world: World, body: bytes) -> None:
    assert code(world, world.signed_request("POST", body=body)) == (400, "MPC.10202")


@EACH_OPERATION
def test_what_nobody_foresaw_shows_nothing_of_the_inside(world: World, operation: Operation[Any]) -> None:
    status, body = world.broken().send(request_of(world, operation.method))
    assert (status, body["error_code"]) == (500, "MPC.10050")
    assert "None" not in body["error_msg"]


@given(
    st.sampled_from(["POST", "GET", "DELETE", "PUT", "HEAD", ""]),
    st.sampled_from([PATH, "/v1/", "/v1/%ff/animated-graphics", "/v1/\ud800/animated-graphics"])
    | st.text(max_size=40),
    st.text(max_size=60),
    st.dictionaries(
        st.sampled_from(["authorization", "x-auth-token", "x-sdk-date", "host", "content-type", "x-project-id"]),
        st.text(max_size=60),
    ),
    st.binary(max_size=60),
)
def test_any_bytes_are_answered_in_the_vendors_way(
    method: str, path: str, query: str, headers: dict[str, str], body: bytes
) -> None:
    world = World()
    for each in ({**headers}, {**headers, "x-auth-token": TOKEN, "authorization": ""}):
        status, _ = read(world.api.answer(HttpRequest(method, path, query, each, body, "request-1")))
        assert status < 500


@given(
    st.sampled_from(["GET", "DELETE"]), st.text(st.characters(codec="ascii", exclude_characters="&=%+"), max_size=30)
)
def test_any_signed_query_is_answered(method: str, text: str) -> None:
    world = World()
    for query in (text, f"task_id={text}", f"page={text}", f"start_time={text}"):
        request = with_token(world, method, TOKEN)
        assert code(world, replace(request, query=query))[0] < 500


# --- the pages ------------------------------------------------------------------------------------


def test_the_pages_name_every_field_and_every_code() -> None:
    page, table = reference_page(), support_table()
    for operation in OPERATIONS:
        assert f"## {operation.name}" in page
        for field in operation.fields:
            assert f"`{field.name}`" in page
            assert f"`{field.name}`" in table
    assert all(f"`{code}`" in page for code in MEANINGS)
    assert {CODES[code] for code in ErrorCode} >= {"MPC.10209", "MPC.10053", "MPC.10212"}
