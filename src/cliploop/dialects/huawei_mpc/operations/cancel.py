"""Cancelling a task."""

from __future__ import annotations

from http import HTTPStatus

from cliploop.dialects.fields import Field, Support, Text
from cliploop.dialects.huawei_mpc.errors import (
    INVALID_PARAMETER,
    NO_SUCH_API,
    NOT_AUTHENTICATED,
    OPERATION_FAILED,
    SYSTEM_ERROR,
    TENANT_NOT_VERIFIED,
    WRONG_METHOD,
)
from cliploop.dialects.huawei_mpc.operation import Call, Json, Operation, read_fields
from cliploop.dialects.huawei_mpc.request import parameters
from cliploop.dialects.use_cases import UseCases
from cliploop.domain.errors import CliploopError, ErrorCode, InvalidRequestError
from cliploop.domain.identity import parse_decimal_task_id
from cliploop.domain.task import TaskState


def _cancel(use: UseCases, call: Call) -> Json:
    values = read_fields(FIELDS, parameters(call.request.query), textual=True)
    task_id = parse_decimal_task_id(values["task_id"])
    if task_id is None:
        raise InvalidRequestError("task_id", "task_id is not a task id: it is a positive whole number.")
    try:
        use.cancel(call.project.project_id, task_id)
    except CliploopError as error:
        # A client whose answer was lost asks again under a new signature, and what it wants is so.
        if error.code is not ErrorCode.TASK_NOT_CANCELABLE or not _is_canceled(use, call, task_id):
            raise
    return {}


def _is_canceled(use: UseCases, call: Call, task_id: int) -> bool:
    found = use.query.by_ids(call.project.project_id, [task_id]).tasks
    return any(task.state is TaskState.CANCELED for task in found)


FIELDS = (
    Field(
        "task_id",
        Text(64),
        "The task. One that is canceled already stays so, and that is a success.",
        required=True,
        support=Support.DIFFERS,
        note="a task that is being processed can be canceled as well, until its image is stored; the vendor's only"
        " while it is queued",
    ),
)

CANCEL: Operation[UseCases] = Operation(
    name="DeleteAnimatedGraphicsTask",
    method="DELETE",
    summary="Cancels a task that is no longer wanted. It stays in the list, as `CANCELED`.",
    fields=FIELDS,
    reply=(),
    status=HTTPStatus.NO_CONTENT,
    codes=(
        INVALID_PARAMETER,
        SYSTEM_ERROR,
        WRONG_METHOD,
        TENANT_NOT_VERIFIED,
        OPERATION_FAILED,
        NO_SUCH_API,
        NOT_AUTHENTICATED,
    ),
    answer=_cancel,
)
