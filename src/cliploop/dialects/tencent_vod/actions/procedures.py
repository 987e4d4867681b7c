"""Actions on procedures ("procedure templates", "task flows")."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from cliploop.dialects.fields import Anything, Choice, Field, ListOf, Record, Support, Text
from cliploop.dialects.operation import Call, ReplyField
from cliploop.dialects.tencent_vod.action import Action, Json
from cliploop.dialects.tencent_vod.actions.listing import (
    NO_ACCOUNT,
    NO_OTHER_FAILURE,
    PAGE_FIELDS,
    kept_fields,
    kind_of,
    written,
)
from cliploop.dialects.tencent_vod.actions.uses import MEDIA_PROCESS_TASK, read_references, write_references
from cliploop.dialects.use_cases import UseCases
from cliploop.domain.errors import ErrorCode, InvalidRequestError
from cliploop.domain.procedure import Procedure
from cliploop.domain.upload import NO_PROCEDURE

_LONGEST_NAME = 20
#: Names in the table may be longer than the API's; with four bytes a character they still fit into a key.
_LONGEST_KEPT_NAME = 250


def _create(use: UseCases, call: Call) -> Json:
    _check_name(call["Name"])
    use.procedures.create(
        call.project.project_id, call["Name"], read_references(call["MediaProcessTask"]), call["Comment"]
    )
    return {}


def _reset(use: UseCases, call: Call) -> Json:
    use.procedures.reset(
        call.project.project_id, call["Name"], read_references(call["MediaProcessTask"]), call["Comment"]
    )
    return {}


def _describe(use: UseCases, call: Call) -> Json:
    total, found = use.procedures.find(
        call.project.project_id,
        names=call["Names"],
        kind=kind_of(call),
        offset=call["Offset"],
        limit=call["Limit"],
        newest_first=_is_newest_first(call["SortBy"]),
    )
    return {"TotalCount": total, "ProcedureTemplateSet": [_shown(each) for each in found]}


def _delete(use: UseCases, call: Call) -> Json:
    use.procedures.delete(call.project.project_id, call["Name"])
    return {}


def _check_name(name: str) -> None:
    if not name.strip() or any(unicodedata.category(character) == "Cc" for character in name):
        raise InvalidRequestError("Name", f"Name is {name!a}; it has letters, and no control characters.")
    if name.lower() == NO_PROCEDURE:
        raise InvalidRequestError("Name", f"{name!r} is no name: an upload that asks for it is not processed.")


def _is_newest_first(sort_by: tuple[Mapping[str, Any], ...]) -> bool:
    return bool(sort_by) and sort_by[0]["Order"].lower() == "desc"


def _shown(procedure: Procedure) -> Json:
    return {
        "Name": procedure.name,
        "MediaProcessTask": write_references(procedure.references),
        **written(procedure),
    }


_OTHER_TASKS = {
    "AiContentReviewTask": "Moderation, in its older form.",
    "AiAnalysisTask": "Analysis of the content.",
    "AiRecognitionTaskSet": "Recognition of the content.",
    "AiRecognitionTask": "Recognition of the content, in its older form.",
    "ReviewAudioVideoTask": "Moderation.",
    "ImportMediaKnowledgeTaskSet": "Import into a knowledge base.",
}

_WORK = (
    Field("Comment", Text(256), "A description for people.", default=""),
    MEDIA_PROCESS_TASK,
    *(
        Field(name, Anything(), meaning, support=Support.REFUSED, note="a procedure only makes animated images")
        for name, meaning in _OTHER_TASKS.items()
    ),
)

_KEPT_NAME = Field("Name", Text(_LONGEST_KEPT_NAME), "The procedure's name.", required=True)

_SORT_BY = Record(
    (
        Field("Field", Choice(("CreateTime",)), "What to sort by.", default="CreateTime"),
        Field("Order", Choice(("asc", "desc", "Asc", "Desc")), "The oldest or the newest first.", default="asc"),
    )
)

_CREATE = Action(
    name="CreateProcedureTemplate",
    summary="Creates a procedure; a project has at most 50 of its own.",
    fields=(
        Field(
            "Name",
            Text(_LONGEST_NAME),
            "The procedure's name, unlike any other's.",
            required=True,
            support=Support.DIFFERS,
            note="`none` is refused, as it has a meaning in uploads, and so are the names of presets",
        ),
        *_WORK,
    ),
    reply=(),
    codes=(
        "FailedOperation",
        "FailedOperation.InvalidVodUser",
        "InternalError",
        "InvalidParameter",
        "InvalidParameter.ExistedProcedureName",
        "InvalidParameterValue.SubAppId",
        "LimitExceeded",
        "UnauthorizedOperation",
    ),
    mutates=True,
    answer=_create,
    errors={
        ErrorCode.PROCEDURE_EXISTS: "InvalidParameter.ExistedProcedureName",
        ErrorCode.TEMPLATE_NOT_FOUND: "InvalidParameter",
        ErrorCode.TOO_MANY_PROCEDURES: "LimitExceeded",
    },
    never=NO_OTHER_FAILURE | NO_ACCOUNT,
)

_RESET = Action(
    name="ResetProcedureTemplate",
    summary="Replaces all of a procedure but its name; a task that was started before is not touched.",
    fields=(_KEPT_NAME, *_WORK),
    reply=(),
    codes=(
        "FailedOperation",
        "FailedOperation.InvalidVodUser",
        "InternalError",
        "InvalidParameter",
        "InvalidParameter.ProcedureNameNotExist",
        "InvalidParameterValue.SubAppId",
        "UnauthorizedOperation",
    ),
    mutates=True,
    answer=_reset,
    errors={
        ErrorCode.PROCEDURE_NOT_FOUND: "InvalidParameter.ProcedureNameNotExist",
        ErrorCode.PROCEDURE_PRESET: "FailedOperation",
        ErrorCode.TEMPLATE_NOT_FOUND: "InvalidParameter",
    },
    never=NO_ACCOUNT,
)

_LIST = "ProcedureTemplateSet"

_DESCRIBE = Action(
    name="DescribeProcedureTemplates",
    summary="Procedures: those that come with cliploop, and the project's own in the order of their creation.",
    fields=(
        Field("Names", ListOf(Text(_LONGEST_KEPT_NAME), 100), "Only the procedures with these names.", default=()),
        *PAGE_FIELDS,
        Field("SortBy", ListOf(_SORT_BY, 1), "The order; presets count as the oldest.", default=()),
    ),
    reply=(
        ReplyField("TotalCount", "How many there are on all pages."),
        ReplyField(f"{_LIST}.N.Name", "The procedure's name."),
        ReplyField(
            f"{_LIST}.N.MediaProcessTask",
            "What it makes; the lists of tasks other than `AnimatedGraphicTaskSet` are empty.",
        ),
        *kept_fields(_LIST),
    ),
    codes=(
        "FailedOperation",
        "FailedOperation.InvalidVodUser",
        "InternalError",
        "InvalidParameterValue.Limit",
        "InvalidParameterValue.Names",
        "InvalidParameterValue.Type",
        "UnauthorizedOperation",
    ),
    mutates=False,
    answer=_describe,
    never=NO_OTHER_FAILURE | NO_ACCOUNT,
)

_DELETE = Action(
    name="DeleteProcedureTemplate",
    summary="Deletes a procedure of the project's own; one that does not exist is as good as deleted.",
    fields=(_KEPT_NAME,),
    reply=(),
    codes=(
        "FailedOperation",
        "FailedOperation.InvalidVodUser",
        "InternalError",
        "InvalidParameter",
        "InvalidParameterValue.SubAppId",
        "UnauthorizedOperation",
    ),
    mutates=True,
    answer=_delete,
    errors={ErrorCode.PROCEDURE_PRESET: "FailedOperation"},
    never=NO_ACCOUNT,
)

ACTIONS = (_CREATE, _RESET, _DESCRIBE, _DELETE)
