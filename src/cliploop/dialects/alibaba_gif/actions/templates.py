"""Operations on templates: looking at them. The vendor's format of a template for animated images is not public."""

from __future__ import annotations

from fractions import Fraction

from cliploop.dialects.alibaba_gif.action import Action, Json
from cliploop.dialects.alibaba_gif.actions.listing import GIF, NOTHING_NAMED, PAGE_FIELDS, page_of
from cliploop.dialects.alibaba_gif.errors import DOCUMENTED, NEVER, STARTS_NOTHING, refused
from cliploop.dialects.alibaba_gif.times import iso
from cliploop.dialects.fields import Field, Integer, Support, Text
from cliploop.dialects.operation import Call, ReplyField
from cliploop.dialects.use_cases import UseCases
from cliploop.domain.template import CatalogTemplate

#: More than a project can have.
_ALL = 10_000


def _list(use: UseCases, call: Call) -> Json:
    total, shown = _page(use, call) if call["Type"] in {None, GIF} else (0, ())
    return {
        "TotalCount": total,
        "TotalAmount": total,
        "PageNumber": call["PageNumber"],
        "PageSize": call["PageSize"],
        "Templates": [{**_template(kept), "Type": GIF} for kept in shown],
    }


def _page(use: UseCases, call: Call) -> tuple[int, tuple[CatalogTemplate, ...]]:
    only = () if call["TemplateId"] is None else (call["TemplateId"],)
    project_id, page, name = call.project.project_id, page_of(call), call["TemplateName"]
    if not name:
        return use.templates.find(project_id, definitions=only, kind=None, offset=page.offset, limit=page.size)
    _, everything = use.templates.find(project_id, definitions=only, kind=None, offset=0, limit=_ALL)
    named = tuple(kept for kept in everything if name in kept.template.name)
    return len(named), named[page.offset : page.offset + page.size]


def _get(use: UseCases, call: Call) -> Json:
    _, found = use.templates.find(
        call.project.project_id, definitions=(call["TemplateId"],), kind=None, offset=0, limit=1
    )
    if not found:
        raise refused("ResourceNotFound", "TemplateId", "ListTemplates shows those there are.")
    return {**_template(found[0]), "Category": GIF, "Content": _content(found[0])}


def _template(kept: CatalogTemplate) -> Json:
    return {
        "TemplateId": str(kept.template.definition),
        "TemplateName": kept.template.name,
        "IsDefault": kept.is_preset,
        "CreateTime": iso(kept.created_ms),
        "UpdateTime": iso(kept.updated_ms),
    }


def _content(kept: CatalogTemplate) -> Json:
    template = kept.template
    return {
        "Format": template.format.value,
        "Width": template.width,
        "Height": template.height,
        "Fps": _number(template.fps),
        "Quality": template.quality,
        "Loop": template.loop,
        "BySides": template.by_sides,
        "MayUpscale": template.may_upscale,
        "Comment": kept.comment,
    }


def _number(rate: Fraction) -> float | int:
    return int(rate) if rate.denominator == 1 else round(float(rate), 3)


_BRIEF = (
    ReplyField("TemplateId", "Its number, as text."),
    ReplyField("TemplateName", "Its name."),
    ReplyField("IsDefault", "Whether it comes with cliploop.", Support.DIFFERS, "ours"),
    ReplyField("CreateTime", "As `2026-01-31T23:59:59Z`; empty where it comes with cliploop."),
    ReplyField("UpdateTime", "Likewise."),
)

_LIST_TEMPLATES = Action(
    name="ListTemplates",
    summary="Templates: those that come with cliploop first, then the project's own by their number.",
    fields=(
        *PAGE_FIELDS,
        Field("TemplateId", Integer(), "Only this template."),
        Field("TemplateName", Text(128), "Only templates whose name holds this.", default=""),
        Field("Type", Integer(1, 3), "Only templates of this kind; all that there are have 3, animated images."),
    ),
    reply=(
        ReplyField("TotalCount", "How many there are on all pages."),
        ReplyField("TotalAmount", "The same."),
        ReplyField("PageNumber", "As it was given."),
        ReplyField("PageSize", "As it was given."),
        *(ReplyField(f"Templates.N.{each.name}", each.meaning, each.support, each.note) for each in _BRIEF),
        ReplyField("Templates.N.Type", "3."),
    ),
    codes=tuple(DOCUMENTED),
    never=NEVER | STARTS_NOTHING | NOTHING_NAMED,
    mutates=False,
    answer=_list,
)

_GET_TEMPLATE = Action(
    name="GetTemplate",
    summary="One template.",
    fields=(Field("TemplateId", Integer(), "Its number.", required=True),),
    reply=(
        *_BRIEF,
        ReplyField("Category", "3."),
        ReplyField(
            "Content",
            "What the template says: `Format` (`gif` or `webp`), `Width` and `Height` (pixels; 0: the source's, or "
            "in proportion to the other), `Fps`, `Quality` (1 to 100), `Loop` (times to play; 0: for ever), "
            "`BySides` (whether `Width` bounds the longer side), `MayUpscale`, `Comment`.",
            Support.DIFFERS,
            "ours; the vendor's is not public",
        ),
    ),
    codes=tuple(DOCUMENTED),
    never=NEVER | STARTS_NOTHING,
    mutates=False,
    answer=_get,
)

ACTIONS = (_LIST_TEMPLATES, _GET_TEMPLATE)
