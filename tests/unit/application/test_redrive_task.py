from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from cliploop.application.publish_changes import PublishChanges
from cliploop.application.redrive_task import Redriven, RedriveTask
from cliploop.domain.deadline import Deadline
from cliploop.domain.errors import CliploopError, ErrorCode, Failure
from cliploop.domain.identity import ObjectVersion, delivery_id_of
from cliploop.domain.notification import TaskChange
from cliploop.domain.output import OutputState, outputs_of
from cliploop.domain.procedure import BUILT_IN_PROCEDURES, NotifyMode, TemplateReference
from cliploop.domain.quota import NO_QUOTA, Quota
from cliploop.domain.task import Task, TaskState
from cliploop.domain.template import BUILT_IN_TEMPLATES
from cliploop.testing import InMemoryNotifications, InMemoryTasks, InMemoryWorkQueue, SettableClock

WHY = Failure(ErrorCode.SOURCE_FORBIDDEN, "The file may not be read.")
REFERENCES = BUILT_IN_PROCEDURES["preview"].references


@dataclass
class Office:
    """An operator, and a task that has failed and was told of."""

    clock: SettableClock = field(default_factory=SettableClock)
    tasks: InMemoryTasks = field(default_factory=InMemoryTasks)
    work: InMemoryWorkQueue = field(default_factory=InMemoryWorkQueue)
    told: InMemoryNotifications = field(default_factory=InMemoryNotifications)
    quota: Quota = NO_QUOTA

    def add(self, references: tuple[TemplateReference, ...] = REFERENCES, **changes: Any) -> Task:
        task = Task(
            project_id="p",
            task_id=1,
            file_id=2,
            source=ObjectVersion("uploads", "k", "v"),
            procedure="preview",
            outputs=outputs_of(references, BUILT_IN_TEMPLATES),
            created_ms=self.clock.now_ms(),
        )
        return self.tasks.add(replace(task, **changes).registered())

    def fail(self, *, told: bool = True) -> Task:
        claimed = self.row.claim(self.clock.now_ms())
        failed = claimed.fail(1, WHY, self.clock.now_ms())
        self.tasks.rows["p", 1] = failed.told() if told else failed
        return self.row

    @property
    def row(self) -> Task:
        return self.tasks.rows["p", 1]

    def redrive(self, task_id: int | None = 1, seconds: float = 60) -> Redriven:
        publish = PublishChanges(self.tasks, self.told)
        redrive = RedriveTask("p", self.tasks, self.work, publish, self.clock, self.quota)
        return redrive.asked(task_id, Deadline.after(seconds))


@pytest.fixture
def office() -> Office:
    return Office()


def test_a_failed_task_waits_again_with_all_its_tries(office: Office) -> None:
    office.add()
    failed = office.fail()
    assert office.redrive() is Redriven.REDRIVEN
    row = office.row
    assert (row.state, row.failure, row.ended_ms, row.winner) == (TaskState.WAITING, None, 0, 0)
    assert [output.state for output in row.outputs] == [OutputState.WAITING] * 2
    assert row.row_version == failed.row_version + 1
    assert row.attempts_before == 1
    assert office.work.messages == [("p", 1)]


def test_who_wants_to_hear_of_every_change_hears_of_it(office: Office) -> None:
    office.add(notify_mode=NotifyMode.CHANGE)
    failed = office.fail()
    office.redrive()
    change = office.tasks.changes[-1]
    assert isinstance(change, TaskChange)
    PublishChanges(office.tasks, office.told)([change])
    assert [notice.delivery_id for notice in office.told.told] == [delivery_id_of("p", 1, failed.row_version + 1)]


def test_a_source_that_was_never_fetched_is_asked_for_again_with_all_of_its_address(office: Office) -> None:
    address = "https://films.example/a.mp4?key=secret"
    office.add(state=TaskState.INIT, origin=address, file_id=0)
    office.fail()
    assert office.redrive() is Redriven.REDRIVEN
    assert (office.row.state, office.row.origin) == (TaskState.INIT, address)


