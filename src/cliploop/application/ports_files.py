"""What the use cases need to know of files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from cliploop.domain.source_file import SourceFile


class Files(Protocol):
    """Remembers files, and which tasks were made of each. A file is never forgotten, a task is with its row."""

    def add(self, file: SourceFile) -> SourceFile:
        """Remember a file unless its id is known; the file that is remembered now, new or old."""
        ...

    def get_many(self, project_id: str, file_ids: Sequence[int]) -> list[SourceFile]:
        """The files that are known of ``file_ids``, in their order, each once."""
        ...

    def link(self, project_id: str, file_id: int, task_id: int, created_ms: int) -> None:
        """Remember that a task was made of a file; before its row is stored, and any number of times."""
        ...

    def unlink(self, project_id: str, file_id: int, task_id: int, created_ms: int) -> None:
        """Forget a link again, whose row is not going to be."""
        ...

    def tasks_of(self, project_id: str, file_id: int, most: int) -> list[int]:
        """The ids of a file's newest tasks, newest first. An id whose row never came about may be among them."""
        ...
