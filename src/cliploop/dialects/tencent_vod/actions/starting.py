"""Actions that start tasks."""

from __future__ import annotations

from cliploop.application.start_task import SESSION_WINDOW_MS, StartOrder
from cliploop.dialects.fields import Choice, Field, Record, Support, Text
from cliploop.dialects.operation import Call, ReplyField
from cliploop.dialects.refusal import Refusal
from cliploop.dialects.tencent_vod.action import Action, Json
from cliploop.dialects.tencent_vod.actions.listing import NO_ACCOUNT
from cliploop.dialects.tencent_vod.actions.start_fields import (
    AI_TASKS,
    FILE_ID,
    MEDIA_STORAGE_PATH,
    SESSION_CONTEXT,
    TASKS_NOTIFY_MODE,
    TASKS_PRIORITY,
    session_id,
)
from cliploop.dialects.tencent_vod.actions.upload_fields import EXT_INFO
from cliploop.dialects.tencent_vod.actions.uses import MEDIA_PROCESS_TASK, read_references
from cliploop.dialects.use_cases import UseCases
from cliploop.domain.errors import ErrorCode, InvalidRequestError
from cliploop.domain.identity import parse_decimal_task_id, render_vod_task_id
from cliploop.domain.procedure import NotifyMode, TemplateReference
from cliploop.domain.project import Project
from cliploop.domain.task import Task
from cliploop.domain.web_address import MAX_ADDRESS

#: ProcessMediaByProcedure: "within the past 7 days"; the others say three.
_LONG_SESSION_WINDOW_MS = 7 * 24 * 3_600_000


def _process_media(use: UseCases, call: Call) -> Json:
    references = read_references(call["MediaProcessTask"])
    order = _order(call, SESSION_WINDOW_MS, references=references)
    if not call["FileId"] and call["Url"]:
        task = use.start.of_address(call.project, call["Url"], order)
    else:
        task = use.start.of_file(call.project, _file_id(call), order)
    return _started(call.project, task)


def _process_media_by_procedure(use: UseCases, call: Call) -> Json:
    order = _order(call, _LONG_SESSION_WINDOW_MS, procedure=call["ProcedureName"])
    if not order.procedure:
        raise InvalidRequestError("ProcedureName", "ProcedureName is empty; name a procedure.")
    task = use.start.of_file(call.project, _file_id(call), order)
    return {**_started(call.project, task), "ReviewAudioVideoTaskId": "", "ImportMediaKnowledgeTaskIdSet": []}


def _process_media_by_url(_use: UseCases, _call: Call) -> Json:
    raise Refusal(
        "FailedOperation",
        "ProcessMediaByUrl cannot ask for animated images any more; call ProcessMedia with Url, or PullUpload.",
    )


def _order(
    call: Call, window_ms: int, *, references: tuple[TemplateReference, ...] = (), procedure: str = ""
) -> StartOrder:
    return StartOrder(
        references=references,
        procedure=procedure,
        session_id=call["SessionId"],
        session_window_ms=window_ms,
        session_context=call["SessionContext"],
        priority=call["TasksPriority"],
        notify_mode=NotifyMode(call["TasksNotifyMode"] or NotifyMode.FINISH),
        token=call.token,
    )


def _file_id(call: Call) -> int:
    file_id = parse_decimal_task_id(call["FileId"])
    if file_id is None:
        raise InvalidRequestError("FileId", "FileId is not the number of a file; an upload tells it.")
    return file_id


def _started(project: Project, task: Task) -> Json:
    return {"TaskId": render_vod_task_id(project.app_id, task.task_id)}


_REPLY = (ReplyField("TaskId", "The task's id, for `DescribeTaskDetail`."),)

_PROCESS_MEDIA = Action(
    name="ProcessMedia",
    summary="Makes animated images of a file, or of what lies at an address of the web.",
    fields=(
        FILE_ID,
        MEDIA_STORAGE_PATH,
        MEDIA_PROCESS_TASK,
        *AI_TASKS,
        TASKS_PRIORITY,
        TASKS_NOTIFY_MODE,
        SESSION_CONTEXT,
        session_id("three days"),
        EXT_INFO,
        Field(
            "Url",
            Text(MAX_ADDRESS),
            "Where to fetch the source from, if there is no FileId; it becomes a file.",
            default="",
            support=Support.DIFFERS,
            note="http or https, of the public internet; no playlists (HLS)",
        ),
        Field(
            "OutputAsIndependentMedia",
            Choice(("ON", "OFF", "")),
            "Whether results become files.",
            support=Support.IGNORED,
            note="as with the vendor's animated images, which are results of their file in either case",
        ),
    ),
    reply=_REPLY,
    codes=(
        "FailedOperation",
        "FailedOperation.InvalidVodUser",
        "FailedOperation.NoNeedToReduceMediaBitrate",
        "FailedOperation.TaskDuplicate",
        "InternalError",
        "InvalidParameter",
        "InvalidParameterValue",
        "InvalidParameterValue.AiAnalysisTaskDefinition",
        "InvalidParameterValue.AiContentReviewTaskDefinition",
        "InvalidParameterValue.AiRecognitionTaskDefinition",
        "InvalidParameterValue.FileId",
        "InvalidParameterValue.SessionContextTooLong",
        "InvalidParameterValue.SessionId",
        "InvalidParameterValue.SessionIdTooLong",
        "InvalidParameterValue.SubAppId",
        "UnauthorizedOperation",
    ),
    mutates=True,
    answer=_process_media,
    errors={
        ErrorCode.ADDRESS_REFUSED: "InvalidParameterValue",
        ErrorCode.FILE_NOT_FOUND: "InvalidParameterValue.FileId",
        ErrorCode.SESSION_REPEATED: "InvalidParameterValue.SessionId",
        ErrorCode.TASK_ID_COLLISION: "FailedOperation",
    },
    never=NO_ACCOUNT
    | {
        "FailedOperation.NoNeedToReduceMediaBitrate": "no bitrate is reduced",
        "FailedOperation.TaskDuplicate": "a repeated session id is InvalidParameterValue.SessionId",
    },
)

