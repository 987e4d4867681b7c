from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cliploop.domain.source_file import SourceFile


@dataclass
class InMemoryFiles:
    """``Files`` in dictionaries. ``changes`` is what the table's stream would carry."""

    rows: dict[tuple[str, int], SourceFile] = field(default_factory=dict)
    links: dict[tuple[str, int], set[tuple[int, str]]] = field(default_factory=dict)
    changes: list[SourceFile] = field(default_factory=list)

    def add(self, file: SourceFile) -> SourceFile:
        """See ``Files``."""
        stored = self.rows.setdefault((file.project_id, file.file_id), file)
        if stored is file:
            self.changes.append(file)
        return stored

    def get_many(self, project_id: str, file_ids: Sequence[int]) -> list[SourceFile]:
        """See ``Files``."""
        rows = (self.rows.get((project_id, file_id)) for file_id in dict.fromkeys(file_ids))
        return [row for row in rows if row is not None]

    def link(self, project_id: str, file_id: int, task_id: int, created_ms: int) -> None:
        """See ``Files``."""
        self.links.setdefault((project_id, file_id), set()).add((created_ms, str(task_id)))

    def unlink(self, project_id: str, file_id: int, task_id: int, created_ms: int) -> None:
        """See ``Files``."""
        self.links.get((project_id, file_id), set()).discard((created_ms, str(task_id)))

    def tasks_of(self, project_id: str, file_id: int, most: int) -> list[int]:
        """See ``Files``."""
        newest_first = sorted(self.links.get((project_id, file_id), ()), reverse=True)
        return list(dict.fromkeys(int(task_id) for _, task_id in newest_first))[:most]
