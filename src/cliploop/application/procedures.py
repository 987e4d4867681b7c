"""Procedures and templates as they are at the moment at which a task is registered."""

from __future__ import annotations

from collections.abc import Sequence

from cliploop.application.ports import Catalog
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.output import Output, outputs_of
from cliploop.domain.procedure import BUILT_IN_PROCEDURES, Procedure, TemplateReference
from cliploop.domain.template import BUILT_IN_TEMPLATES


def find_procedure(catalog: Catalog, project_id: str, name: str) -> Procedure:
    """The project's procedure of that name, else the one that comes with cliploop.

    Raises:
        CliploopError: PROCEDURE_NOT_FOUND.
    """
    procedure = catalog.procedure(project_id, name) or BUILT_IN_PROCEDURES.get(name)
    if procedure is None:
        raise CliploopError(
            ErrorCode.PROCEDURE_NOT_FOUND, f"There is no procedure named {name!r}; create it, or name another."
        )
    return procedure


def outputs_now(catalog: Catalog, project_id: str, references: Sequence[TemplateReference]) -> tuple[Output, ...]:
    """The outputs that ``references`` mean now. From here on a task does not depend on the catalog any more."""
    asked = {each.definition for each in references}
    templates = {number: BUILT_IN_TEMPLATES[number] for number in asked & BUILT_IN_TEMPLATES.keys()}
    if custom := sorted(asked - templates.keys()):
        templates |= catalog.templates(project_id, custom)
    return outputs_of(references, templates)
