"""Procedures (task flows): named lists of outputs to make from a source."""

from __future__ import annotations

from dataclasses import dataclass, replace
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
class Procedure:
    """A named list of template uses; a task keeps the list as it was when the task was registered."""

    name: str
    uses: tuple[TemplateUse, ...]

    def with_section(self, section: Section) -> Procedure:
        """The same procedure with every use applied to ``section``."""
        return replace(self, uses=tuple(replace(use, section=section) for use in self.uses))


_FIRST_SECONDS = Section(0, 5_000)

#: Procedures that every project has; one stored under the same name comes first.
BUILT_IN_PROCEDURES = {
    procedure.name: procedure
    for procedure in (
        Procedure("preview", (TemplateUse(PREVIEW_GIF, _FIRST_SECONDS), TemplateUse(PREVIEW_WEBP, _FIRST_SECONDS))),
        Procedure("preset-20000", (TemplateUse(PRESET_GIF),)),
        Procedure("preset-20001", (TemplateUse(PRESET_WEBP),)),
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
