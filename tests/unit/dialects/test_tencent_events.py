from __future__ import annotations

import json
from typing import Any, cast

import pytest
from tencentcloud.vod.v20180717 import models

from cliploop.application.manage_event_settings import ManageEventSettings
from cliploop.application.read_events import HIDDEN_MS, ReadEvents
from cliploop.dialects.operation import Call
from cliploop.dialects.refusal import Refusal
from cliploop.dialects.tencent_vod.action import Action
from cliploop.dialects.tencent_vod.actions.events import ACTIONS
from cliploop.dialects.use_cases import UseCases
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.event_settings import EventMode, EventSettings
from cliploop.domain.project import Project
from cliploop.domain.web_address import AllowedTargets
from cliploop.testing import SettableClock
from cliploop.testing.in_memory_events import InMemoryEventQueue, InMemoryEventSettingsStore
from tests.unit.dialects.tencent_world import World

PROJECT = Project("p" * 32, 1256768367)
BY_NAME = {action.name: action for action in ACTIONS}
EVENT = {"EventType": "PullComplete", "PullCompleteEvent": {"TaskId": "t", "FileId": "5"}}


class Events:
    """The use cases behind the four actions, and what they keep."""

    def __init__(self) -> None:
        self.clock = SettableClock()
        self.queue = InMemoryEventQueue()
        self.settings = InMemoryEventSettingsStore()
        self.events = ReadEvents(self.queue, self.settings, self.clock, self._sleep)
        self.event_settings = ManageEventSettings(self.settings, AllowedTargets())

    def _sleep(self, seconds: float) -> None:
        self.clock.advance(round(seconds * 1000))

    def add(self, count: int) -> None:
        for number in range(count):
            self.queue.add(PROJECT.project_id, f"{number:032x}", EVENT, self.clock.now_ms())


@pytest.fixture
def use() -> Events:
    return Events()


def ask(use: Events, name: str, **parameters: Any) -> dict[str, Any]:
    action = BY_NAME[name]
    values = action.read(parameters, textual=False)
    return action.answer(cast("UseCases", use), Call(PROJECT, "token", values))


def refusal(use: Events, name: str, **parameters: Any) -> str:
    """The code that the frame refuses a request with."""
    action = BY_NAME[name]
    with pytest.raises((Refusal, CliploopError)) as raised:
        ask(use, name, **parameters)
    return code(action, raised.value)


def code(action: Action, error: Exception) -> str:
    if isinstance(error, Refusal):
        return error.code
    assert isinstance(error, CliploopError)
    return action.refusal_of(error).code


def handles(use: Events) -> list[str]:
    return [event["EventHandle"] for event in ask(use, "PullEvents")["EventSet"]]


def test_pulled_events_are_what_a_callback_carries_and_a_handle(use: Events) -> None:
    use.add(17)
    reply = ask(use, "PullEvents", ExtInfo="x")
    assert len(reply["EventSet"]) == 16
    assert [{**event, "EventHandle": ""} for event in reply["EventSet"]] == [EVENT | {"EventHandle": ""}] * 16
    assert len({event["EventHandle"] for event in reply["EventSet"]}) == 16


def test_the_vendors_client_reads_them(use: Events) -> None:
    use.add(1)
    response = models.PullEventsResponse()
    response._deserialize(ask(use, "PullEvents") | {"RequestId": "r"})
    (event,) = response.EventSet
    assert (event.EventType, event.PullCompleteEvent.FileId) == ("PullComplete", "5")
    request = models.ConfirmEventsRequest()
    request.EventHandles = [event.EventHandle]
    assert ask(use, "ConfirmEvents", **json.loads(request.to_json_string())) == {}
    use.clock.advance(HIDDEN_MS)
    use.settings.put(PROJECT.project_id, EventSettings(EventMode.PULL))
    assert ask(use, "PullEvents") == {"EventSet": []}


def test_a_project_that_is_called_back_has_nothing_to_pull(use: Events) -> None:
    assert refusal(use, "PullEvents") == "ResourceNotFound"


