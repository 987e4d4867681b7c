"""Procedures are created, changed, found and deleted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from cliploop.application.catalog_kind import CatalogKind
from cliploop.application.ports import Catalog, Clock
from cliploop.application.ports_catalog import CatalogEditor
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.procedure import BUILT_IN_PROCEDURES, Procedure, TemplateReference
from cliploop.domain.template import BUILT_IN_TEMPLATES

#: As many as Tencent VOD lets an account create.
MAX_PROCEDURES = 50


@dataclass(frozen=True)
class ManageProcedures:
    """Keeps a project's procedures. Those that come with cliploop can be looked at, and not be changed.

    One that people wrote into the table under the name of one that comes with cliploop stands in its place.
    """

    catalog: Catalog
    editor: CatalogEditor
    clock: Clock

    def create(self, project_id: str, name: str, references: Sequence[TemplateReference], comment: str = "") -> None:
        """Keep a procedure.

        Raises:
            CliploopError: PROCEDURE_EXISTS, TEMPLATE_NOT_FOUND, TOO_MANY_PROCEDURES, or UNAVAILABLE (retryable).
        """
        self._templates_must_exist(project_id, references)
        now_ms = self.clock.now_ms()
        made = Procedure(name, tuple(references), comment, now_ms, now_ms)
        if name in BUILT_IN_PROCEDURES or not self.editor.add_procedure(project_id, made, at_most=MAX_PROCEDURES):
            raise CliploopError(
                ErrorCode.PROCEDURE_EXISTS,
                f"There is a procedure named {name!r} already; reset it, or choose another name.",
            )

    def reset(self, project_id: str, name: str, references: Sequence[TemplateReference], comment: str = "") -> None:
        """Keep what is given in the place of all that a procedure was.

        Raises:
            CliploopError: PROCEDURE_NOT_FOUND, PROCEDURE_PRESET, TEMPLATE_NOT_FOUND, or UNAVAILABLE (retryable).
        """
        while True:
            before = self.catalog.procedure(project_id, name)
            if before is None:
                raise _preset(name) if name in BUILT_IN_PROCEDURES else _not_found(name)
            self._templates_must_exist(project_id, references)
            # Later than before even where two clocks differ: a change is known by its time.
            now_ms = max(self.clock.now_ms(), before.updated_ms + 1)
            after = replace(before, references=tuple(references), comment=comment, updated_ms=now_ms)
            if self.editor.replace_procedure(project_id, before, after):
                return

    def find(
        self,
        project_id: str,
        *,
        names: Collection[str],
        kind: CatalogKind | None,
        offset: int,
        limit: int,
        newest_first: bool = False,
    ) -> tuple[int, tuple[Procedure, ...]]:
        """How many procedures match, and ``limit`` of them from ``offset`` on, by creation and then by name.

        Without ``names`` all match, and without ``kind`` both kinds. What comes with cliploop was there first.
        """
        stored = {each.name: each for each in self.editor.list_procedures(project_id)}
        found = [
            each
            for each in (BUILT_IN_PROCEDURES | stored).values()
            if (not names or each.name in names) and kind in {None, CatalogKind.of(is_preset=each.is_preset)}
        ]
        found.sort(key=lambda each: each.name)
        found.sort(key=lambda each: (each.created_ms, not each.is_preset), reverse=newest_first)
        return len(found), tuple(found[offset : offset + limit])

    def delete(self, project_id: str, name: str) -> None:
        """Forget a procedure; deleting one that does not exist is having deleted it.

        Raises:
            CliploopError: PROCEDURE_PRESET, or UNAVAILABLE (retryable).
        """
        if not self.editor.remove_procedure(project_id, name) and name in BUILT_IN_PROCEDURES:
            raise _preset(name)

    def _templates_must_exist(self, project_id: str, references: Sequence[TemplateReference]) -> None:
        asked = sorted({each.definition for each in references} - BUILT_IN_TEMPLATES.keys())
        known = self.catalog.templates(project_id, asked) if asked else {}
        if missing := [str(number) for number in asked if number not in known]:
            raise CliploopError(
                ErrorCode.TEMPLATE_NOT_FOUND,
                f"There is no template {', '.join(missing)}; create it first, or name another.",
            )


def _preset(name: str) -> CliploopError:
    return CliploopError(
        ErrorCode.PROCEDURE_PRESET,
        f"The procedure {name!r} comes with cliploop and cannot be changed; create one of your own.",
    )


def _not_found(name: str) -> CliploopError:
    return CliploopError(
        ErrorCode.PROCEDURE_NOT_FOUND, f"There is no procedure named {name!r}; create it, or name another."
    )
