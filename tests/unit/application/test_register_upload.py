from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction

import pytest

from cliploop.application.register_file import RegisterFile, Registration
from cliploop.application.register_upload import RegisterUpload
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.procedure import NotifyMode, PrefixRule, Procedure, TemplateReference, TemplateUse
from cliploop.domain.project import Project
from cliploop.domain.section import Section
from cliploop.domain.source_file import SourceFile
from cliploop.domain.task import Task, TaskState
from cliploop.domain.template import PRESET_GIF, ImageFormat
from cliploop.domain.upload import UploadedObject
from cliploop.testing import (
    InMemoryCatalog,
    InMemoryFiles,
    InMemorySources,
    InMemoryTasks,
    InMemoryWorkQueue,
    SettableClock,
)

PROJECT = Project("0" * 32, 1)


@dataclass
class Desk:
    """A registration desk with everything in memory."""

    default: str = "preview"
    sources: InMemorySources = field(default_factory=InMemorySources)
    catalog: InMemoryCatalog = field(default_factory=InMemoryCatalog)
    files: InMemoryFiles = field(default_factory=InMemoryFiles)
    tasks: InMemoryTasks = field(default_factory=InMemoryTasks)
    work: InMemoryWorkQueue = field(default_factory=InMemoryWorkQueue)
    clock: SettableClock = field(default_factory=SettableClock)

    def upload(self, key: str = "a b+c%2B ü.mp4", **metadata: str) -> UploadedObject:
        source = ObjectVersion("uploads", key, "v1")
        named = {name.replace("_", "-"): value for name, value in metadata.items()}
        self.sources.put(source, "unused", 9, named)
        return UploadedObject(source, 9)

    def register(self, upload: UploadedObject) -> Registration:
        register = RegisterFile(self.catalog, self.files, self.tasks, self.work, self.clock)
        return RegisterUpload(PROJECT, self.default, self.sources, self.catalog, register)(upload).outcome

    @property
    def only(self) -> Task:
        (task,) = self.tasks.rows.values()
        return task

    @property
    def file(self) -> SourceFile:
        (file,) = self.files.rows.values()
        return file


def test_an_upload_becomes_a_waiting_row_and_a_message() -> None:
    desk = Desk()
    assert desk.register(desk.upload()) is Registration.REGISTERED
    assert desk.only.state is TaskState.WAITING
    assert desk.only.source.key == "a b+c%2B ü.mp4"
    assert desk.work.messages == [(PROJECT.project_id, desk.only.task_id)]


def test_out_of_the_box_it_is_five_seconds_as_gif_and_webp() -> None:
    desk = Desk()
    desk.register(desk.upload())
    shown = [
        (out.use.template.format, out.use.template.width, out.use.template.fps, out.use.section)
        for out in desk.only.outputs
    ]
    assert shown == [
        (ImageFormat.GIF, 480, Fraction(12), Section(0, 5_000)),
        (ImageFormat.WEBP, 480, Fraction(12), Section(0, 5_000)),
    ]


@pytest.mark.parametrize("age_ms", [0, 60_000, 20 * 24 * 3_600_000])
def test_duplicates_of_any_age_make_one_row(age_ms: int) -> None:
    desk = Desk()
    upload = desk.upload()
    desk.register(upload)
    first = desk.only
    desk.clock.advance(age_ms)
    desk.register(upload)
    assert desk.only == first


def test_a_duplicate_of_an_ended_task_starts_no_work() -> None:
    desk = Desk()
    upload = desk.upload()
    desk.register(upload)
    waiting = desk.only
    claimed = waiting.claim(desk.clock.now_ms())
    desk.tasks.replace(waiting, claimed)
    desk.work.messages.clear()
    desk.clock.advance(1)
    assert desk.register(upload) is Registration.DUPLICATE
    assert desk.work.messages == []


def test_a_crash_between_the_row_and_the_message_is_mended_by_the_next_delivery() -> None:
    desk = Desk()
    upload = desk.upload()
    desk.register(upload)
    desk.work.messages.clear()  # as if the first delivery had died here
    desk.clock.advance(1)
    assert desk.register(upload) is Registration.DUPLICATE
    assert len(desk.work.messages) == 1


def test_two_versions_of_a_key_are_two_tasks() -> None:
    desk = Desk()
    first = desk.upload()
    second = replace(first, source=replace(first.source, version_id="v2"))
    desk.sources.put(second.source, "unused", 9)
    desk.register(first)
    desk.register(second)
    assert len(desk.tasks.rows) == 2


def test_metadata_names_the_procedure_and_its_section() -> None:
    desk = Desk()
    desk.register(desk.upload(procedure="preset-20000", section="2,5", session_context="x", tasks_priority="3"))
    (output,) = desk.only.outputs
    assert (output.use.template, output.use.section) == (PRESET_GIF, Section(2_000, 5_000))
    assert (desk.only.session_context, desk.only.priority) == ("x", 3)


