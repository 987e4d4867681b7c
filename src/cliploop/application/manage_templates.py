"""Templates are created, changed, found and deleted."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from hashlib import blake2b

from cliploop.application.catalog_kind import CatalogKind
from cliploop.application.ports import Clock
from cliploop.application.ports_catalog import CatalogEditor
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.template import BUILT_IN_TEMPLATES, CatalogTemplate, Template

#: As many as Tencent VOD lets an account create.
MAX_TEMPLATES = 16

#: The numbers that created templates get: six digits or more, as none that comes with cliploop.
_NUMBERS = range(100_000, 1_000_000_000)

_PRESETS = tuple(CatalogTemplate(template) for template in BUILT_IN_TEMPLATES.values())


@dataclass(frozen=True)
class ManageTemplates:
    """Keeps a project's templates. Those that come with cliploop can be looked at, and not be changed."""

    editor: CatalogEditor
    clock: Clock

    def create(self, project_id: str, template: Template, comment: str, token: str) -> int:
        """Keep ``template``, whatever its number, and give it one.

        ``token`` stands for the call: a repeat of it gets the number of what it has created already.

        Raises:
            CliploopError: TOO_MANY_TEMPLATES, or UNAVAILABLE (retryable).
        """
        now_ms = self.clock.now_ms()
        number = _number_for(project_id, token)
        while True:
            kept = CatalogTemplate(replace(template, definition=number), comment, now_ms, now_ms)
            if self.editor.add_template(project_id, kept, at_most=MAX_TEMPLATES):
                return number
            there = self._stored(project_id).get(number)
            if there and _may_be_of_one_call(there, kept):
                return number
            number = _NUMBERS[(number + 1 - _NUMBERS.start) % len(_NUMBERS)] if there else number

    def modify(self, project_id: str, definition: int, change: Callable[[CatalogTemplate], CatalogTemplate]) -> None:
        """Keep what ``change`` makes of a template.

        It is called with the template as it stands, more than once where others change it at the same time, and may
        raise to refuse.

        Raises:
            CliploopError: TEMPLATE_PRESET, TEMPLATE_NOT_FOUND, or UNAVAILABLE (retryable).
        """
        _must_not_be_preset(definition)
        while True:
            before = self._stored(project_id).get(definition)
            if before is None:
                raise _not_found(definition)
            # Later than before even where two clocks differ: a change is known by its time.
            now_ms = max(self.clock.now_ms(), before.updated_ms + 1)
            if self.editor.replace_template(project_id, before, replace(change(before), updated_ms=now_ms)):
                return

    def find(
        self, project_id: str, *, definitions: Collection[int], kind: CatalogKind | None, offset: int, limit: int
    ) -> tuple[int, tuple[CatalogTemplate, ...]]:
        """How many templates match, and ``limit`` of them from ``offset`` on: presets first, then by number.

        Without ``definitions`` all match, and without ``kind`` both kinds.
        """
        stored = [] if kind is CatalogKind.PRESET else self._stored(project_id).values()
        everything = [*(() if kind is CatalogKind.CUSTOM else _PRESETS), *stored]
        found = [kept for kept in everything if not definitions or kept.template.definition in definitions]
        found.sort(key=lambda kept: (not kept.is_preset, kept.template.definition))
        return len(found), tuple(found[offset : offset + limit])

    def delete(self, project_id: str, definition: int) -> None:
        """Forget a template. Procedures that name it go on naming it; tasks that were started have their own copy.

        Raises:
            CliploopError: TEMPLATE_PRESET, TEMPLATE_NOT_FOUND, or UNAVAILABLE (retryable).
        """
        _must_not_be_preset(definition)
        if not self.editor.remove_template(project_id, definition):
            raise _not_found(definition)

    def _stored(self, project_id: str) -> dict[int, CatalogTemplate]:
        """The project's own templates by number. One stored under a preset's number is never used, so never shown."""
        return {
            kept.template.definition: kept for kept in self.editor.list_templates(project_id) if not kept.is_preset
        }


def _number_for(project_id: str, token: str) -> int:
    digest = blake2b(f"template {project_id} {token}".encode(), digest_size=8).digest()
    return _NUMBERS[int.from_bytes(digest) % len(_NUMBERS)]


def _may_be_of_one_call(there: CatalogTemplate, kept: CatalogTemplate) -> bool:
    """Whether a repeat of the call that created ``there`` would create ``kept``: alike, or changed since."""
    if not there.created_ms:
        return False
    alike = (there.template, there.template.name, there.comment) == (kept.template, kept.template.name, kept.comment)
    return alike or there.updated_ms != there.created_ms


def _must_not_be_preset(definition: int) -> None:
    if definition in BUILT_IN_TEMPLATES:
        raise CliploopError(
            ErrorCode.TEMPLATE_PRESET,
            f"Template {definition} comes with cliploop and cannot be changed; create one of your own.",
        )


def _not_found(definition: int) -> CliploopError:
    return CliploopError(
        ErrorCode.TEMPLATE_NOT_FOUND, f"Template {definition} does not exist; create it, or name another."
    )
