from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cliploop.application.ports import Sources, Tasks
from cliploop.application.ports_files import Files
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.media import MediaInfo
from cliploop.domain.output import Output, OutputState
from cliploop.domain.source_file import SourceFile

#: How far back the images of a file are looked for, in tasks.
MOST_TASKS = 50


@dataclass(frozen=True)
class FileDescription:
    """A file, and what was made of it.

    Attributes:
        exists: whether its object version is still in the bucket.
        media: what is in it, as the newest task that looked has seen it; None where none has.
        images: the finished outputs of its newest tasks, newest task first.
    """

    file: SourceFile
    exists: bool
    media: MediaInfo | None
    images: tuple[Output, ...]


@dataclass(frozen=True)
class DescribeFiles:
    """Tells what is known of files."""

    files: Files
    tasks: Tasks
    sources: Sources

    def __call__(self, project_id: str, file_ids: Sequence[int]) -> list[FileDescription]:
        """Describe the files that are known of ``file_ids``, in their order, each once.

        Raises:
            CliploopError: UNAVAILABLE (retryable).
        """
        return [self._describe(file) for file in self.files.get_many(project_id, file_ids)]

    def _describe(self, file: SourceFile) -> FileDescription:
        newest = self.files.tasks_of(file.project_id, file.file_id, MOST_TASKS)
        tasks = self.tasks.get_many(file.project_id, newest)
        images = (output for task in tasks if task.state.is_final for output in task.outputs)
        return FileDescription(
            file=file,
            exists=self._exists(file),
            media=next((task.media for task in tasks if task.media), None),
            images=tuple(output for output in images if output.state is OutputState.SUCCEED),
        )

    def _exists(self, file: SourceFile) -> bool:
        try:
            self.sources.metadata(file.source)
        except CliploopError as error:
            if error.retryable:
                raise
            return error.code is not ErrorCode.SOURCE_NOT_FOUND  # what may not be read is there all the same
        return True
