"""Every code that the vendor documents, for every operation; and that whatever comes is answered in its way."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields, replace
from http import HTTPStatus
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cliploop.dialects.alibaba_gif.action import REGION_ID, Action
from cliploop.dialects.alibaba_gif.actions.table import ACTIONS
from cliploop.dialects.alibaba_gif.errors import API_CODES, CODES, DOCUMENTED, GATEWAY, NEVER, refusal_of
from cliploop.dialects.alibaba_gif.reference import reference_page, support_table
from cliploop.dialects.alibaba_gif.task_errors import TASK_CODES
from cliploop.dialects.http import HttpReply, HttpRequest
from cliploop.dialects.use_cases import UseCases
from cliploop.domain.errors import CliploopError, ErrorCode, InvalidRequestError
from cliploop.domain.quota import Quota
from tests.unit.dialects.alibaba_signing import FORM, HOST, Layout
from tests.unit.dialects.alibaba_world import FOREIGN_KEY, KEY, ONE_GIF, World, answered, parsed

EACH_ACTION = pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS)
STATUS = {
    "OK": 200,
    "InternalError": 500,
    "InvalidApiNotFound": 404,
    "InvalidParameter": 400,
    "InvalidTimeStamp": 400,
    "MissingParameter": 400,
    "ResourceNotFound": 404,
    "ServiceUnavailable": 500,
    "UnknownError": 500,
    "Unauthorized": 401,
    "ServiceNotSelected": 406,
    "ServiceNotOpened": 401,
    "BalanceNotEnough": 401,
    "FaceImageCountLimit": 406,
    "ApplicationCountLimit": 406,
    "FileUploadCountLimit": 406,
    "FileContentInvalid": 406,
    "ExistParameter": 406,
    "ExistTemplateRelationship": 406,
}


@pytest.fixture
def world() -> World:
    return World()


def valid(action: Action) -> dict[str, str]:
    """Parameters that an operation takes in an empty world."""
    return {
        "CreateGifTask": ONE_GIF,
        "GetTaskStatus": {"TaskId": "7"},
        "GetTaskResult": {"TaskId": "7"},
        "GetTemplate": {"TemplateId": "20000"},
    }.get(action.name, {})


class Failing:
    """Use cases that all fail in one way."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Any:
        raise self._error


def failing(world: World, error: Exception) -> World:
    broken = {field.name: Failing(error) for field in fields(UseCases)}
    return world.serve(use=UseCases(**broken))  # type: ignore[arg-type]  # that is the point


def _internal(world: World, action: Action) -> HttpReply:
    return failing(world, RuntimeError("nobody foresaw it")).api.answer(world.request(action.name, valid(action)))


def _unavailable(world: World, action: Action) -> HttpReply:
    error = CliploopError(ErrorCode.UNAVAILABLE, "Try again.", log_text="the table is gone", retryable=True)
    return failing(world, error).api.answer(world.request(action.name, valid(action)))


def _no_such_method(world: World, action: Action) -> HttpReply:
    return world.api.answer(replace(world.request(action.name, valid(action)), method="PUT"))


def _wrong_value(world: World, action: Action) -> HttpReply:
    return world.api.answer(world.request(action.name, {**valid(action), "RegionId": "x" * 1_000}))


def _wrong_moment(world: World, action: Action) -> HttpReply:
    return world.api.answer(world.request(action.name, valid(action), Timestamp="now"))


def _missing(world: World, action: Action) -> HttpReply:
    return world.api.answer(world.request(action.name, valid(action), SignatureNonce=""))


def _not_there(world: World, action: Action) -> HttpReply:
    number = "7" if "TaskId" in valid(action) or "TemplateId" in valid(action) else ""
    parameters = {
        name: number if name in {"TaskId", "TemplateId"} else value for name, value in valid(action).items()
    }
    return world.api.answer(world.request(action.name, parameters))


def _foreign(world: World, action: Action) -> HttpReply:
    return world.api.answer(world.request(action.name, valid(action), key=FOREIGN_KEY))


def _beyond_quota(world: World, action: Action) -> HttpReply:
    use = world.api.parts.use
    world.serve(use=replace(use, start=replace(use.start, quota=Quota(tasks=1))))
    world.start()
    return world.api.answer(world.request(action.name, valid(action)))


PROVOKED: dict[str, Callable[[World, Action], HttpReply]] = {
    "FileUploadCountLimit": _beyond_quota,
    "InternalError": _internal,
    "InvalidApiNotFound": _no_such_method,
    "InvalidParameter": _wrong_value,
    "InvalidTimeStamp": _wrong_moment,
    "MissingParameter": _missing,
    "ResourceNotFound": _not_there,
    "ServiceUnavailable": _unavailable,
    "Unauthorized": _foreign,
}


# --- the tables -----------------------------------------------------------------------------------


def test_the_vendors_table_is_complete_with_its_statuses() -> None:
    assert {name: code.status for name, code in DOCUMENTED.items()} | {"OK": 200} == STATUS
    assert not DOCUMENTED.keys() & GATEWAY.keys()


@EACH_ACTION
def test_each_documented_code_occurs_or_is_said_never_to(action: Action, world: World) -> None:
    assert set(DOCUMENTED) <= set(action.codes)
    assert action.never.keys() <= set(action.codes)
    assert all(action.never.values())
    for code in action.codes:
        if code in action.never:
            continue
        body = answered(PROVOKED[code](World(), action))
        assert (body["Code"], body["HttpStatus"]) == (code, STATUS[code])


@EACH_ACTION
def test_a_success_has_no_code_of_an_error(action: Action, world: World) -> None:
    task_id = world.start()
    parameters = {name: str(task_id) if name == "TaskId" else value for name, value in valid(action).items()}
    body = world.ask(action.name, **parameters)
    assert body.get("Code", "OK") == "OK"
    told = {field.name.partition(".")[0] for field in action.reply}
    assert body.keys() - {"RequestId", "HttpStatus"} == told


