"""Actions on templates ("animated graphics templates")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from cliploop.dialects.fields import Choice, Field, Integer, ListOf, Number, Support, Text
from cliploop.dialects.operation import Call, ReplyField
from cliploop.dialects.ranged import Ranged
from cliploop.dialects.refusal import Refusal
from cliploop.dialects.tencent_vod.action import Action, Json
from cliploop.dialects.tencent_vod.actions.listing import (
    NO_ACCOUNT,
    NO_OTHER_FAILURE,
    PAGE_FIELDS,
    kept_fields,
    kind_of,
    written,
)
from cliploop.dialects.use_cases import UseCases
from cliploop.domain.errors import ErrorCode
from cliploop.domain.ranges import SOURCE, Numbers, OutputRanges
from cliploop.domain.template import CatalogTemplate, ImageFormat, Template

#: A side of 0 follows the other one, or both are the source's.
_SIDES = Numbers(128, 4_096, beside=(SOURCE,))
_RANGES = OutputRanges(width=_SIDES, height=_SIDES, rate=Numbers(1, 60))
_SHAPE = ("Format", "Width", "Height")


def _create(use: UseCases, call: Call) -> Json:
    given = {name: value for name, value in call.values.items() if value is not None}
    template = _changed(Template(0, ImageFormat.GIF, by_sides=True), given)
    _check_shape(template, given)
    number = use.templates.create(call.project.project_id, template, given.get("Comment", ""), call.token)
    return {"Definition": number}


def _modify(use: UseCases, call: Call) -> Json:
    given = {name: value for name, value in call.values.items() if value is not None}

    def change(kept: CatalogTemplate) -> CatalogTemplate:
        template = _changed(kept.template, given)
        _check_shape(template, given)
        return replace(kept, template=template, comment=given.get("Comment", kept.comment))

    use.templates.modify(call.project.project_id, call["Definition"], change)
    return {}


def _describe(use: UseCases, call: Call) -> Json:
    total, found = use.templates.find(
        call.project.project_id,
        definitions=call["Definitions"],
        kind=kind_of(call),
        offset=call["Offset"],
        limit=call["Limit"],
    )
    return {"TotalCount": total, "AnimatedGraphicsTemplateSet": [_shown(kept) for kept in found]}


def _delete(use: UseCases, call: Call) -> Json:
    use.templates.delete(call.project.project_id, call["Definition"])
    return {}


def _changed(template: Template, given: Mapping[str, Any]) -> Template:
    """The template with the values that were given."""
    same = {"Width": "width", "Height": "height", "Name": "name"}
    changes: dict[str, Any] = {ours: given[theirs] for theirs, ours in same.items() if theirs in given}
    if "Format" in given:
        changes["format"] = ImageFormat(given["Format"])
    if "Fps" in given:
        changes["fps"] = Fraction(given["Fps"])
    if "Quality" in given:
        changes["quality"] = round(given["Quality"])
    if "ResolutionAdaptive" in given:
        changes["by_sides"] = given["ResolutionAdaptive"] == "open"
    return replace(template, **changes)


def _check_shape(template: Template, given: Mapping[str, Any]) -> None:
    """The vendor makes no WebP as large as its source, but from its own preset."""
    is_touched = any(name in given for name in _SHAPE)
    if template.format is not ImageFormat.WEBP or template.width or template.height or not is_touched:
        return
    if "Width" in given or "Height" in given:
        raise Refusal(
            "InvalidParameterValue.FormatWebpWidthAndHeightBothZero",
            "Width and Height cannot both be 0 where Format is webp; give one of them.",
        )
    raise Refusal("InvalidParameterValue.FormatWebpLackWidthAndHeight", "Give Width or Height where Format is webp.")


def _shown(kept: CatalogTemplate) -> Json:
    template = kept.template
    return {
        "Definition": template.definition,
        "Name": template.name,
        # In proportion is -1 in the house as well, which the vendor's clients don't read.
        "Width": max(0, template.width),
        "Height": max(0, template.height),
        "ResolutionAdaptive": "open" if template.by_sides else "close",
        "Format": template.format.value,
        "Fps": max(1, round(template.fps)),
        "Quality": template.quality,
        **written(kept),
    }


_DEFINITION = Field("Definition", Integer(), "The template's number.", required=True)

_SIDE_NOTE = "0 or 128 to 4096 here and there; the vendor's Modify says 32 to 4096 as well"


def _settings(*, create: bool) -> tuple[Field, ...]:
    """The fields of a template; when one is created, what is not given has a default."""
    absent = "" if create else " Absent: as it is."
    return (
        Field(
            "Fps",
            Ranged(_RANGES.rate),
            f"Frames a second.{absent}",
            required=create,
            support=Support.DIFFERS,
            note="1 to 60, as the vendor's guide says; its newer API reference says 30",
        ),
        *(
            Field(
                name,
                Ranged(numbers),
                f"Pixels of the {side} side, or of the {name.lower()} where `ResolutionAdaptive` is `close`; 0: in"
                f" proportion to the other one, or as the source.{absent}",
                support=Support.DONE if create else Support.DIFFERS,
                note="" if create else _SIDE_NOTE,
                code="InvalidParameterValue.Resolution",
            )
            for name, side, numbers in (
                ("Width", "longer", _RANGES.width),
                ("Height", "shorter", _RANGES.height),
            )
        ),
        Field(
            "ResolutionAdaptive",
            Choice(("open", "close")),
            f"Whether `Width` bounds the longer side of the source, and `Height` the shorter one.{absent}",
            default="open" if create else None,
            code="InvalidParameterValue.ResolutionAdaptive",
        ),
        Field("Format", Choice(tuple(ImageFormat)), f"The kind of file.{absent}", default="gif" if create else None),
        Field(
            "Quality",
            Number(1, 100),
            f"The quality.{absent}",
            default=75 if create else None,
            support=Support.DIFFERS,
            note="rounded to a whole number",
        ),
        Field("Name", Text(64), f"A name for people.{absent}"),
        Field("Comment", Text(256), f"A description for people.{absent}"),
    )


_SETTING_CODES = (
    "InvalidParameterValue.Comment",
    "InvalidParameterValue.Format",
    "InvalidParameterValue.FormatWebpLackWidthAndHeight",
    "InvalidParameterValue.FormatWebpWidthAndHeightBothZero",
    "InvalidParameterValue.Fps",
    "InvalidParameterValue.Name",
    "InvalidParameterValue.Quality",
    "InvalidParameterValue.Resolution",
)

_CREATE = Action(
    name="CreateAnimatedGraphicsTemplate",
    summary="Creates a template; a project has at most 16 of its own.",
    fields=_settings(create=True),
    reply=(ReplyField("Definition", "The template's number."),),
    codes=(
        "FailedOperation",
        "FailedOperation.InvalidVodUser",
        "InternalError",
        *_SETTING_CODES,
        "LimitExceeded.TooMuchTemplate",
        "UnauthorizedOperation",
    ),
    mutates=True,
    answer=_create,
    errors={ErrorCode.TOO_MANY_TEMPLATES: "LimitExceeded.TooMuchTemplate"},
    never=NO_OTHER_FAILURE | NO_ACCOUNT,
)

_MODIFY = Action(
    name="ModifyAnimatedGraphicsTemplate",
    summary="Changes a template of the project's own; a task that was started before is not touched.",
    fields=(_DEFINITION, *_settings(create=False)),
    reply=(),
    codes=(
        "FailedOperation",
        "InternalError",
        *_SETTING_CODES,
        "ResourceNotFound.TemplateNotExist",
        "UnauthorizedOperation",
    ),
    mutates=True,
    answer=_modify,
    errors={
        ErrorCode.TEMPLATE_PRESET: "InvalidParameterValue.ModifyDefaultTemplate",
        ErrorCode.TEMPLATE_NOT_FOUND: "ResourceNotFound.TemplateNotExist",
    },
    never=NO_OTHER_FAILURE,
)

_LIST = "AnimatedGraphicsTemplateSet"

_DESCRIBE = Action(
    name="DescribeAnimatedGraphicsTemplates",
    summary="Templates: those that come with cliploop first, then the project's own by their number.",
    fields=(
        Field("Definitions", ListOf(Integer(), 100), "Only the templates with these numbers.", default=()),
        *PAGE_FIELDS,
    ),
    reply=(
        ReplyField("TotalCount", "How many there are on all pages."),
        ReplyField(f"{_LIST}.N.Definition", "The template's number."),
        ReplyField(f"{_LIST}.N.Name", "As it was given."),
        ReplyField(f"{_LIST}.N.Width", "As it was given."),
        ReplyField(f"{_LIST}.N.Height", "As it was given."),
        ReplyField(f"{_LIST}.N.ResolutionAdaptive", "`open` or `close`."),
        ReplyField(f"{_LIST}.N.Format", "`gif` or `webp`."),
        ReplyField(
            f"{_LIST}.N.Fps",
            "Frames a second.",
            Support.DIFFERS,
            "a fraction, which a template written into the table by hand may have, is shown rounded",
        ),
        ReplyField(f"{_LIST}.N.Quality", "The quality."),
        *kept_fields(_LIST),
    ),
    codes=(
        "FailedOperation",
        "FailedOperation.InvalidVodUser",
        "InternalError",
        "InvalidParameterValue.Definitions",
        "InvalidParameterValue.Limit",
        "InvalidParameterValue.Type",
        "UnauthorizedOperation",
    ),
    mutates=False,
    answer=_describe,
    never=NO_OTHER_FAILURE | NO_ACCOUNT,
)

_DELETE = Action(
    name="DeleteAnimatedGraphicsTemplate",
    summary="Deletes a template of the project's own. Procedures that name it go on naming it, and fail to make it.",
    fields=(_DEFINITION,),
    reply=(),
    codes=("FailedOperation", "InternalError", "ResourceNotFound.TemplateNotExist", "UnauthorizedOperation"),
    mutates=True,
    answer=_delete,
    errors={
        ErrorCode.TEMPLATE_PRESET: "InvalidParameterValue.DeleteDefaultTemplate",
        ErrorCode.TEMPLATE_NOT_FOUND: "ResourceNotFound.TemplateNotExist",
    },
    never=NO_OTHER_FAILURE,
)

ACTIONS = (_CREATE, _MODIFY, _DESCRIBE, _DELETE)
