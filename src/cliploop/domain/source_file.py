"""Files: object versions of the upload bucket that the stack knows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from cliploop.domain.identity import ObjectVersion


@dataclass(frozen=True, kw_only=True)
class SourceFile:
    """A file, as it was when it arrived. It never changes.

    Attributes:
        name: what its owner calls it; without one the last part of its key.
        size: bytes.
        created_ms: when it became known, UTC milliseconds.
        source_context: what its uploader wants to hear back.
        procedure_task_id: the task that its upload started, 0 where none.
    """

    project_id: str
    file_id: int
    source: ObjectVersion
    size: int
    created_ms: int
    name: str = ""
    source_context: str = ""
    procedure_task_id: int = 0

    @property
    def title(self) -> str:
        """Its name, or what its key says."""
        return self.name or PurePosixPath(self.source.key).name