@pytest.mark.parametrize("code", ErrorCode)
def test_every_code_of_ours_is_one_of_the_vendors(code: ErrorCode) -> None:
    assert API_CODES[code].code in DOCUMENTED.keys() - NEVER.keys()
    assert re.fullmatch("100[0-6]", TASK_CODES[code][0])
    refusal = refusal_of(CliploopError(code, "Say what to do."))
    assert refusal.message.endswith(" Say what to do.")
    assert "{" not in refusal.message
    assert refusal_of(CliploopError(code, "Try again.", retryable=True)).code == "ServiceUnavailable"


def test_a_number_of_a_failed_task_has_one_name() -> None:
    assert len({number for number, _ in TASK_CODES.values()}) == len(set(TASK_CODES.values()))
    assert TASK_CODES[ErrorCode.FETCH_FAILED] == ("1000", "Download fail")


def test_a_parameter_that_a_use_case_refuses_is_named() -> None:
    refusal = refusal_of(InvalidRequestError("VideoName", "It is odd."))
    assert (refusal.code, refusal.message) == (
        "InvalidParameter",
        "The specified parameter VideoName is invalid. It is odd.",
    )


def test_what_nobody_foresaw_is_not_told(world: World, caplog: pytest.LogCaptureFixture) -> None:
    body = answered(_internal(world, ACTIONS["ListTasks"]))
    assert "nobody foresaw it" not in str(body)
    assert "nobody foresaw it" in caplog.text


def test_what_is_for_the_operator_is_not_told(world: World, caplog: pytest.LogCaptureFixture) -> None:
    body = answered(_unavailable(world, ACTIONS["ListTasks"]))
    assert "the table is gone" not in str(body)
    assert "the table is gone" in caplog.text


def test_an_error_names_the_host_that_was_called(world: World) -> None:
    assert answered(world.api.answer(world.request("Nothing")))["HostId"] == HOST


# --- the pages ------------------------------------------------------------------------------------


@EACH_ACTION
def test_the_page_shows_everything(action: Action) -> None:
    page, table = reference_page(), support_table()
    assert f"## {action.name}\n" in page
    for field in (*action.fields, REGION_ID):
        assert f"| `{field.name}` |" in page
        assert f"| | `{field.name}` |" in table
    for shown in action.reply:
        assert f"| `{shown.name}` |" in page
        assert f"| | → `{shown.name}` |" in table


def test_the_page_shows_every_code() -> None:
    page = reference_page()
    assert [code for code in CODES if f"| `{code}` |" not in page] == []
    assert [code for code in ErrorCode if f"`{code}`" not in page] == []
    assert all(len(line) < 1_000 for line in page.splitlines())


# --- whatever comes -------------------------------------------------------------------------------

#: What is in nobody's range.
STRANGE = ["x" * 5_000, "動画\u202e\x00", "-1", "1" * 400, "1e999", "nan", "1_0", "--1", "[]", "<a>", "%00", "\ufffe"]


@EACH_ACTION
@pytest.mark.parametrize("form", ["JSON", "XML"])
@pytest.mark.parametrize("strange", STRANGE, ids=ascii)
def test_no_value_is_a_failure_inside(action: Action, form: str, strange: str, world: World) -> None:
    for field in (*action.fields, REGION_ID):
        request = world.request(action.name, {**valid(action), field.name: strange}, Format=form)
        reply = world.api.answer(request)
        assert reply.status < HTTPStatus.INTERNAL_SERVER_ERROR, field.name
        assert parsed(reply) is not None if form == "XML" else answered(reply)


@settings(max_examples=300, deadline=None)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "", "é"]),
    path=st.sampled_from(["/", "", "/prod/", "//", "/%2e%2e/é"]),
    query=st.text(max_size=200) | st.sampled_from(["", "AccessKeyId=a", "Format=XML&Action=ListTasks", "a=b&a=b"]),
    body=st.binary(max_size=200),
    headers=st.dictionaries(
        st.sampled_from(["host", "content-type", "authorization", "x-acs-action", "x-acs-date", "x-acs-version"]),
        st.text(max_size=80)
        | st.sampled_from([FORM, "ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host,Signature=b"]),
    ),
)
def test_no_request_is_a_failure_inside(
    method: str, path: str, query: str, body: bytes, headers: dict[str, str]
) -> None:
    world = World()
    reply = world.api.answer(HttpRequest(method, path, query, headers, body, "request-1"))
    assert HTTPStatus.BAD_REQUEST <= reply.status < HTTPStatus.INTERNAL_SERVER_ERROR
    assert reply.error_code in CODES


@settings(max_examples=200, deadline=None)
@given(
    layout=st.sampled_from(Layout),
    name=st.sampled_from(sorted(ACTIONS)),
    parameters=st.dictionaries(
        st.sampled_from(["TaskId", "TemplateId", "VideoUrl", "VideoName", "Status", "Format", "PageSize", "X"])
        | st.text(st.characters(codec="utf-8"), min_size=1, max_size=5),
        st.text(st.characters(codec="utf-8"), max_size=60),
        max_size=6,
    ),
)
def test_no_signed_request_is_a_failure_inside(layout: Layout, name: str, parameters: dict[str, str]) -> None:
    world = World()
    reply = world.api.answer(world.request(name, {**ONE_GIF, **parameters}, layout, KEY))
    assert reply.status < HTTPStatus.INTERNAL_SERVER_ERROR
    assert reply.error_code in CODES.keys() | {""}
    assert reply.error_code != "SignatureDoesNotMatch"