def test_metadata_says_how_the_file_is_called_and_what_is_told_of_it() -> None:
    desk = Desk()
    desk.register(desk.upload(media_name="Mein Film", source_context="src", tasks_notify_mode="None"))
    assert (desk.file.name, desk.file.source_context) == ("Mein Film", "src")
    assert (desk.only.name, desk.only.notify_mode) == ("Mein Film", NotifyMode.NONE)


def test_a_preset_means_the_whole_video() -> None:
    desk = Desk()
    desk.register(desk.upload(procedure="preset-20001"))
    assert desk.only.outputs[0].use.section == Section()


def test_the_longest_prefix_rule_wins_over_the_default_and_metadata_over_both() -> None:
    desk = Desk()
    desk.catalog.rules[PROJECT.project_id] = (
        PrefixRule("in/", "preset-20000"),
        PrefixRule("in/webp/", "preset-20001"),
        PrefixRule("in/raw/", ""),
    )
    assert desk.register(desk.upload("in/raw/a.mp4")) is Registration.FILED
    for key, metadata, procedure in (
        ("in/a.mp4", {}, "preset-20000"),
        ("in/webp/a.mp4", {}, "preset-20001"),
        ("out/a.mp4", {}, "preview"),
        ("in/b.mp4", {"procedure": "preview"}, "preview"),
    ):
        desk.tasks.rows.clear()
        desk.register(desk.upload(key, **metadata))
        assert desk.only.procedure == procedure


def test_a_stored_procedure_comes_before_the_built_in_one_of_its_name() -> None:
    desk = Desk()
    mine = Procedure("preview", (TemplateReference(PRESET_GIF.definition, Section(1, 2)),), created_ms=1)
    desk.catalog.procedures[PROJECT.project_id, "preview"] = mine
    desk.register(desk.upload())
    assert [output.use for output in desk.only.outputs] == [TemplateUse(PRESET_GIF, Section(1, 2))]


def test_without_a_default_only_uploads_that_ask_are_processed() -> None:
    desk = Desk(default="")
    assert desk.register(desk.upload("a.mp4")) is Registration.FILED
    assert desk.register(desk.upload("b.mp4", procedure="preview")) is Registration.REGISTERED
    assert [file.procedure_task_id for file in desk.files.rows.values()] == [0, desk.only.task_id]


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ({"procedure": "no such"}, ErrorCode.PROCEDURE_NOT_FOUND),
        ({"section": "five"}, ErrorCode.UPLOAD_METADATA_INVALID),
    ],
)
def test_a_wrong_order_is_a_failed_row_and_no_retry(metadata: dict[str, str], code: ErrorCode) -> None:
    desk = Desk()
    assert desk.register(desk.upload(**metadata)) is Registration.REFUSED
    assert desk.only.state is TaskState.FAILED
    assert desk.only.failure is not None
    assert desk.only.failure.code is code
    assert desk.work.messages == []


@pytest.mark.parametrize(
    "upload",
    [
        UploadedObject(ObjectVersion("b", "dir/", "v"), 0),
        UploadedObject(ObjectVersion("b", "empty.mp4", "v"), 0),
        UploadedObject(ObjectVersion("b", "gone.mp4", "v"), 9),
    ],
)
def test_what_is_skipped_leaves_nothing(upload: UploadedObject) -> None:
    desk = Desk()
    assert desk.register(upload) is Registration.SKIPPED
    assert (desk.tasks.rows, desk.files.rows, desk.work.messages) == ({}, {}, [])


@pytest.mark.parametrize(
    ("key", "metadata"),
    [("out.gif", {"cliploop_attempt": "1"}), ("cliploop-applied/1/a.mp4", {"procedure": "preview"})],
)
def test_our_own_objects_and_those_not_committed_yet_are_no_files(key: str, metadata: dict[str, str]) -> None:
    desk = Desk()
    assert desk.register(desk.upload(key, **metadata)) is Registration.SKIPPED
    assert (desk.tasks.rows, desk.files.rows) == ({}, {})


@pytest.mark.parametrize("said", ["none", "None"])
def test_media_that_ask_for_no_task_are_files_all_the_same(said: str) -> None:
    desk = Desk()
    assert desk.register(desk.upload(procedure=said)) is Registration.FILED
    assert (desk.tasks.rows, desk.file.procedure_task_id) == ({}, 0)


def test_a_source_that_cannot_be_looked_at_just_now_is_tried_again() -> None:
    desk = Desk()
    upload = desk.upload()
    desk.sources.failures[upload.source] = CliploopError(ErrorCode.UNAVAILABLE, "busy", retryable=True)
    with pytest.raises(CliploopError):
        desk.register(upload)
    assert desk.tasks.rows == {}


def test_a_collision_of_ids_is_loud() -> None:
    desk = Desk()
    upload = desk.upload()
    desk.register(upload)
    taken = replace(desk.only, source=ObjectVersion("uploads", "another", "v"))
    desk.tasks.rows[taken.project_id, taken.task_id] = taken
    with pytest.raises(CliploopError) as raised:
        desk.register(upload)
    assert raised.value.code is ErrorCode.TASK_ID_COLLISION