def test_confirming_the_same_twice_is_no_error(use: Events) -> None:
    use.add(2)
    mine = handles(use)
    assert ask(use, "ConfirmEvents", EventHandles=mine) == {}
    assert ask(use, "ConfirmEvents", EventHandles=mine, ExtInfo="") == {}


def test_a_handle_is_good_for_thirty_seconds(use: Events) -> None:
    use.add(1)
    mine = handles(use)
    use.clock.advance(HIDDEN_MS)
    assert refusal(use, "ConfirmEvents", EventHandles=mine) == "InvalidParameterValue"


@pytest.mark.parametrize("wrong", [[], ["EventHandle.1"], [""], ["x"] * 17, ["x" * 5_000]])
def test_handles_that_are_none_are_refused(use: Events, wrong: list[str]) -> None:
    assert refusal(use, "ConfirmEvents", EventHandles=wrong) == "InvalidParameterValue"


def test_handles_must_be_there(use: Events) -> None:
    assert refusal(use, "ConfirmEvents") == "MissingParameter"


@pytest.mark.parametrize("name", ["PullEvents", "ConfirmEvents"])
def test_a_reserved_field_that_is_too_long_is_refused(use: Events, name: str) -> None:
    wanted = {"EventHandles": ["x"]} if name == "ConfirmEvents" else {}
    assert refusal(use, name, ExtInfo="x" * 5_000, **wanted) == "InvalidParameterValue"


AT_FIRST = {
    "Mode": "PUSH",
    "NotificationUrl": "",
    "UploadMediaCompleteEventSwitch": "OFF",
    "DeleteMediaCompleteEventSwitch": "OFF",
    "PersistenceCompleteEventSwitch": "OFF",
}


def test_at_first_nothing_is_told_but_on_the_bus(use: Events) -> None:
    assert ask(use, "DescribeEventConfig") == AT_FIRST


CHANGES: list[dict[str, str]] = [
    {},
    {"Mode": "PULL"},
    {"NotificationUrl": "https://example.com/cb?a=1"},
    {"UploadMediaCompleteEventSwitch": "ON"},
    {"DeleteMediaCompleteEventSwitch": "ON", "PersistenceCompleteEventSwitch": "ON"},
    {"Mode": "PULL", "NotificationUrl": "http://203.0.114.1:8080/", "UploadMediaCompleteEventSwitch": "ON"},
]


@pytest.mark.parametrize("changes", CHANGES)
def test_what_is_changed_is_described_and_the_rest_stays(use: Events, changes: dict[str, str]) -> None:
    assert ask(use, "ModifyEventConfig", **changes) == {}
    assert ask(use, "DescribeEventConfig") == AT_FIRST | changes
    back = {name: AT_FIRST[name] for name in changes}
    ask(use, "ModifyEventConfig", **back)
    assert ask(use, "DescribeEventConfig") == AT_FIRST


def test_a_sign_key_is_kept_and_never_shown(use: Events) -> None:
    key = "aB3" * 10 + "xy"
    ask(use, "ModifyEventConfig", SignKey=key)
    assert use.settings.get(PROJECT.project_id).sign_key == key
    assert key not in str(ask(use, "DescribeEventConfig"))
    ask(use, "ModifyEventConfig", Mode="PULL")
    assert use.settings.get(PROJECT.project_id).sign_key == key
    ask(use, "ModifyEventConfig", SignKey="")
    assert use.settings.get(PROJECT.project_id).sign_key == ""


