"""``PullUpload``: a file is fetched from an address of the web."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from cliploop.application.start_task import StartOrder
from cliploop.dialects.fields import Anything, Field, Support, Text
from cliploop.dialects.operation import Call, ReplyField
from cliploop.dialects.refusal import Refusal
from cliploop.dialects.tencent_vod.action import Action, Json
from cliploop.dialects.tencent_vod.actions.start_fields import SESSION_CONTEXT, TASKS_PRIORITY, session_id
from cliploop.dialects.tencent_vod.actions.upload_fields import (
    CLASS_ID,
    EXPIRE_TIME,
    EXT_INFO,
    MEDIA_NAME,
    MEDIA_STORAGE_PATH,
    NO_COVERS,
    SOURCE_CONTEXT,
    check_expire_time,
    procedure,
    storage_region,
)
from cliploop.dialects.use_cases import UseCases
from cliploop.domain.errors import ErrorCode
from cliploop.domain.identity import VodTaskType, render_vod_task_id
from cliploop.domain.media_type import PLAYLIST_TYPES, read_media_type
from cliploop.domain.web_address import MAX_ADDRESS

_REGION = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def _pull(use: UseCases, call: Call) -> Json:
    _check_pulled_type(call["MediaType"], call["MediaUrl"])
    check_expire_time(call["ExpireTime"])
    if call["StorageRegion"] not in {"", use.uploads.region}:
        known = "InvalidParameterValue" if _REGION.fullmatch(call["StorageRegion"]) else "InvalidParameter"
        raise Refusal(
            f"{known}.StorageRegion", f"Files are kept in {use.uploads.region} only; leave StorageRegion out."
        )
    order = StartOrder(
        procedure=call["Procedure"].strip(),
        name=call["MediaName"],
        source_context=call["SourceContext"],
        session_id=call["SessionId"],
        session_context=call["SessionContext"],
        priority=call["TasksPriority"],
        token=call.token,
    )
    task = use.start.of_address(call.project, call["MediaUrl"], order)
    return {"TaskId": render_vod_task_id(call.project.app_id, task.task_id, VodTaskType.PULL_UPLOAD)}


def _check_pulled_type(said: str, address: str) -> None:
    """A type that is said must be one; an address that says none may still lead to a video."""
    if said and read_media_type(said) is None:
        raise Refusal("FailedOperation.MediaType", "MediaType is not the extension of a video, like mp4, or gif.")
    if not said and _extension(address) in PLAYLIST_TYPES:
        raise Refusal(
            "FailedOperation.MediaType", "Playlists (HLS, DASH) are not fetched; name the address of a video file."
        )


def _extension(address: str) -> str:
    try:
        path = urlsplit(address).path
    except ValueError:
        return ""  # not an address, which the next one to read it says
    return PurePosixPath(path).suffix.lower().removeprefix(".")


PULL_UPLOAD = Action(
    name="PullUpload",
    summary="Have a file fetched from an address of the web.",
    fields=(
        Field(
            "MediaUrl",
            Text(MAX_ADDRESS),
            "An address of the public internet, http or https.",
            required=True,
            support=Support.DIFFERS,
            note="playlists (HLS) are not fetched",
            code="InvalidParameterValue.MediaUrl",
        ),
        Field(
            "MediaType",
            Text(16),
            "The file's extension. What is in the file decides.",
            default="",
            support=Support.DIFFERS,
            note="videos and animated GIFs only",
            code="FailedOperation.MediaType",
        ),
        MEDIA_NAME,
        Field(
            "CoverUrl",
            Anything(),
            "The address of a cover.",
            support=Support.REFUSED,
            note=NO_COVERS,
            code="InvalidParameterValue.CoverUrl",
        ),
        procedure("was fetched"),
        EXPIRE_TIME,
        storage_region("InvalidParameter.StorageRegion"),
        CLASS_ID,
        TASKS_PRIORITY,
        SESSION_CONTEXT,
        session_id("three days"),
        EXT_INFO,
        SOURCE_CONTEXT,
        MEDIA_STORAGE_PATH,
    ),
    reply=(ReplyField("TaskId", "The task's id, for `DescribeTaskDetail`."),),
    codes=(
        "FailedOperation",
        "FailedOperation.CoverType",
        "FailedOperation.InvalidVodUser",
        "FailedOperation.MediaType",
        "InternalError",
        "InvalidParameter.ExpireTime",
        "InvalidParameter.StorageRegion",
        "InvalidParameterValue",
        "InvalidParameterValue.CoverUrl",
        "InvalidParameterValue.ExpireTime",
        "InvalidParameterValue.MediaStoragePath",
        "InvalidParameterValue.MediaUrl",
        "InvalidParameterValue.SessionContextTooLong",
        "InvalidParameterValue.SessionId",
        "InvalidParameterValue.SessionIdTooLong",
        "InvalidParameterValue.StorageRegion",
        "ResourceNotFound.CoverUrl",
        "ResourceNotFound.UserNotExist",
        "UnauthorizedOperation",
    ),
    mutates=True,
    answer=_pull,
    errors={
        ErrorCode.ADDRESS_REFUSED: "InvalidParameterValue.MediaUrl",
        ErrorCode.PROCEDURE_NOT_FOUND: "InvalidParameterValue",
        ErrorCode.SESSION_REPEATED: "InvalidParameterValue.SessionId",
        ErrorCode.TASK_ID_COLLISION: "FailedOperation",
    },
    never={
        "FailedOperation.CoverType": "a cover is refused whatever it is (InvalidParameterValue.CoverUrl)",
        "FailedOperation.InvalidVodUser": "there is no account to activate",
        "ResourceNotFound.CoverUrl": "a cover is not looked for (InvalidParameterValue.CoverUrl)",
        "ResourceNotFound.UserNotExist": "there are no users besides the project",
    },
)
