from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock

from cliploop.application.ports_catalog import too_many_procedures, too_many_templates
from cliploop.domain.procedure import PrefixRule, Procedure
from cliploop.domain.template import CatalogTemplate, Template


@dataclass
class InMemoryCatalog:
    """``Catalog`` in dictionaries."""

    procedures: dict[tuple[str, str], Procedure] = field(default_factory=dict)
    rules: dict[str, tuple[PrefixRule, ...]] = field(default_factory=dict)
    kept_templates: dict[tuple[str, int], CatalogTemplate] = field(default_factory=dict)

    def procedure(self, project_id: str, name: str) -> Procedure | None:
        """See ``Catalog``."""
        return self.procedures.get((project_id, name))

    def templates(self, project_id: str, definitions: Sequence[int]) -> Mapping[int, Template]:
        """See ``Catalog``."""
        kept = self.kept_templates
        return {number: kept[project_id, number].template for number in definitions if (project_id, number) in kept}

    def prefix_rules(self, project_id: str) -> tuple[PrefixRule, ...]:
        """See ``Catalog``."""
        return self.rules.get(project_id, ())


@dataclass
class InMemoryCatalogEditor:
    """``CatalogEditor`` of an ``InMemoryCatalog``."""

    catalog: InMemoryCatalog
    _changing: Lock = field(default_factory=Lock, repr=False)

    def list_templates(self, project_id: str) -> tuple[CatalogTemplate, ...]:
        """See ``CatalogEditor``."""
        return tuple(kept for (owner, _), kept in self.catalog.kept_templates.items() if owner == project_id)

    def add_template(self, project_id: str, template: CatalogTemplate, *, at_most: int) -> bool:
        """See ``CatalogEditor``."""
        number = template.template.definition
        with self._changing:
            if (project_id, number) in self.catalog.kept_templates:
                return False
            if sum(1 for kept in self.list_templates(project_id) if kept.created_ms) >= at_most:
                raise too_many_templates(at_most)
            self.catalog.kept_templates[project_id, number] = template
        return True

    def replace_template(self, project_id: str, before: CatalogTemplate, after: CatalogTemplate) -> bool:
        """See ``CatalogEditor``."""
        number = before.template.definition
        stored = self.catalog.kept_templates.get((project_id, number))
        if stored is None or stored.updated_ms != before.updated_ms:
            return False
        self.catalog.kept_templates[project_id, number] = after
        return True

    def remove_template(self, project_id: str, definition: int) -> bool:
        """See ``CatalogEditor``."""
        with self._changing:
            return self.catalog.kept_templates.pop((project_id, definition), None) is not None

    def list_procedures(self, project_id: str) -> tuple[Procedure, ...]:
        """See ``CatalogEditor``."""
        return tuple(kept for (owner, _), kept in self.catalog.procedures.items() if owner == project_id)

    def add_procedure(self, project_id: str, procedure: Procedure, *, at_most: int) -> bool:
        """See ``CatalogEditor``."""
        with self._changing:
            if (project_id, procedure.name) in self.catalog.procedures:
                return False
            if sum(1 for kept in self.list_procedures(project_id) if kept.created_ms) >= at_most:
                raise too_many_procedures(at_most)
            self.catalog.procedures[project_id, procedure.name] = procedure
        return True

    def replace_procedure(self, project_id: str, before: Procedure, after: Procedure) -> bool:
        """See ``CatalogEditor``."""
        stored = self.catalog.procedures.get((project_id, before.name))
        if stored is None or stored.updated_ms != before.updated_ms:
            return False
        self.catalog.procedures[project_id, before.name] = after
        return True

    def remove_procedure(self, project_id: str, name: str) -> bool:
        """See ``CatalogEditor``."""
        with self._changing:
            return self.catalog.procedures.pop((project_id, name), None) is not None