_PROCESS_MEDIA_BY_PROCEDURE = Action(
    name="ProcessMediaByProcedure",
    summary="Makes the animated images of a procedure from a file.",
    fields=(
        Field("ProcedureName", Text(128), "The procedure to run.", required=True),
        FILE_ID,
        MEDIA_STORAGE_PATH,
        TASKS_PRIORITY,
        TASKS_NOTIFY_MODE,
        SESSION_CONTEXT,
        session_id("seven days"),
        EXT_INFO,
    ),
    reply=(
        *_REPLY,
        ReplyField("ReviewAudioVideoTaskId", "Empty.", Support.DIFFERS, "nothing is moderated"),
        ReplyField(
            "ImportMediaKnowledgeTaskIdSet", "Empty.", Support.DIFFERS, "nothing is imported into knowledge bases"
        ),
    ),
    codes=(
        "FailedOperation",
        "FailedOperation.InvalidVodUser",
        "InternalError",
        "InvalidParameter",
        "InvalidParameterValue",
        "InvalidParameterValue.FileId",
        "InvalidParameterValue.ProcedureName",
        "InvalidParameterValue.SessionContextTooLong",
        "InvalidParameterValue.SessionId",
        "InvalidParameterValue.SessionIdTooLong",
        "InvalidParameterValue.SubAppId",
        "InvalidParameterValue.UniqueIdentifier",
        "UnauthorizedOperation",
    ),
    mutates=True,
    answer=_process_media_by_procedure,
    errors={
        ErrorCode.FILE_NOT_FOUND: "InvalidParameterValue.FileId",
        ErrorCode.PROCEDURE_NOT_FOUND: "InvalidParameterValue.ProcedureName",
        ErrorCode.SESSION_REPEATED: "InvalidParameterValue.SessionId",
        ErrorCode.TASK_ID_COLLISION: "FailedOperation",
    },
    never=NO_ACCOUNT
    | {"InvalidParameterValue.UniqueIdentifier": "SessionId is the only identifier that a request can have"},
)

_PROCESS_MEDIA_BY_URL = Action(
    name="ProcessMediaByUrl",
    summary="Refused: the vendor no longer maintains it, and its request has no field for animated images any more.",
    fields=(
        Field(
            "InputInfo",
            Record(
                (
                    Field("Url", Text(MAX_ADDRESS), "Where the source is."),
                    Field("Name", Text(), "What it is called."),
                    Field("Id", Text(), "The caller's number for it."),
                )
            ),
            "The source.",
            required=True,
        ),
        Field(
            "OutputInfo",
            Record(
                (
                    Field("Region", Text(), "Of the bucket."),
                    Field("Bucket", Text(), "Where the results would go."),
                    Field("Dir", Text(), "The folder in it."),
                )
            ),
            "Where results would go.",
        ),
        *AI_TASKS,
        TASKS_PRIORITY,
        TASKS_NOTIFY_MODE,
        SESSION_CONTEXT,
        session_id("three days"),
    ),
    reply=(ReplyField("TaskId", "There is none.", Support.REFUSED, "the operation is refused"),),
    codes=(
        "FailedOperation",
        "FailedOperation.InvalidVodUser",
        "FailedOperation.TaskDuplicate",
        "InternalError",
        "InternalError.GetFileInfoError",
        "InvalidParameter",
        "InvalidParameterValue.AiAnalysisTaskDefinition",
        "InvalidParameterValue.AiContentReviewTaskDefinition",
        "InvalidParameterValue.AiRecognitionTaskDefinition",
        "InvalidParameterValue.SessionContextTooLong",
        "InvalidParameterValue.SessionId",
        "InvalidParameterValue.SessionIdTooLong",
        "InvalidParameterValue.SubAppId",
        "UnauthorizedOperation",
    ),
    mutates=False,
    answer=_process_media_by_url,
    never=NO_ACCOUNT
    | {
        "FailedOperation.TaskDuplicate": "no task is started",
        "InternalError.GetFileInfoError": "no file is looked at",
        "InvalidParameterValue.SessionId": "no task is started",
    },
)

ACTIONS = (_PROCESS_MEDIA, _PROCESS_MEDIA_BY_PROCEDURE, _PROCESS_MEDIA_BY_URL)
