"""Procedures (task flows): named lists of outputs to make from a source."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cliploop.domain.section import Section
from cliploop.domain.template import (
    PRESET_GIF,
    PRESET_WEBP,
    PREVIEW_GIF,
    PREVIEW_WEBP,
    Template,
)


class NotifyMode(StrEnum):
    """When a task's changes are told: at its end, at every change, or never. Tencent's words."""

    FINISH = "Finish"
    CHANGE = "Change"
    NONE = "None"


@dataclass(frozen=True)
class TemplateUse:
    """A template and the section of the source that it is applied to."""

    template: Template
    section: Section = Section()


@dataclass(frozen=True)
class TemplateReference:
    """A template by its number, and the section to apply it to. The number may name no template (any more)."""

    definition: int
    section: Section = Section()


@dataclass(frozen=True)
class Procedure:
    """A named list of template uses, as its project keeps it; a task resolves it once, when it is registered.

    Times are UTC milliseconds, 0 for those that come with cliploop.
    """

    name: str
    references: tuple[TemplateReference, ...]
    comment: str = ""
    created_ms: int = 0
    updated_ms: int = 0

    @property
    def is_preset(self) -> bool:
        """Whether it comes with cliploop, and cannot be changed."""
        return not self.created_ms and BUILT_IN_PROCEDURES.get(self.name) == self


#: Template uses in one task: every output stands on the row, which DynamoDB limits to 400 KB.
MAX_USES = 20

_FIRST_SECONDS = Section(0, 5_000)

#: Procedures that every project has; one stored under the same name comes first.
BUILT_IN_PROCEDURES = {
    procedure.name: procedure
    for procedure in (
        Procedure(
            "preview",
            (
                TemplateReference(PREVIEW_GIF.definition, _FIRST_SECONDS),
                TemplateReference(PREVIEW_WEBP.definition, _FIRST_SECONDS),
            ),
        ),
        Procedure("preset-20000", (TemplateReference(PRESET_GIF.definition),)),
        Procedure("preset-20001", (TemplateReference(PRESET_WEBP.definition),)),
    )
}


@dataclass(frozen=True)
class PrefixRule:
    """Uploads whose key starts with ``prefix`` run ``procedure``; an empty procedure means "no task"."""

    prefix: str
    procedure: str


def rule_for(key: str, rules: tuple[PrefixRule, ...]) -> PrefixRule | None:
    """The rule with the longest prefix of ``key``."""
    matching = [rule for rule in rules if key.startswith(rule.prefix)]
    return max(matching, key=lambda rule: len(rule.prefix), default=None)
