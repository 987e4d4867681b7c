from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from cliploop.application.register_file import Registered, RegisterFile, Registration
from cliploop.domain.errors import CliploopError, ErrorCode, Failure
from cliploop.domain.identity import ObjectVersion, file_id_of, task_id_of_upload
from cliploop.domain.output import OutputState
from cliploop.domain.procedure import NotifyMode, Procedure, TemplateReference
from cliploop.domain.project import Project
from cliploop.domain.section import Section
from cliploop.domain.source_file import SourceFile
from cliploop.domain.task import Task, TaskState
from cliploop.domain.template import PRESET_GIF
from cliploop.domain.upload import NO_PROCEDURE, UploadedObject, UploadOrder
from cliploop.testing import InMemoryCatalog, InMemoryFiles, InMemoryTasks, InMemoryWorkQueue, SettableClock

PROJECT = Project("0" * 32, 1)
OWNER = PROJECT.project_id
SOURCE = ObjectVersion("uploads", "in/a.mp4", "v")
UPLOAD = UploadedObject(SOURCE, 9)
FILE_ID = file_id_of(OWNER, SOURCE)
TASK_ID = task_id_of_upload(OWNER, SOURCE)
ORDER = UploadOrder(
    procedure="preview",
    section=Section(1_000, 2_000),
    session_context="ctx",
    priority=-3,
    notify_mode=NotifyMode.CHANGE,
    source_context="src",
    name="Mein Film",
)
MISSING = TemplateReference(404)


@dataclass
class Desk:
    """Where files are registered, with everything in memory."""

    catalog: InMemoryCatalog = field(default_factory=InMemoryCatalog)
    files: InMemoryFiles = field(default_factory=InMemoryFiles)
    tasks: InMemoryTasks = field(default_factory=InMemoryTasks)
    work: InMemoryWorkQueue = field(default_factory=InMemoryWorkQueue)
    clock: SettableClock = field(default_factory=SettableClock)

    def register(self, order: UploadOrder = ORDER, refusal: Failure | None = None) -> Registered:
        return RegisterFile(self.catalog, self.files, self.tasks, self.work, self.clock)(
            PROJECT, UPLOAD, order, refusal
        )

    def order(self, *references: TemplateReference) -> UploadOrder:
        """An order of a procedure that has these references."""
        self.catalog.procedures[OWNER, "mine"] = Procedure("mine", references, created_ms=1)
        return UploadOrder(procedure="mine")

    @property
    def file(self) -> SourceFile:
        return self.files.rows[OWNER, FILE_ID]

    @property
    def task(self) -> Task:
        return self.tasks.rows[OWNER, TASK_ID]


def test_a_file_with_an_order_is_a_file_a_row_and_a_message() -> None:
    desk = Desk()
    assert desk.register() == Registered(Registration.REGISTERED, TASK_ID, file_id=FILE_ID)
    assert desk.file == SourceFile(
        project_id=OWNER,
        file_id=FILE_ID,
        source=SOURCE,
        size=9,
        created_ms=desk.clock.now_ms(),
        name="Mein Film",
        source_context="src",
        procedure_task_id=TASK_ID,
    )
    assert (desk.task.state, desk.task.file_id, desk.task.name) == (TaskState.WAITING, FILE_ID, "Mein Film")
    assert (desk.task.session_context, desk.task.priority, desk.task.notify_mode) == ("ctx", -3, NotifyMode.CHANGE)
    assert [output.use.section for output in desk.task.outputs] == [ORDER.section] * 2
    assert desk.files.tasks_of(OWNER, FILE_ID, 10) == [TASK_ID]
    assert desk.work.messages == [(OWNER, TASK_ID)]


@pytest.mark.parametrize("procedure", [None, "", NO_PROCEDURE, "NONE"])
def test_a_file_without_an_order_is_a_file(procedure: str | None) -> None:
    desk = Desk()
    registered = desk.register(UploadOrder(procedure=procedure, name="Mein Film"))
    assert (registered.outcome, registered.task_id, registered.file_id) == (Registration.FILED, 0, FILE_ID)
    assert (desk.file.name, desk.file.procedure_task_id) == ("Mein Film", 0)
    assert (desk.tasks.rows, desk.files.links, desk.work.messages) == ({}, {}, [])


def test_asked_again_it_is_a_duplicate_and_the_file_stays_as_it_was() -> None:
    desk = Desk()
    desk.register()
    file, task = desk.file, desk.task
    desk.clock.advance(1)
    assert desk.register(replace(ORDER, name="another")) == Registered(
        Registration.DUPLICATE, TASK_ID, file_id=FILE_ID
    )
    assert (desk.file, desk.task) == (file, task)
    assert desk.files.tasks_of(OWNER, FILE_ID, 10) == [TASK_ID]
    assert len(desk.files.changes) == 1


class _Killed(BaseException):
    """The function ends here: nothing of ours catches it."""


@pytest.mark.parametrize("step", ["file", "link", "row", "message"])
def test_a_crash_before_any_step_is_mended_by_the_next_delivery(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    store, method = {
        "file": (desk.files, "add"),
        "link": (desk.files, "link"),
        "row": (desk.tasks, "add"),
        "message": (desk.work, "send"),
    }[step]

    def die(*_: object) -> None:
        raise _Killed

    with monkeypatch.context() as patched:
        patched.setattr(store, method, die)
        with pytest.raises(_Killed):
            desk.register()
    desk.clock.advance(1)
    desk.register()
    assert desk.file.procedure_task_id == desk.task.task_id == TASK_ID
    assert desk.files.tasks_of(OWNER, FILE_ID, 10) == [TASK_ID]
    assert desk.work.messages == [(OWNER, TASK_ID)]


def test_a_refusal_is_a_file_and_a_failed_row() -> None:
    desk = Desk()
    refusal = Failure(ErrorCode.UPLOAD_METADATA_INVALID, "The section is wrong.")
    registered = desk.register(UploadOrder(), refusal)
    assert registered == Registered(Registration.REFUSED, TASK_ID, "The section is wrong.", FILE_ID)
    assert (desk.task.state, desk.task.failure) == (TaskState.FAILED, refusal)
    assert desk.file.procedure_task_id == TASK_ID
    assert desk.work.messages == []


def test_an_unknown_procedure_is_a_refusal() -> None:
    desk = Desk()
    assert desk.register(UploadOrder(procedure="no such")).outcome is Registration.REFUSED
    assert desk.task.failure is not None
    assert desk.task.failure.code is ErrorCode.PROCEDURE_NOT_FOUND


def test_an_output_without_a_template_has_failed_and_the_other_is_made() -> None:
    desk = Desk()
    order = desk.order(MISSING, TemplateReference(PRESET_GIF.definition))
    assert desk.register(order).outcome is Registration.REGISTERED
    assert [output.state for output in desk.task.outputs] == [OutputState.FAILED, OutputState.WAITING]


def test_a_procedure_without_any_template_is_a_refusal() -> None:
    desk = Desk()
    assert desk.register(desk.order(MISSING)).outcome is Registration.REFUSED
    assert desk.task.state is TaskState.FAILED
    assert desk.work.messages == []


def test_a_collision_of_ids_is_loud() -> None:
    desk = Desk()
    desk.register()
    desk.tasks.rows[OWNER, TASK_ID] = replace(desk.task, source=replace(SOURCE, key="another"))
    with pytest.raises(CliploopError) as raised:
        desk.register()
    assert raised.value.code is ErrorCode.TASK_ID_COLLISION
