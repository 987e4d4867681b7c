"""Listing tasks, by their ids or by a state and a time."""

from __future__ import annotations

from http import HTTPStatus
from typing import Protocol

from cliploop.application.query_tasks import QueryTasks
from cliploop.dialects.fields import Support
from cliploop.dialects.huawei_mpc.errors import (
    INVALID_PARAMETER,
    NO_SUCH_API,
    NOT_AUTHENTICATED,
    SYSTEM_ERROR,
    TENANT_NOT_VERIFIED,
    WRONG_METHOD,
)
from cliploop.dialects.huawei_mpc.operation import Call, Json, Operation
from cliploop.dialects.huawei_mpc.query import FIELDS, ByIds, decode_query, encode_page
from cliploop.dialects.operation import ReplyField
from cliploop.domain.addresses import Addresses


class Reads(Protocol):
    """What listing needs of the house."""

    @property
    def query(self) -> QueryTasks:
        """Finds tasks."""
        ...

    @property
    def addresses(self) -> Addresses:
        """Knows the region."""
        ...


def _list(use: Reads, call: Call) -> Json:
    asked = decode_query(call.request.query)
    project_id = call.project.project_id
    if isinstance(asked, ByIds):
        page = use.query.by_ids(project_id, asked.task_ids)
    else:
        page = use.query.matching(project_id, asked.where, asked.page)
    return encode_page(page, use.addresses.region)


LIST: Operation[Reads] = Operation(
    name="ListAnimatedGraphicsTask",
    method="GET",
    summary="Tasks, the newest first: those of uploads and of every other vendor's calls among them.",
    fields=FIELDS,
    reply=(
        ReplyField("total", "How many there are on all pages; for `task_id` how many were found."),
        ReplyField("tasks.N.task_id", "The task's id, a number in decimal.", note="a string; a number in the sample"),
        ReplyField("tasks.N.status", "`INIT`, `WAITING`, `PROCESSING`, `SUCCEED`, `FAILED` or `CANCELED`."),
        ReplyField("tasks.N.create_time", "`yyyymmddhhmmss`, UTC.", note="a string; a number in the sample"),
        ReplyField("tasks.N.start_time", "When work on it began.", note="likewise; absent before"),
        ReplyField("tasks.N.end_time", "When it ended.", note="likewise; absent before"),
        ReplyField("tasks.N.error_code", "Why it is `FAILED`; absent otherwise."),
        ReplyField("tasks.N.description", "How it ended, in words."),
        ReplyField(
            "tasks.N.input",
            "The source's `bucket`, `location` and `object`.",
            Support.DIFFERS,
            "of a task that is `INIT`, where its source is being fetched to",
        ),
        ReplyField(
            "tasks.N.output",
            "The image's `bucket`, `location`, `object` (its folder, with a slash behind it) and `file_name`.",
            Support.DIFFERS,
            "before it is stored only what its caller chose, without the `bucket`",
        ),
        ReplyField("tasks.N.user_data", "As it was given."),
        ReplyField(
            "tasks.N.output_param",
            "What was made; what was asked for, while that is not known.",
            Support.DIFFERS,
            "`format` may be `webp`, of a task that was not created here; `frame_rate` is rounded",
        ),
        ReplyField(
            "tasks.N.requested",
            "What was asked for, exactly, once something was made.",
            Support.DIFFERS,
            "added",
        ),
        ReplyField(
            "tasks.N.applied",
            "What was made, exactly, with `frames`, `color` and `cut_off`.",
            Support.DIFFERS,
            "added",
        ),
        ReplyField(
            "tasks.N.outputs",
            "All images of a task that has more than one; those above are of its first GIF, else of its first.",
            Support.DIFFERS,
            "added",
        ),
    ),
    status=HTTPStatus.OK,
    codes=(
        INVALID_PARAMETER,
        SYSTEM_ERROR,
        WRONG_METHOD,
        TENANT_NOT_VERIFIED,
        NO_SUCH_API,
        NOT_AUTHENTICATED,
    ),
    answer=_list,
)
