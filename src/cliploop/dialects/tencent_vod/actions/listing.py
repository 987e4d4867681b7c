"""What the actions on templates and on procedures have in common: pages, kinds and times."""

from __future__ import annotations

from cliploop.application.catalog_kind import CatalogKind
from cliploop.dialects.fields import Choice, Field, Integer, Support
from cliploop.dialects.operation import Call, ReplyField
from cliploop.dialects.tencent_vod.action import Json
from cliploop.dialects.tencent_vod.times import iso
from cliploop.domain.procedure import Procedure
from cliploop.domain.template import CatalogTemplate

PAGE_FIELDS = (
    Field("Type", Choice(tuple(CatalogKind)), "Only those that come with cliploop, or only the project's own."),
    Field("Offset", Integer(), "How many to leave out.", default=0),
    Field("Limit", Integer(1, 100), "How many to show.", default=10),
)

#: Codes that the vendor lists for these actions and that have no cause here.
NO_ACCOUNT = {"FailedOperation.InvalidVodUser": "there is no account to activate"}
NO_OTHER_FAILURE = {"FailedOperation": "what can fail here has a code of its own"}

_KEPT_FIELDS = (
    ("Type", "`Preset` or `Custom`.", ""),
    ("Comment", "As it was given.", ""),
    (
        "CreateTime",
        "When it was created, in UTC.",
        "absent of presets and of what was written into the table by hand",
    ),
    ("UpdateTime", "When it was changed last, in UTC.", "absent like `CreateTime`"),
)


def kept_fields(path: str) -> tuple[ReplyField, ...]:
    """What the reply says of each, whatever it is; ``path`` is the name of the list."""
    return tuple(
        ReplyField(f"{path}.N.{name}", meaning, Support.DIFFERS if note else Support.DONE, note)
        for name, meaning, note in _KEPT_FIELDS
    )


def kind_of(call: Call) -> CatalogKind | None:
    """The kind that a call asks for, None for both."""
    return CatalogKind(call["Type"]) if call["Type"] else None


def written(kept: CatalogTemplate | Procedure) -> Json:
    """The fields of ``kept_fields``."""
    times = {"CreateTime": iso(kept.created_ms), "UpdateTime": iso(kept.updated_ms)}
    return {
        "Type": CatalogKind.of(is_preset=kept.is_preset).value,
        "Comment": kept.comment,
        **{name: time for name, time in times.items() if time},
    }
