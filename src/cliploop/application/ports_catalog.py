"""What managing templates and procedures needs of the world."""

from __future__ import annotations

from typing import Protocol

from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.procedure import Procedure
from cliploop.domain.template import CatalogTemplate


class CatalogEditor(Protocol):
    """Changes what a project's ``Catalog`` knows, and lists it.

    What was added here is counted, and bounded; what people wrote into the table themselves, which has no creation
    time, is neither. Of two versions the one with the later ``updated_ms`` is the newer, so every change raises it.
    """

    def list_templates(self, project_id: str) -> tuple[CatalogTemplate, ...]:
        """The stored templates, in no order."""
        ...

    def add_template(self, project_id: str, template: CatalogTemplate, *, at_most: int) -> bool:
        """Store a template, which has a creation time; False where its number is taken.

        Raises:
            CliploopError: TOO_MANY_TEMPLATES where ``at_most`` were added already; UNAVAILABLE (retryable).
        """
        ...

    def replace_template(self, project_id: str, before: CatalogTemplate, after: CatalogTemplate) -> bool:
        """Store ``after`` in the place of ``before``; False where the stored one is another by now, or gone."""
        ...

    def remove_template(self, project_id: str, definition: int) -> bool:
        """Forget a template; False where there is none."""
        ...

    def list_procedures(self, project_id: str) -> tuple[Procedure, ...]:
        """The stored procedures, in no order."""
        ...

    def add_procedure(self, project_id: str, procedure: Procedure, *, at_most: int) -> bool:
        """Store a procedure, which has a creation time; False where its name is taken.

        Raises:
            CliploopError: TOO_MANY_PROCEDURES where ``at_most`` were added already; UNAVAILABLE (retryable).
        """
        ...

    def replace_procedure(self, project_id: str, before: Procedure, after: Procedure) -> bool:
        """Store ``after`` in the place of ``before``; False where the stored one is another by now, or gone."""
        ...

    def remove_procedure(self, project_id: str, name: str) -> bool:
        """Forget a procedure; False where there is none."""
        ...


def too_many_templates(at_most: int) -> CliploopError:
    """What ``add_template`` raises."""
    return CliploopError(
        ErrorCode.TOO_MANY_TEMPLATES, f"There are {at_most} templates, which is the most; delete one first."
    )


def too_many_procedures(at_most: int) -> CliploopError:
    """What ``add_procedure`` raises."""
    return CliploopError(
        ErrorCode.TOO_MANY_PROCEDURES, f"There are {at_most} procedures, which is the most; delete one first."
    )
