"""What becomes of uploads and calls for which their project's quota has no room."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from cliploop.application.publish_changes import PublishChanges
from cliploop.application.register_file import Registered, RegisterFile, Registration
from cliploop.application.start_task import StartOrder, StartTask
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.identity import ObjectVersion, file_id_of
from cliploop.domain.project import Project
from cliploop.domain.quota import NO_DEMAND, Quota
from cliploop.domain.task import Task, TaskState
from cliploop.domain.upload import UploadedObject, UploadOrder
from cliploop.domain.web_address import AllowedTargets
from cliploop.testing import (
    InMemoryCatalog,
    InMemoryFiles,
    InMemoryNotifications,
    InMemoryTasks,
    InMemoryUploadedVersions,
    InMemoryWorkQueue,
    SettableClock,
)

PROJECT = Project("0" * 32, 1)
OWNER = PROJECT.project_id
ORDER = StartOrder(procedure="preview")


def source(name: str) -> ObjectVersion:
    return ObjectVersion("uploads", name, "v")


@dataclass
class Desk:
    """Where uploads and calls come in, for a project with a quota of one open task."""

    quota: Quota = field(default_factory=lambda: Quota(tasks=1))
    catalog: InMemoryCatalog = field(default_factory=InMemoryCatalog)
    files: InMemoryFiles = field(default_factory=InMemoryFiles)
    tasks: InMemoryTasks = field(default_factory=InMemoryTasks)
    work: InMemoryWorkQueue = field(default_factory=InMemoryWorkQueue)
    clock: SettableClock = field(default_factory=SettableClock)

    def upload(self, name: str, procedure: str = "preview") -> Registered:
        register = RegisterFile(self.catalog, self.files, self.tasks, self.work, self.clock, self.quota)
        self.clock.advance(1)
        return register(PROJECT, UploadedObject(source(name), 9), UploadOrder(procedure=procedure))

    @property
    def start(self) -> StartTask:
        self.clock.advance(1)
        return StartTask(
            catalog=self.catalog,
            files=self.files,
            tasks=self.tasks,
            work=self.work,
            clock=self.clock,
            upload_bucket="uploads",
            output_bucket="outputs",
            versions=InMemoryUploadedVersions(),
            allowed=AllowedTargets.read(""),
            quota=self.quota,
        )

    def call(self, name: str, number: int = 0, session_id: str = "") -> Task:
        order = replace(ORDER, token=str(number), session_id=session_id)
        return self.start.of_file(PROJECT, file_id_of(OWNER, source(name)), order)

    def row(self, registered: Registered) -> Task:
        return self.tasks.rows[OWNER, registered.task_id]

    def end(self, row: Task) -> None:
        """Cancel a task, and tell of its end."""
        self.tasks.replace(row, row.cancel(self.clock.now_ms()))
        assert PublishChanges(self.tasks, InMemoryNotifications())(self.tasks.changes[-1:]) == []


def test_an_upload_without_room_is_a_failed_row_that_says_so() -> None:
    desk = Desk()
    first, second = desk.upload("first.mp4"), desk.upload("second.mp4")
    row = desk.row(second)
    assert first.outcome is Registration.REGISTERED
    assert second.outcome is Registration.REFUSED
    assert row.state is TaskState.FAILED
    assert row.failure is not None
    assert row.failure.code is ErrorCode.QUOTA_EXCEEDED
    assert row.demand == NO_DEMAND
    assert {output.failure for output in row.outputs} == {row.failure}
    assert second.file_id in {file_id for _, file_id in desk.files.rows}
    assert desk.work.messages == [(OWNER, first.task_id)]


def test_its_repeat_changes_nothing_also_when_there_is_room_again() -> None:
    desk = Desk()
    first, second = desk.upload("first.mp4"), desk.upload("second.mp4")
    refused = desk.row(second)
    desk.end(desk.row(first))
    assert desk.upload("second.mp4").outcome is Registration.DUPLICATE
    assert desk.row(second) == refused


def test_a_refused_upload_can_be_brought_back() -> None:
    desk = Desk()
    desk.upload("first.mp4")
    refused = desk.row(desk.upload("second.mp4"))
    again = refused.redriven(desk.clock.now_ms()).under(desk.quota)
    assert again.state is TaskState.WAITING
    assert not any(output.failure for output in again.outputs)
    assert again.demand.tasks == 1


def test_a_repeat_of_an_upload_takes_its_place_once() -> None:
    desk = Desk(Quota(tasks=2))
    for _ in range(3):
        desk.upload("first.mp4")
    assert desk.upload("second.mp4").outcome is Registration.REGISTERED


def test_a_task_that_ended_makes_room() -> None:
    desk = Desk()
    desk.end(desk.row(desk.upload("first.mp4")))
    assert desk.upload("second.mp4").outcome is Registration.REGISTERED


def test_a_wrong_order_takes_no_room() -> None:
    desk = Desk()
    assert desk.upload("wrong.mp4", procedure="nothing of that name").outcome is Registration.REFUSED
    assert desk.upload("first.mp4").outcome is Registration.REGISTERED


def test_a_call_without_room_is_refused_and_leaves_nothing() -> None:
    desk = Desk()
    desk.upload("first.mp4")
    rows, links = dict(desk.tasks.rows), {key: set(value) for key, value in desk.files.links.items()}
    for number in range(3):
        with pytest.raises(CliploopError) as raised:
            desk.call("first.mp4", number)
        assert raised.value.code is ErrorCode.QUOTA_EXCEEDED
    assert desk.tasks.rows == rows
    assert desk.files.links == links
    with pytest.raises(CliploopError) as raised:
        desk.start.of_address(PROJECT, "https://films.example/a.mp4", ORDER)
    assert raised.value.code is ErrorCode.QUOTA_EXCEEDED
    assert desk.tasks.rows == rows


def test_a_call_that_is_repeated_gets_its_task_though_the_quota_is_full() -> None:
    desk = Desk(Quota(tasks=2))
    desk.upload("first.mp4")
    task = desk.call("first.mp4")
    assert desk.call("first.mp4") == task
    assert task.demand.tasks == 1
    assert len(desk.tasks.rows) == 2


def test_the_session_of_a_call_that_was_refused_can_be_used_again() -> None:
    desk = Desk()
    first = desk.upload("first.mp4")
    with pytest.raises(CliploopError):
        desk.call("first.mp4", session_id="s")
    desk.end(desk.row(first))
    assert desk.call("first.mp4", session_id="s").session_id == "s"


def test_what_comes_from_an_address_takes_its_demand_while_it_is_fetched() -> None:
    desk = Desk()
    task = desk.start.of_address(PROJECT, "https://films.example/a.mp4", ORDER)
    assert (task.state, task.demand.tasks) == (TaskState.INIT, 1)
    assert task.demand.milliseconds == 10_000
