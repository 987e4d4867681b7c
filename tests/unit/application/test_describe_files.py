from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction

import pytest

from cliploop.application.describe_files import MOST_TASKS, DescribeFiles, FileDescription
from cliploop.domain.errors import CliploopError, ErrorCode, Failure
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.limits import Limits
from cliploop.domain.media import MediaInfo, VideoStream
from cliploop.domain.output import Output, StoredImage
from cliploop.domain.plan import plan_output
from cliploop.domain.procedure import TemplateUse
from cliploop.domain.source_file import SourceFile
from cliploop.domain.task import Task
from cliploop.domain.template import PRESET_GIF, PRESET_WEBP
from cliploop.testing import InMemoryFiles, InMemorySources, InMemoryTasks

NOW_MS = 1_700_000_000_000
MEDIA = MediaInfo("mov", 10_000, 9, 1, (VideoStream(0, "h264", 640, 360, Fraction(30)),))
BROKEN = Failure(ErrorCode.SOURCE_MALFORMED, "The file is broken.")
GIF, WEBP = Output(TemplateUse(PRESET_GIF)), Output(TemplateUse(PRESET_WEBP))
FILE = SourceFile(project_id="p", file_id=7, source=ObjectVersion("uploads", "k", "v"), size=9, created_ms=NOW_MS)


@dataclass
class Archive:
    """Files and their tasks in memory; there is one file, with its object."""

    files: InMemoryFiles = field(default_factory=InMemoryFiles)
    tasks: InMemoryTasks = field(default_factory=InMemoryTasks)
    sources: InMemorySources = field(default_factory=InMemorySources)

    def __post_init__(self) -> None:
        self.files.add(FILE)
        self.sources.put(FILE.source, "unused", 9)

    def describe(self, *file_ids: int) -> list[FileDescription]:
        return DescribeFiles(self.files, self.tasks, self.sources)("p", file_ids)

    @property
    def only(self) -> FileDescription:
        (description,) = self.describe(FILE.file_id)
        return description

    def keep(self, task_id: int, task: Task) -> Task:
        """Have a task of the file, newer the higher its id."""
        kept = replace(task, task_id=task_id)
        self.files.link("p", FILE.file_id, task_id, NOW_MS + task_id)
        return self.tasks.add(kept)


def waiting(*outputs: Output) -> Task:
    task = Task(
        project_id="p",
        task_id=1,
        file_id=FILE.file_id,
        source=FILE.source,
        procedure="",
        outputs=outputs,
        created_ms=NOW_MS,
    )
    return task.registered()


def made(output: Output) -> Output:
    plan = plan_output(MEDIA, output.use.template, output.use.section, Limits())
    return output.succeed(plan, StoredImage("outputs", "k", 1, "0" * 32, 2, 2, 30, 3_000))


def settled(*outputs: Output, media: MediaInfo = MEDIA) -> Task:
    return waiting(*outputs).claim(NOW_MS).settle(1, media, outputs)


def ended(*outputs: Output, media: MediaInfo = MEDIA) -> Task:
    return settled(*outputs, media=media).finish(1, NOW_MS)


def test_a_file_of_which_nothing_was_made() -> None:
    assert Archive().only == FileDescription(FILE, exists=True, media=None, images=())


def test_files_are_described_in_the_order_asked_and_unknown_ones_left_out() -> None:
    archive = Archive()
    other = replace(FILE, file_id=8, source=ObjectVersion("uploads", "l", "v"))
    archive.files.add(other)
    archive.files.add(replace(FILE, project_id="q", file_id=9))
    assert [each.file for each in archive.describe(8, 9, 7, 8)] == [other, FILE]


def test_its_images_are_those_of_ended_tasks_newest_first() -> None:
    archive = Archive()
    archive.keep(1, ended(made(GIF)))
    archive.keep(2, ended(made(WEBP), GIF.fail(BROKEN)))
    archive.keep(3, waiting(GIF))
    archive.keep(4, settled(made(GIF)))  # its image is not published yet
    assert archive.only.images == (made(WEBP), made(GIF))


def test_what_is_in_it_says_the_newest_task_that_has_looked() -> None:
    archive = Archive()
    newer = replace(MEDIA, duration_ms=1)
    archive.keep(1, ended(made(GIF)))
    archive.keep(2, ended(made(GIF), media=newer))
    archive.keep(3, waiting(GIF))
    assert archive.only.media == newer


def test_a_link_whose_row_never_came_about_says_nothing() -> None:
    archive = Archive()
    archive.files.link("p", FILE.file_id, 99, NOW_MS)
    assert archive.only.images == ()


def test_only_the_newest_tasks_are_looked_at() -> None:
    archive = Archive()
    for task_id in range(MOST_TASKS + 1):
        archive.keep(task_id + 1, ended(made(GIF if task_id else WEBP)))
    assert archive.only.images == (made(GIF),) * MOST_TASKS


@pytest.mark.parametrize(
    ("code", "exists"), [(ErrorCode.SOURCE_NOT_FOUND, False), (ErrorCode.SOURCE_FORBIDDEN, True)]
)
def test_an_object_may_be_gone_or_closed(code: ErrorCode, exists: bool) -> None:  # noqa: FBT001  # a table's column
    archive = Archive()
    archive.keep(1, ended(made(GIF)))
    archive.sources.failures[FILE.source] = CliploopError(code, "no")
    assert (archive.only.exists, len(archive.only.images)) == (exists, 1)


def test_whether_it_is_there_is_not_guessed() -> None:
    archive = Archive()
    archive.sources.failures[FILE.source] = CliploopError(ErrorCode.UNAVAILABLE, "busy", retryable=True)
    with pytest.raises(CliploopError):
        archive.describe(FILE.file_id)
