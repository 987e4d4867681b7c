"""The frame around every action: who calls, what is asked, and that whatever comes is answered in the vendor's way."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tencentcloud.vod.v20180717 import models

from cliploop.dialects.fields import Kind, ListOf
from cliploop.dialects.tencent_vod.action import SUB_APP_ID, Action
from cliploop.dialects.tencent_vod.actions.table import ACTIONS
from cliploop.dialects.tencent_vod.errors import API_CODES
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.identity import render_vod_task_id
from tests.unit.dialects.tencent_world import FOREIGN_KEY, PROJECT, World, response

#: Codes of the vendor's API as a whole; any action may answer with them.
OF_ANY_ACTION = {
    "MissingParameter",
    "UnknownParameter",
    "InvalidParameter",
    "UnsupportedOperation",
    "UnauthorizedOperation",
    "InternalError",
}
#: What is in nobody's range.
STRANGE: list[Any] = [
    "",
    "x" * 5_000,
    "動画\u202e\x00",
    "\ud800",
    -1,
    10**30,
    1.5,
    1e308,
    True,
    [],
    [[]],
    [None],
    ["x"] * 200,
    {},
    {"Definition": {}},
    {"AnimatedGraphicTaskSet": [{"Definition": "x"}]},
    {"AnimatedGraphicTaskSet": "x"},
]
EACH_ACTION = pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS)


@pytest.fixture
def world() -> World:
    return World()


# --- the table ------------------------------------------------------------------------------------


@EACH_ACTION
def test_an_action_knows_every_field_of_the_vendors_model_and_no_other(action: Action) -> None:
    request = getattr(models, f"{action.name}Request")
    vendors = {name for name, value in vars(request).items() if isinstance(value, property)}
    assert {field.name for field in (*action.fields, SUB_APP_ID)} == vendors


@EACH_ACTION
def test_a_reply_has_only_fields_of_the_vendors_model(action: Action) -> None:
    reply = getattr(models, f"{action.name}Response")
    vendors = {name for name, value in vars(reply).items() if isinstance(value, property)}
    top = {field.name.partition(".")[0] for field in action.reply} - {"RequestId"}
    assert top <= vendors


@EACH_ACTION
def test_what_is_said_never_to_happen_is_of_the_vendors_list(action: Action) -> None:
    assert action.never.keys() <= set(action.codes)
    assert all(action.never.values())


def test_our_codes_become_codes_that_the_vendor_documents() -> None:
    vendors = OF_ANY_ACTION.union(*(action.codes for action in ACTIONS.values())) | {
        "InvalidParameterValue.ModifyDefaultTemplate"  # of the vendor's table, though of no operation's list
    }
    assert set(API_CODES.values()) <= vendors


# --- who calls ------------------------------------------------------------------------------------


@EACH_ACTION
def test_a_key_of_another_project_reaches_nothing(action: Action, world: World) -> None:
    assert world.send(action.name, b"{}", FOREIGN_KEY)["Error"]["Code"] in {
        "UnauthorizedOperation",
        "MissingParameter",
    }
    assert world.send(action.name, b'{"SubAppId": 7}', FOREIGN_KEY)["Error"]["Code"] in {
        "UnauthorizedOperation",
        "MissingParameter",
    }


@EACH_ACTION
def test_the_sub_application_of_somebody_else_is_refused(action: Action, world: World) -> None:
    code = "InvalidParameterValue.SubAppId"
    expected = code if code in action.codes else "UnauthorizedOperation"
    assert world.code(action.name, **valid(action), SubAppId=7) == expected


def valid(action: Action) -> dict[str, Any]:
    """A request that only what is behind the action can fail."""
    needed = {field.name: example(field.kind) for field in action.fields if field.required}
    images = {"MediaProcessTask": {"AnimatedGraphicTaskSet": [{"Definition": 20000}]}}
    by_name: dict[str, dict[str, Any]] = {
        "CreateProcedureTemplate": images,
        "ResetProcedureTemplate": images,
        "ProcessMedia": {"FileId": "1"} | images,
        "ProcessMediaByProcedure": {"FileId": "1"},
        "DescribeTaskDetail": {"TaskId": render_vod_task_id(PROJECT.app_id, 1)},
        "ManageTask": {"TaskId": render_vod_task_id(PROJECT.app_id, 1), "OperationType": "Abort"},
        "PullUpload": {"MediaUrl": "https://example.com/a.mp4"},
        "ApplyUpload": {"MediaType": "mp4"},
        "DescribeMediaInfos": {"FileIds": ["1"]},
        "ConfirmEvents": {"EventHandles": ["x"]},
        "CreateAnimatedGraphicsTemplate": {"Fps": 2},
    }
    return needed | by_name.get(action.name, {})


def example(kind: Kind) -> Any:
    """A value that a field of this kind takes."""
    for value in (1, "x", "mp4", 20000, ["x"], {}, *getattr(kind, "words", ())):
        try:
            kind.read(value, "f", textual=False)
        except Exception:  # noqa: BLE001, S112  # then the next one
            continue
        return value
    return [example(kind.kind)] if isinstance(kind, ListOf) else {}


@EACH_ACTION
def test_an_unsigned_request_is_refused(action: Action, world: World) -> None:
    request = world.request(action.name, b"{}")
    headers = {name: value for name, value in request.headers.items() if name != "authorization"}
    reply = response(world.api.answer(type(request)("POST", "/", "", headers, b"{}", "request-1")))
    assert reply["Error"]["Code"] in {"MissingParameter", "AuthFailure.InvalidAuthorization"}
    assert not world.tasks.rows
    assert not world.signed.actions


def test_a_signature_serves_for_one_action_that_changes_something(world: World) -> None:
    body = b'{"Name": "flow", "MediaProcessTask": {"AnimatedGraphicTaskSet": [{"Definition": 20000}]}}'
    assert "Error" not in world.send("CreateProcedureTemplate", body)
    assert world.send("ResetProcedureTemplate", body)["Error"]["Code"] == "AuthFailure.SignatureFailure"
    assert "Error" not in world.send("CreateProcedureTemplate", body)  # the first answer once more
    assert "Error" not in world.send("DescribeEventConfig", b"{}")
    assert "Error" not in world.send("DescribeEventConfig", b"{}")


def test_an_identical_repeat_gets_the_first_answer_and_starts_nothing(world: World) -> None:
    task = {"AnimatedGraphicTaskSet": [{"Definition": 20000}]}
    body = json.dumps({"FileId": world.file_id, "MediaProcessTask": task}).encode()
    first = world.send("ProcessMedia", body)
    assert world.send("ProcessMedia", body) == first
    assert len(world.tasks.rows) == 1
    world.signed.answers.clear()  # the first one died before its answer was kept
    assert world.send("ProcessMedia", body) == first
    assert len(world.tasks.rows) == 1


@pytest.mark.parametrize("late_s", [-301, 301])
def test_a_signature_is_good_for_five_minutes(world: World, late_s: int) -> None:
    request = world.request("DescribeEventConfig", b"{}")
    world.clock.advance(late_s * 1000)
    assert response(world.api.answer(request))["Error"]["Code"] == "AuthFailure.SignatureExpire"


def test_keys_that_cannot_be_read_are_an_error_inside(world: World) -> None:
    world.callers.failure = CliploopError(ErrorCode.UNAVAILABLE, "Later.", retryable=True)
    assert world.code("DescribeEventConfig") == "InternalError"


# --- what is asked --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["NoSuchAction", "", "processmedia", "x" * 10_000, "__init__", "動画"])
def test_an_unknown_action(world: World, name: str) -> None:
    assert world.code(name) in {"InvalidAction", "MissingParameter"}


@EACH_ACTION
def test_an_unknown_field_is_refused_and_named(action: Action, world: World) -> None:
    error = world.ask(action.name, Sesion="typo")["Error"]
    assert error["Code"] == "UnknownParameter"
    assert "Sesion" in error["Message"]


@EACH_ACTION
def test_no_value_of_any_field_breaks_an_action(action: Action, world: World) -> None:
    needed = {field.name: example(field.kind) for field in action.fields if field.required}
    allowed = OF_ANY_ACTION | set(action.codes) | set(action.errors.values())
    for field in action.fields:
        allowed |= {field.code} if field.code else set()
        for value in STRANGE:
            code = world.code(action.name, **{**needed, field.name: value})
            assert code != "InternalError", (field.name, value)
            assert code in allowed or not code or code.startswith("InvalidParameterValue."), (field.name, value, code)


@EACH_ACTION
def test_what_nobody_foresaw_is_the_vendors_internal_error(action: Action, world: World) -> None:
    reply = world.broken().ask(action.name, **valid(action))
    assert reply["Error"]["Code"] == ("FailedOperation" if action.name == "ProcessMediaByUrl" else "InternalError")
    assert "None" not in reply["Error"]["Message"]  # nothing of the inside


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", ""),
        (b"null", "InvalidParameter"),
        (b"[]", "InvalidParameter"),
        (b"{", "InvalidParameter"),
        (b'{"Offset": NaN}', "InvalidParameter"),
        (b'{"Offset": 1, "Offset": 2}', "InvalidParameter"),
        (b"\xff\xfe", "InvalidParameter"),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, "InvalidParameter"),
        (b'{"Offset": ' + b"9" * 5_000 + b"}", "InvalidParameter"),
        (b" " * (1024 * 1024 + 1), "RequestSizeLimitExceeded"),
    ],
)
def test_a_malformed_body(world: World, body: bytes, code: str) -> None:
    reply = world.send("DescribeAnimatedGraphicsTemplates", body)
    assert reply.get("Error", {}).get("Code", "") == code


@settings(max_examples=150, deadline=None)
@given(
    action=st.sampled_from(sorted(ACTIONS)),
    parameters=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
        max_leaves=12,
    ),
)
def test_any_request_is_answered_in_the_vendors_way(action: str, parameters: Any) -> None:
    body = json.dumps(parameters).encode()
    assert World().send(action, body).get("Error", {}).get("Code") != "InternalError"


@given(st.binary(max_size=200), st.text(max_size=60), st.sampled_from(["POST", "GET", "PUT", "HEAD"]))
def test_any_bytes_are_answered_in_the_vendors_way(body: bytes, query: str, method: str) -> None:
    world = World()
    request = world.request("DescribeEventConfig", body)
    response(world.api.answer(type(request)(method, "/", query, request.headers, body, "request-1")))
    response(world.api.answer(type(request)(method, "/", query, {}, body, "request-1")))