def test_an_output_without_its_template_stays_failed(office: Office) -> None:
    office.add((TemplateReference(404), *REFERENCES))
    office.fail()
    assert office.redrive() is Redriven.REDRIVEN
    assert [output.state for output in office.row.outputs] == [OutputState.FAILED, *[OutputState.WAITING] * 2]


@pytest.mark.parametrize("references", [(), (TemplateReference(404),)])
def test_a_task_of_which_nothing_can_be_made_is_left_as_it_is(
    office: Office, references: tuple[TemplateReference, ...]
) -> None:
    office.add(references)
    before = office.tasks.rows["p", 1] = office.row.refuse(WHY).told()
    assert office.redrive() is Redriven.NOTHING_TO_MAKE
    assert (office.row, office.work.messages) == (before, [])


def test_only_failed_tasks_are_brought_back(office: Office) -> None:
    waiting = office.add()
    now_ms = office.clock.now_ms()
    claimed = waiting.claim(now_ms)
    for row in (waiting, claimed, waiting.cancel(now_ms), replace(claimed, state=TaskState.SUCCEED)):
        office.tasks.rows["p", 1] = row
        assert office.redrive() is Redriven.NOT_FAILED
        assert (office.row, office.work.messages) == (row, [])


@pytest.mark.parametrize("task_id", [None, 2])
def test_there_is_nothing_to_bring_back_of_a_task_that_is_not_there(office: Office, task_id: int | None) -> None:
    office.add()
    assert office.redrive(task_id) is Redriven.NOT_FOUND


def test_an_end_that_was_not_told_yet_is_told_before_it_is_over(office: Office) -> None:
    office.add()
    failed = office.fail(told=False)
    assert office.redrive() is Redriven.REDRIVEN
    assert [notice.delivery_id for notice in office.told.told] == [delivery_id_of("p", 1, failed.row_version)]


def test_while_it_cannot_be_told_the_task_stays_failed(office: Office) -> None:
    office.add()
    failed = office.fail(told=False)
    office.told.refused = {delivery_id_of("p", 1, failed.row_version)}
    assert office.redrive() is Redriven.TRY_AGAIN
    assert office.row.state is TaskState.FAILED
    office.told.refused.clear()
    assert office.redrive() is Redriven.REDRIVEN


def test_a_service_that_does_not_answer_is_an_outcome_and_no_crash(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.add()
    office.fail()

    def busy(*_: object) -> None:
        raise CliploopError(ErrorCode.UNAVAILABLE, "busy", retryable=True)

    monkeypatch.setattr(InMemoryTasks, "revive", busy)
    assert office.redrive() is Redriven.TRY_AGAIN


def test_what_does_not_fit_into_the_time_is_to_be_asked_for_again(office: Office) -> None:
    office.add()
    before = office.fail()
    assert office.redrive(seconds=0) is Redriven.TRY_AGAIN
    assert office.row == before


def test_somebody_who_writes_meanwhile_is_looked_at_again(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.add()
    office.fail()
    revive, crossed = InMemoryTasks.revive, [True]

    def cross(tasks: InMemoryTasks, before: Task, after: Task) -> None:
        if crossed:
            crossed.clear()
            tasks.replace(before, replace(before, revision=before.revision + 1))
        revive(tasks, before, after)

    monkeypatch.setattr(InMemoryTasks, "revive", cross)
    assert office.redrive() is Redriven.REDRIVEN


def test_it_takes_its_part_of_the_quota_again_even_where_there_is_no_room(office: Office) -> None:
    office.quota = Quota(tasks=1)
    office.add()
    office.fail()
    office.tasks.rows["p", 2] = replace(office.row, task_id=2, demand=replace(office.row.demand, tasks=1))
    assert office.redrive() is Redriven.REDRIVEN
    assert office.row.demand.tasks == 1
