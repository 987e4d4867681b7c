"""Actions on events: fetching them from the queue, and saying how a project wants to hear of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cliploop.dialects.fields import Choice, Field, ListOf, Support, Text
from cliploop.dialects.operation import Call, ReplyField
from cliploop.dialects.tencent_vod.action import Action, Json
from cliploop.dialects.tencent_vod.procedure_task import ADDED
from cliploop.dialects.use_cases import UseCases
from cliploop.domain.errors import ErrorCode, InvalidRequestError
from cliploop.domain.event_settings import EventMode

_MOST_HANDLES = 16
_SIGN_KEY = re.compile(r"[A-Za-z0-9]{0,32}")

_SWITCHES = {
    "UploadMediaCompleteEventSwitch": "tells_uploads",
    "DeleteMediaCompleteEventSwitch": "tells_deletions",
    "PersistenceCompleteEventSwitch": "tells_persistence",
}
_CHANGES = {"NotificationUrl": "notification_url", "SignKey": "sign_key"} | _SWITCHES

_NEVER = {
    "FailedOperation": "what can fail here has a code of its own",
    "FailedOperation.InvalidVodUser": "there is no account to activate",
}

_EXT_INFO = Field(
    "ExtInfo",
    Text(),
    "Nothing.",
    support=Support.IGNORED,
    note="the vendor keeps it for purposes that it doesn't name",
)


def _pull_events(use: UseCases, call: Call) -> Json:
    queued = use.events.pull(call.project.project_id)
    return {"EventSet": [{"EventHandle": each.handle, **_without_additions(each.event)} for each in queued]}


def _without_additions(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_additions(field) for name, field in value.items() if name not in ADDED}
    return [_without_additions(each) for each in value] if isinstance(value, list) else value


def _confirm_events(use: UseCases, call: Call) -> Json:
    handles = call["EventHandles"]
    if not handles:
        raise InvalidRequestError("EventHandles", "EventHandles is empty; it takes the handles of pulled events.")
    use.events.confirm(call.project.project_id, handles)
    return {}


def _describe_event_config(use: UseCases, call: Call) -> Json:
    settings = use.event_settings.get(call.project.project_id)
    switches = {theirs: "ON" if getattr(settings, ours) else "OFF" for theirs, ours in _SWITCHES.items()}
    return {"Mode": settings.mode.value, "NotificationUrl": settings.notification_url, **switches}


def _modify_event_config(use: UseCases, call: Call) -> Json:
    if not _SIGN_KEY.fullmatch(call["SignKey"] or ""):
        raise InvalidRequestError("SignKey", "SignKey has at most 32 characters, all of them letters and digits.")
    changes = {ours: call[theirs] for theirs, ours in _CHANGES.items() if call[theirs] is not None}
    changes |= {ours: changes[ours] == "ON" for ours in _SWITCHES.values() if ours in changes}
    if call["Mode"] is not None:
        changes["mode"] = EventMode(call["Mode"])
    use.event_settings.modify(call.project.project_id, changes)
    return {}


def _switch(name: str, meaning: str, note: str = "") -> Field:
    support = Support.IGNORED if note else Support.DONE
    return Field(name, Choice(("ON", "OFF")), meaning, support=support, note=note)


_PULL_EVENTS = Action(
    name="PullEvents",
    summary="The oldest events of the queue, at most 16, each hidden for 30 s; waits up to 5 s for the first one.",
    fields=(_EXT_INFO,),
    reply=(
        ReplyField(
            "EventSet",
            "The events, each with a handle.",
            Support.DIFFERS,
            "there are `ProcedureStateChanged`, `NewFileUpload` and `PullComplete`",
        ),
    ),
    codes=(
        "FailedOperation",
        "FailedOperation.InvalidVodUser",
        "InternalError",
        "InvalidParameterValue",
        "ResourceNotFound",
        "UnauthorizedOperation",
    ),
    mutates=False,  # a repeat shows other events, or none: there is no answer to keep
    answer=_pull_events,
    errors={ErrorCode.EVENTS_NOT_QUEUED: "ResourceNotFound"},
    never=_NEVER,
)

_CONFIRM_EVENTS = Action(
    name="ConfirmEvents",
    summary="Has pulled events never come back; all of them, or none where one handle is older than 30 s.",
    fields=(
        Field("EventHandles", ListOf(Text(), _MOST_HANDLES), "The `EventHandle`s of pulled events.", required=True),
        _EXT_INFO,
    ),
    reply=(),
    codes=(
        "FailedOperation",
        "FailedOperation.InvalidVodUser",
        "InternalError",
        "InvalidParameterValue",
        "UnauthorizedOperation",
    ),
    mutates=True,
    answer=_confirm_events,
    errors={ErrorCode.EVENT_HANDLE_INVALID: "InvalidParameterValue"},
    never=_NEVER,
)

_CONFIG_CODES = (
    "FailedOperation",
    "FailedOperation.InvalidVodUser",
    "InternalError",
    "InvalidParameter",
    "UnauthorizedOperation",
)

_DESCRIBE_EVENT_CONFIG = Action(
    name="DescribeEventConfig",
    summary="How the project hears of events. The event bus of the stack carries them in any case.",
    fields=(),
    reply=(
        ReplyField("Mode", "`PUSH` (callbacks, the default) or `PULL` (the queue)."),
        ReplyField("NotificationUrl", "Where callbacks go; empty: nowhere."),
        ReplyField("UploadMediaCompleteEventSwitch", "Whether `NewFileUpload` is told."),
        ReplyField("DeleteMediaCompleteEventSwitch", "As it was set.", Support.IGNORED, "cliploop deletes no files"),
        ReplyField(
            "PersistenceCompleteEventSwitch", "As it was set.", Support.IGNORED, "there are no live recordings"
        ),
    ),
    codes=_CONFIG_CODES,
    mutates=False,
    answer=_describe_event_config,
    never=_NEVER,
)

_MODIFY_EVENT_CONFIG = Action(
    name="ModifyEventConfig",
    summary="Changes how the project hears of events; what is absent stays as it is.",
    fields=(
        Field("Mode", Choice(tuple(EventMode)), "By callback, or through PullEvents."),
        Field(
            "NotificationUrl",
            Text(),
            "Where callbacks go; an empty one takes the address away.",
            support=Support.DIFFERS,
            note="http or https, without a password, and public unless the stack's operator allows the host",
        ),
        _switch("UploadMediaCompleteEventSwitch", "Whether `NewFileUpload` is told."),
        _switch("DeleteMediaCompleteEventSwitch", "Kept, and described again.", "cliploop deletes no files"),
        _switch("PersistenceCompleteEventSwitch", "Kept, and described again.", "there are no live recordings"),
        Field(
            "SignKey",
            Text(),
            "Signs callbacks: letters and digits, at most 32; an empty one takes the key away.",
            support=Support.DIFFERS,
            note="the vendor doesn't say where in a callback `Sign` and `T` stand; here beside `EventType`",
        ),
    ),
    reply=(),
    codes=_CONFIG_CODES,
    mutates=True,
    answer=_modify_event_config,
    errors={ErrorCode.ADDRESS_REFUSED: "InvalidParameter"},
    never=_NEVER,
)

ACTIONS = (_PULL_EVENTS, _CONFIRM_EVENTS, _DESCRIBE_EVENT_CONFIG, _MODIFY_EVENT_CONFIG)
