"""Operations on tasks that were started, by this API or otherwise: one in brief, one with its result, and all."""

from __future__ import annotations

from cliploop.dialects.alibaba_gif.action import Action, Json
from cliploop.dialects.alibaba_gif.actions.listing import GIF, NO_LIMITS, NOTHING_NAMED, PAGE_FIELDS, page_of
from cliploop.dialects.alibaba_gif.errors import DOCUMENTED, NEVER, STARTS_NOTHING, refused
from cliploop.dialects.alibaba_gif.gif_task import STATUSES, RenderTask
from cliploop.dialects.alibaba_gif.times import iso
from cliploop.dialects.fields import Anything, Field, Integer, Support
from cliploop.dialects.operation import Call, ReplyField
from cliploop.dialects.use_cases import UseCases
from cliploop.domain.query import TaskFilter, TaskPage
from cliploop.domain.task import Task


def _status(use: UseCases, call: Call) -> Json:
    return {"Status": STATUSES[_task(use, call).state]}


def _result(use: UseCases, call: Call) -> Json:
    task = _task(use, call)
    return {"Status": STATUSES[task.state], "Result": RenderTask(use.addresses).result(task)}


def _task(use: UseCases, call: Call) -> Task:
    task = use.tasks.detail(call.project.project_id, call["TaskId"])
    if task is None:
        raise refused("ResourceNotFound", "TaskId", "Tasks are kept as long as the stack's retention says.")
    return task


def _list(use: UseCases, call: Call) -> Json:
    found = _found(use, call)
    render = RenderTask(use.addresses)
    return {
        "TotalCount": found.total,
        "PageNumber": call["PageNumber"],
        "PageSize": call["PageSize"],
        "Tasks": [{**render.brief(task), "CreateTime": iso(task.created_ms)} for task in found.tasks],
    }


def _found(use: UseCases, call: Call) -> TaskPage:
    project_id, page = call.project.project_id, page_of(call)
    if call["ServiceType"] not in {None, GIF}:
        return TaskPage(0, ())
    states = frozenset(state for state, status in STATUSES.items() if status == call["Status"])
    if call["TaskId"] is None:
        return use.query.matching(project_id, TaskFilter(states), page)
    task = use.tasks.detail(project_id, call["TaskId"])
    tasks = () if task is None or (states and task.state not in states) else (task,)
    return TaskPage(len(tasks), tasks[page.offset :])


_ONE_TASK = (Field("TaskId", Integer(), "The task's number.", required=True),)
_STATUS = ReplyField(
    "Status",
    "0: it waits, or its video is being fetched; 1: it is being worked on; 2: it has succeeded; 3: it has failed.",
    Support.DIFFERS,
    "a task that was canceled, which another vendor's client can do, has failed; one of several images of which one "
    "was made has succeeded",
)
_ERROR = (
    ReplyField(
        "ErrorCode", "The number of a failure; the table is at the end of this page.", Support.DIFFERS, "ours"
    ),
    ReplyField("ErrorName", "Its name.", Support.DIFFERS, "ours"),
    ReplyField("ErrorMessage", "What failed, and what can be done about it.", Support.DIFFERS, "ours"),
    ReplyField("ErrorReason", "cliploop's own name for it.", Support.DIFFERS, "ours"),
)
_VIDEO = (
    ReplyField("VideoName", "As it was given; else the last part of the object's key."),
    ReplyField(
        "VideoUrl",
        "Where the video was fetched from; else the private S3 address of the upload.",
        Support.DIFFERS,
        "without its query, which may be a key",
    ),
    ReplyField("ApplicationId", "As it was given; empty for tasks of other origin."),
)
_RESULT_URL = ReplyField(
    "ProcessResultUrl",
    "The address of the finished image: the first GIF, else the first; empty before.",
    Support.DIFFERS,
    "private unless the stack has a PublicBaseUrl",
)


def _within(prefix: str, fields: tuple[ReplyField, ...]) -> tuple[ReplyField, ...]:
    return tuple(ReplyField(f"{prefix}.{each.name}", each.meaning, each.support, each.note) for each in fields)


_GET_STATUS = Action(
    name="GetTaskStatus",
    summary="How far one task is.",
    fields=_ONE_TASK,
    reply=(_STATUS,),
    codes=tuple(DOCUMENTED),
    never=NEVER | STARTS_NOTHING,
    mutates=False,
    answer=_status,
)

_GET_RESULT = Action(
    name="GetTaskResult",
    summary="One task with its result.",
    fields=_ONE_TASK,
    reply=(
        _STATUS,
        *_within(
            "Result",
            (
                *_VIDEO,
                ReplyField("AnalysisUseTime", "Whole seconds of work; 0 before its end.", Support.DIFFERS, "rounded"),
                _RESULT_URL,
                *_ERROR,
                ReplyField(
                    "Outputs",
                    "Every image of the task: `TemplateId`, `Format`, `Status`, `Url`, `Width`, `Height`, `Frames`, "
                    "`Duration` (milliseconds), `Size` (bytes), `Md5`, and the four fields of an error.",
                    Support.DIFFERS,
                    "ours; the vendor's clients pass it over",
                ),
            ),
        ),
    ),
    codes=(*DOCUMENTED, *NO_LIMITS),
    never=NEVER | STARTS_NOTHING | NO_LIMITS,
    mutates=False,
    answer=_result,
)

_LIST_TASKS = Action(
    name="ListTasks",
    summary="Tasks, the newest first, a page at a time. The vendor's clients have no model of it.",
    fields=(
        *PAGE_FIELDS,
        Field("Status", Integer(0, 3), "Only tasks with this `Status`."),
        Field("TaskId", Integer(), "Only this task."),
        Field("ServiceType", Integer(1, 3), "Only tasks of this kind; all that there are have 3, animated images."),
        Field(
            "ApplicationName",
            Anything(),
            "Only tasks of this application.",
            support=Support.REFUSED,
            note="tasks are not listed by application",
        ),
    ),
    reply=(
        ReplyField("TotalCount", "How many there are on all pages."),
        ReplyField("PageNumber", "As it was given."),
        ReplyField("PageSize", "As it was given."),
        *_within(
            "Tasks.N",
            (
                ReplyField("TaskId", "The task's number; beyond 2^53 where another client or an upload started it."),
                _STATUS,
                *_VIDEO,
                ReplyField("ApplicationName", "The same as `ApplicationId`.", Support.DIFFERS, "there is no other"),
                _RESULT_URL,
                ReplyField("ProcessingDuration", "As `AnalysisUseTime`."),
                ReplyField("CreateTime", "When it was started, as `2026-01-31T23:59:59Z`."),
                *_ERROR,
                ReplyField("Template", "`Id` and `Name` of the template of the image that is shown."),
            ),
        ),
    ),
    codes=(*DOCUMENTED, *NO_LIMITS),
    never=NEVER | STARTS_NOTHING | NO_LIMITS | NOTHING_NAMED,
    mutates=False,
    answer=_list,
)

ACTIONS = (_GET_STATUS, _GET_RESULT, _LIST_TASKS)
