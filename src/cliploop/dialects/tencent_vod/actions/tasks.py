"""Actions on tasks that were started: one in detail, those of the last days, and ending one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cliploop.application.follow_tasks import SortField, SortOrder, TaskSearch, TimeRange
from cliploop.dialects.fields import Choice, Field, Integer, Record, Support, Text
from cliploop.dialects.operation import Call, ReplyField
from cliploop.dialects.refusal import Refusal
from cliploop.dialects.tencent_vod.action import Action, Json
from cliploop.dialects.tencent_vod.actions.listing import NO_ACCOUNT, NO_OTHER_FAILURE
from cliploop.dialects.tencent_vod.procedure_task import STATES, RenderTask, file_id_text, pull_state, type_of
from cliploop.dialects.tencent_vod.times import iso, read_iso
from cliploop.dialects.use_cases import UseCases
from cliploop.domain.errors import ErrorCode, InvalidRequestError
from cliploop.domain.identity import VodTaskType, parse_decimal_task_id, parse_vod_task_id, render_vod_task_id
from cliploop.domain.task import Task, TaskState

#: What a task's detail has and its events do not: results that cliploop makes none of.
_NEVER_THERE = {
    "AiContentReviewResultSet": [],
    "AiAnalysisResultSet": [],
    "AiRecognitionResultSet": [],
    "Operator": "",
    "OperationType": "",
}


def _describe_task_detail(use: UseCases, call: Call) -> Json:
    kind, task_id = _task_id(call)
    task = use.tasks.detail(call.project.project_id, task_id)
    if task is None or not _has_view(task, kind):
        raise Refusal(
            "ResourceNotFound", "The task is not known any more: rows are kept as long as the stack's retention says."
        )
    render = RenderTask(call.project, use.addresses)
    if kind is VodTaskType.PROCEDURE:
        return {
            **_head(task, kind, STATES[task.state], finished=iso(task.ended_ms)),
            "ProcedureTask": render.procedure(task) | _NEVER_THERE,
        }
    file = use.tasks.source_of(task)
    return {
        **_head(task, kind, pull_state(task), finished=iso(file.created_ms if file else task.ended_ms)),
        "PullUploadTask": render.pull_upload(task, file),
    }


def _has_view(task: Task, kind: VodTaskType) -> bool:
    """Whether a task was ever handed out under an id of this type."""
    return bool(task.origin) if kind is VodTaskType.PULL_UPLOAD else type_of(task) is kind


def _head(task: Task, kind: VodTaskType, status: str, *, finished: str) -> Json:
    return {
        "TaskType": kind.value,
        "Status": status,
        "CreateTime": iso(task.created_ms),
        # When fetching began is not kept.
        "BeginProcessTime": iso(task.started_ms) if kind is VodTaskType.PROCEDURE else "",
        "FinishTime": finished,
    }


def _describe_tasks(use: UseCases, call: Call) -> Json:
    where = TaskSearch(
        states=tuple(state for state in TaskState if STATES[state] == call["Status"]),
        file_id=_file_id(call["FileId"]),
        created=_time_range(call["CreateTime"], "CreateTime"),
        ended=_time_range(call["FinishTime"], "FinishTime"),
    )
    found = use.tasks.search(
        call.project.project_id, where, _sort_order(call["Sort"]), call["Limit"], call["ScrollToken"]
    )
    return {"TaskSet": [_brief(call.project.app_id, task) for task in found.tasks], "ScrollToken": found.scroll}


def _file_id(text: str) -> int | None:
    file_id = parse_decimal_task_id(text)
    if text and file_id is None:
        raise InvalidRequestError("FileId", "FileId is not the number of a file; an upload tells it.")
    return file_id


def _time_range(value: Mapping[str, Any] | None, path: str) -> TimeRange:
    if value is None:
        return TimeRange()
    after, before = (read_iso(value[name], f"{path}.{name}") if value[name] else None for name in ("After", "Before"))
    return TimeRange(after, before)


def _sort_order(value: Mapping[str, Any] | None) -> SortOrder:
    if value is None:
        return SortOrder()
    by = SortField.ENDED if value["Field"] == "FinishTime" else SortField.CREATED
    return SortOrder(by, newest_first=value["Order"].lower() != "asc")


def _brief(app_id: int, task: Task) -> Json:
    kind = type_of(task)
    return {
        "TaskId": render_vod_task_id(app_id, task.task_id, kind),
        "Status": STATES[task.state],
        "FileId": file_id_text(task.file_id),
        "TaskType": kind.value,
        "CreateTime": iso(task.created_ms),
        "BeginProcessTime": iso(task.started_ms),
        "FinishTime": iso(task.ended_ms),
        "SessionId": task.session_id,
        "SessionContext": task.session_context,
    }


def _manage_task(use: UseCases, call: Call) -> Json:
    kind, task_id = _task_id(call)
    if kind is VodTaskType.PULL_UPLOAD:
        task = use.tasks.detail(call.project.project_id, task_id)
        if task is not None and task.file_id:
            raise Refusal("FailedOperation", "The file has arrived; abort the task of type Procedure that follows.")
    use.cancel(call.project.project_id, task_id)
    return {}


def _task_id(call: Call) -> tuple[VodTaskType, int]:
    parsed = parse_vod_task_id(call.project.app_id, call["TaskId"])
    if parsed is None:
        raise InvalidRequestError("TaskId", "TaskId is not the id of a task of this application; look at it again.")
    return parsed


_TASK_ID = Field("TaskId", Text(128), "The task's id, as an action or an event told it.", required=True)

_TIME_RANGE = Record(
    (
        Field("After", Text(64), "At or after this moment, as `2026-01-31T23:59:59Z`.", default=""),
        Field("Before", Text(64), "Before this moment.", default=""),
    )
)

_SORT = Record(
    (
        Field("Field", Choice(("CreateTime", "FinishTime")), "What to sort by.", default="CreateTime"),
        Field("Order", Choice(("Asc", "Desc", "asc", "desc")), "The oldest or the newest first.", default="Desc"),
    )
)

_DESCRIBE_TASK_DETAIL = Action(
    name="DescribeTaskDetail",
    summary="One task with all its results.",
    fields=(_TASK_ID,),
    reply=(
        ReplyField("TaskType", "`Procedure`, or `PullUpload` for the part of a task that fetches its source."),
        ReplyField("Status", "`WAITING`, `PROCESSING`, `FINISH` or `ABORTED`."),
        ReplyField("CreateTime", "When the task was started."),
        ReplyField("BeginProcessTime", "When work on it began; empty before, and for `PullUpload`."),
        ReplyField("FinishTime", "When it ended; empty before."),
        ReplyField(
            "ProcedureTask",
            "The task, if it is a `Procedure`.",
            Support.DIFFERS,
            "as in the event; the results that cliploop does not make are empty lists",
        ),
        ReplyField("PullUploadTask", "The task, if it is a `PullUpload`."),
    ),
    codes=(
        "FailedOperation",
        "FailedOperation.InvalidVodUser",
        "InternalError",
        "InvalidParameterValue",
        "InvalidParameterValue.SubAppId",
        "InvalidParameterValue.TaskId",
        "ResourceNotFound",
        "UnauthorizedOperation",
    ),
    mutates=False,
    answer=_describe_task_detail,
    never=NO_ACCOUNT | NO_OTHER_FAILURE | {"InvalidParameterValue": "each of its parameters has a code of its own"},
)

_DESCRIBE_TASKS = Action(
    name="DescribeTasks",
    summary="The tasks of the last 72 hours, a page at a time.",
    fields=(
        Field(
            "Status",
            Choice(("WAITING", "PROCESSING", "FINISH", "ABORTED", "")),
            "Only tasks in this state; empty: in any.",
            default="",
            support=Support.DIFFERS,
            note="`ABORTED` is taken, too; a task whose source is being fetched is `WAITING`",
        ),
        Field("FileId", Text(64), "Only tasks made of this file; empty: of any.", default=""),
        Field("CreateTime", _TIME_RANGE, "Only tasks that were started then."),
        Field("FinishTime", _TIME_RANGE, "Only tasks that ended then."),
        Field(
            "Sort",
            _SORT,
            "The order; without it the newest first.",
            support=Support.DIFFERS,
            note="by `FinishTime` only up to 5,000 tasks; those that have not ended come last",
        ),
        Field("Limit", Integer(1, 100), "How many to show.", default=10),
        Field(
            "ScrollToken",
            Text(512),
            "From the page before, to go on behind it.",
            default="",
            support=Support.DIFFERS,
            note="serves for the same conditions and order only",
        ),
    ),
    reply=(
        ReplyField("TaskSet", "The tasks."),
        ReplyField(
            "ScrollToken",
            "For the next page; empty when there is none.",
            Support.DIFFERS,
            "a page may have fewer tasks than `Limit` and a token all the same, where few of many tasks match",
        ),
    ),
    codes=(
        "FailedOperation",
        "FailedOperation.InvalidVodUser",
        "InternalError",
        "InvalidParameterValue",
        "InvalidParameterValue.Status",
        "UnauthorizedOperation",
    ),
    mutates=False,
    answer=_describe_tasks,
    never=NO_ACCOUNT | NO_OTHER_FAILURE,
)

_MANAGE_TASK = Action(
    name="ManageTask",
    summary="Ends a task that is no longer wanted.",
    fields=(
        _TASK_ID,
        Field(
            "OperationType",
            Choice(("Abort",)),
            "What to do.",
            required=True,
            support=Support.DIFFERS,
            note="a task that is being processed can be aborted as well, until its images are stored",
            code="InvalidParameterValue.InvalidOperationType",
        ),
    ),
    reply=(),
    codes=(
        "FailedOperation",
        "FailedOperation.InvalidVodUser",
        "InternalError",
        "InvalidParameterValue",
        "InvalidParameterValue.InvalidOperationType",
        "InvalidParameterValue.TaskId",
        "UnauthorizedOperation",
    ),
    mutates=True,
    answer=_manage_task,
    errors={
        ErrorCode.TASK_NOT_FOUND: "InvalidParameterValue.TaskId",
        ErrorCode.TASK_NOT_CANCELABLE: "FailedOperation",
    },
    never=NO_ACCOUNT | {"InvalidParameterValue": "each of its parameters has a code of its own"},
)

ACTIONS = (_DESCRIBE_TASK_DETAIL, _DESCRIBE_TASKS, _MANAGE_TASK)