WRONG: list[dict[str, Any]] = [
    {"Mode": "push"},
    {"Mode": ""},
    {"Mode": 1},
    {"UploadMediaCompleteEventSwitch": "on"},
    {"DeleteMediaCompleteEventSwitch": True},
    {"PersistenceCompleteEventSwitch": "YES"},
    {"SignKey": "x" * 33},
    {"SignKey": "a b"},
    {"SignKey": "é"},
    {"SignKey": "abc\n"},
    {"NotificationUrl": "example.com"},
    {"NotificationUrl": "ftp://example.com/"},
    {"NotificationUrl": "http://127.0.0.1/"},
    {"NotificationUrl": "http://169.254.169.254/latest/meta-data"},
    {"NotificationUrl": "https://me:secret@example.com/"},
    {"NotificationUrl": "https://example.com/".ljust(5_000, "x")},
    {"NotificationUrl": 7},
]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_a_wrong_setting_changes_nothing(use: Events, wrong: dict[str, Any]) -> None:
    assert (
        refusal(use, "ModifyEventConfig", **{"UploadMediaCompleteEventSwitch": "ON", **wrong}) == "InvalidParameter"
    )
    assert use.settings.get(PROJECT.project_id) == EventSettings()


@pytest.mark.parametrize("name", ["DescribeEventConfig", "ModifyEventConfig"])
def test_a_field_of_the_wrong_type_is_an_invalid_parameter(use: Events, name: str) -> None:
    assert refusal(use, name, SubAppId="mine") == "InvalidParameter"


def test_the_vendors_client_reads_the_settings(use: Events) -> None:
    request = models.ModifyEventConfigRequest()
    request.Mode, request.NotificationUrl, request.SignKey = "PULL", "https://example.com/cb", "abc"
    sent = {name: value for name, value in json.loads(request.to_json_string()).items() if value is not None}
    ask(use, "ModifyEventConfig", **sent)
    response = models.DescribeEventConfigResponse()
    response._deserialize(ask(use, "DescribeEventConfig") | {"RequestId": "r"})
    assert (response.Mode, response.NotificationUrl) == ("PULL", "https://example.com/cb")
    assert response.UploadMediaCompleteEventSwitch == "OFF"


REQUESTS = {
    "PullEvents": models.PullEventsRequest,
    "ConfirmEvents": models.ConfirmEventsRequest,
    "DescribeEventConfig": models.DescribeEventConfigRequest,
    "ModifyEventConfig": models.ModifyEventConfigRequest,
}


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_every_field_of_the_vendors_is_known(action: Action) -> None:
    theirs = {name for name in vars(REQUESTS[action.name]) if isinstance(vars(REQUESTS[action.name])[name], property)}
    assert {field.name for field in action.fields} | {"SubAppId"} == theirs


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_what_the_operation_answers_with_is_documented_for_it(action: Action) -> None:
    assert set(action.errors.values()) | set(action.never) <= set(action.codes)
    assert not set(action.errors.values()) & set(action.never)
    assert set(action.errors) <= set(ErrorCode)


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("PullEvents", {}, "ResourceNotFound"),  # the project's events are pushed
    ("PullEvents", {"ExtInfo": "x" * 5_000}, "InvalidParameterValue"),
    ("ConfirmEvents", {"EventHandles": []}, "InvalidParameterValue"),
    ("ConfirmEvents", {"EventHandles": ["x"] * 17}, "InvalidParameterValue"),
    ("ConfirmEvents", {"EventHandles": ["never handed out"]}, "InvalidParameterValue"),
    ("DescribeEventConfig", {"SubAppId": "seven"}, "InvalidParameter"),
    ("ModifyEventConfig", {"Mode": "POLL"}, "InvalidParameter"),
    ("ModifyEventConfig", {"SignKey": "no-punctuation"}, "InvalidParameter"),
    ("ModifyEventConfig", {"NotificationUrl": "http://10.0.0.1/told"}, "InvalidParameter"),
]


@pytest.mark.parametrize(("name", "parameters", "expected"), REFUSED)
def test_a_wrong_request_gets_the_vendors_code(name: str, parameters: dict[str, Any], expected: str) -> None:
    assert World().code(name, **parameters) == expected


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_every_code_of_the_vendors_is_provoked_or_explained(action: Action) -> None:
    provoked = {code for name, _, code in REFUSED if name == action.name}
    of_the_frame = {"InternalError", "UnauthorizedOperation"}  # tests/unit/dialects/test_tencent_api.py
    assert provoked | set(action.never) | of_the_frame == set(action.codes)
