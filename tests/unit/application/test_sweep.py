from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from cliploop.application.publish_changes import PublishChanges
from cliploop.application.sweep import Sweep, Sweeping
from cliploop.domain.deadline import Deadline
from cliploop.domain.errors import CliploopError, ErrorCode, Failure
from cliploop.domain.identity import ObjectVersion, delivery_id_of
from cliploop.domain.notification import EventKind
from cliploop.domain.output import outputs_of
from cliploop.domain.procedure import BUILT_IN_PROCEDURES, NotifyMode
from cliploop.domain.publication import Publication
from cliploop.domain.task import MAX_ATTEMPTS, Task, TaskState
from cliploop.domain.template import BUILT_IN_TEMPLATES
from cliploop.domain.timetable import (
    LEASE_MS,
    LOOKED_AT_EVERY_MS,
    RETRY_OVERDUE_MS,
    SWEEP_EVERY_S,
    TELLING_OVERDUE_MS,
    WAITING_OVERDUE_MS,
)
from cliploop.testing import (
    InMemoryDueTasks,
    InMemoryNotifications,
    InMemoryOutputs,
    InMemoryTasks,
    InMemoryWorkQueue,
    SettableClock,
)
from cliploop.testing.in_memory_outputs import KeptImage

DAY_MS = 24 * 3_600_000
BUSY = CliploopError(ErrorCode.UNAVAILABLE, "busy", retryable=True)
WHY = Failure(ErrorCode.UNAVAILABLE, "The store did not answer.")


@dataclass
class Yard:
    """Rows, and nobody but the sweep to look after them."""

    clock: SettableClock = field(default_factory=SettableClock)
    tasks: InMemoryTasks = field(default_factory=InMemoryTasks)
    work: InMemoryWorkQueue = field(default_factory=InMemoryWorkQueue)
    outputs: InMemoryOutputs = field(default_factory=InMemoryOutputs)
    told: InMemoryNotifications = field(default_factory=InMemoryNotifications)

    def add(self, task_id: int = 1, **changes: Any) -> Task:
        task = Task(
            project_id="p",
            task_id=task_id,
            file_id=2,
            source=ObjectVersion("uploads", "k", f"v{task_id}"),
            procedure="preview",
            outputs=outputs_of(BUILT_IN_PROCEDURES["preview"].references, BUILT_IN_TEMPLATES),
            created_ms=self.clock.now_ms(),
        )
        return self.tasks.add(replace(task, **changes).registered())

    def row(self, task_id: int = 1) -> Task:
        return self.tasks.rows["p", task_id]

    def put(self, row: Task) -> Task:
        """Have the row as somebody else has left it."""
        self.tasks.rows["p", row.task_id] = row
        return row

    def sweep(self, seconds: float = 60, publish: PublishChanges | None = None) -> dict[Sweeping, int]:
        publish = publish or PublishChanges(self.tasks, self.told)
        due = InMemoryDueTasks(self.tasks)
        sweep = Sweep("p", due, self.tasks, self.work, self.outputs, publish, self.clock)
        return dict(sweep(Deadline.after(seconds)))

    def end(self, task_id: int = 1) -> Task:
        """A task whose end nobody has told."""
        claimed = self.row(task_id).claim(self.clock.now_ms())
        return self.put(claimed.fail(claimed.attempt, WHY, self.clock.now_ms()))


@pytest.fixture
def yard() -> Yard:
    return Yard()


def test_what_is_not_overdue_is_left_alone(yard: Yard) -> None:
    before = yard.add()
    yard.clock.advance(WAITING_OVERDUE_MS - 1)
    assert yard.sweep() == {}
    assert (yard.row(), yard.work.messages) == (before, [])


def test_a_waiting_row_whose_message_was_lost_gets_another_one(yard: Yard) -> None:
    yard.add()
    yard.clock.advance(WAITING_OVERDUE_MS)
    assert yard.sweep() == {Sweeping.RESENT: 1}
    assert yard.work.messages == [("p", 1)]
    assert yard.sweep() == {}


def test_so_does_one_whose_source_was_not_fetched_yet(yard: Yard) -> None:
    yard.add(state=TaskState.INIT, origin="https://films.example/a.mp4", file_id=0)
    yard.clock.advance(WAITING_OVERDUE_MS)
    assert yard.sweep() == {Sweeping.RESENT: 1}
    assert yard.work.messages == [("p", 1)]


def test_a_row_in_a_deep_backlog_gets_few_messages(yard: Yard) -> None:
    yard.add()
    sent_after: list[int] = []
    for _ in range(24 * 60):
        yard.clock.advance(SWEEP_EVERY_S * 1000)
        if yard.sweep():
            sent_after.append((yard.clock.now_ms() - yard.row().created_ms) // WAITING_OVERDUE_MS)
    assert sent_after == [1, 2, 4, 8, 16, 32, 56, 80]  # quarters of an hour; at last every six hours
    assert LOOKED_AT_EVERY_MS == 24 * WAITING_OVERDUE_MS


def test_a_row_whose_worker_is_gone_is_handed_to_a_successor(yard: Yard) -> None:
    yard.put(yard.add().claim(yard.clock.now_ms()))
    yard.clock.advance(LEASE_MS - 1)
    assert yard.sweep() == {}
    yard.clock.advance(1)
    assert yard.sweep() == {Sweeping.TAKEN_OVER: 1}
    assert yard.work.messages == [("p", 1)]
    assert yard.row().claim(yard.clock.now_ms()).attempt == 2


def test_it_is_not_sent_again_each_minute(yard: Yard) -> None:
    yard.put(yard.add().claim(yard.clock.now_ms()))
    for _ in range(RETRY_OVERDUE_MS // (SWEEP_EVERY_S * 1000)):
        yard.clock.advance(SWEEP_EVERY_S * 1000)
        yard.sweep()
    assert len(yard.work.messages) == 1
    yard.clock.advance(SWEEP_EVERY_S * 1000)
    yard.sweep()
    assert len(yard.work.messages) == 2


def test_a_row_that_was_given_back_is_left_to_its_own_message_for_a_while(yard: Yard) -> None:
    claimed = yard.add().claim(yard.clock.now_ms())
    yard.put(claimed.release(1, WHY, yard.clock.now_ms()))
    yard.clock.advance(RETRY_OVERDUE_MS - 1)
    assert yard.sweep() == {}
    yard.clock.advance(1)
    assert yard.sweep() == {Sweeping.TAKEN_OVER: 1}


def used_up(yard: Yard) -> Task:
    row = yard.add()
    for attempt in range(1, MAX_ATTEMPTS):
        row = row.claim(yard.clock.now_ms()).release(attempt, WHY, yard.clock.now_ms())
    return yard.put(row.claim(yard.clock.now_ms()))


def test_a_row_that_has_used_up_its_tries_is_ended_on_the_spot_with_its_last_error(yard: Yard) -> None:
    used_up(yard)
    yard.clock.advance(LEASE_MS)
    assert yard.sweep() == {Sweeping.ENDED: 1}
    row = yard.row()
    assert (row.state, yard.work.messages) == (TaskState.FAILED, [])
    assert row.failure is not None
    assert row.failure.code is ErrorCode.ATTEMPTS_EXHAUSTED
    assert WHY.message in row.failure.message


def test_what_its_attempts_had_stored_is_gone_then(yard: Yard) -> None:
    row = used_up(yard)
    yard.put(replace(row, winner=row.attempt))
    key = "p/1/1.f21000.gif"
    yard.outputs.images[key] = KeptImage(b"left", Publication(1, row.created_ms, row.attempt, "0" * 32))
    yard.clock.advance(LEASE_MS)
    assert yard.sweep() == {Sweeping.ENDED: 1}
    assert yard.outputs.images == {}


@pytest.mark.parametrize(("mode", "times"), [(NotifyMode.FINISH, 1), (NotifyMode.CHANGE, 1), (NotifyMode.NONE, 0)])
def test_an_end_that_was_not_told_is_told_as_it_would_have_been_and_retired(
    yard: Yard, mode: NotifyMode, times: int
) -> None:
    yard.add(notify_mode=mode)
    ended = yard.end()
    yard.clock.advance(TELLING_OVERDUE_MS)
    assert yard.sweep() == {Sweeping.TOLD: 1}
    expected = [delivery_id_of("p", 1, ended.row_version)] * times
    assert [notice.delivery_id for notice in yard.told.told] == expected
    assert yard.row().due_at_ms == 0
    assert yard.sweep() == {}


def test_so_is_that_the_source_was_fetched(yard: Yard) -> None:
    yard.add(origin="https://films.example/a.mp4")
    ended = yard.end()
    yard.clock.advance(TELLING_OVERDUE_MS)
    yard.sweep()
    assert [(notice.kind, notice.delivery_id) for notice in yard.told.told] == [
        (EventKind.PULL_COMPLETE, delivery_id_of("p", 1, 0)),
        (EventKind.PROCEDURE_STATE_CHANGED, delivery_id_of("p", 1, ended.row_version)),
    ]


def test_an_end_that_cannot_be_told_is_told_later_and_does_not_hold_up_the_others(yard: Yard) -> None:
    yard.add(1)
    yard.add(2)
    refused = yard.end(1)
    yard.end(2)
    yard.told.refused = {delivery_id_of("p", 1, refused.row_version)}
    yard.clock.advance(TELLING_OVERDUE_MS)
    assert yard.sweep() == {Sweeping.FAILED: 1, Sweeping.TOLD: 1}
    assert yard.row(1).due_at_ms == yard.clock.now_ms() + TELLING_OVERDUE_MS
    yard.told.refused.clear()
    yard.clock.advance(TELLING_OVERDUE_MS)
    assert yard.sweep() == {Sweeping.TOLD: 1}


@pytest.mark.parametrize("error", [BUSY, ZeroDivisionError("a bug")])
def test_one_row_that_fails_does_not_stop_the_others(
    yard: Yard, error: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    yard.add(1)
    yard.add(2)
    get = InMemoryTasks.get

    def broken(tasks: InMemoryTasks, project_id: str, task_id: int) -> Task | None:
        if task_id == 1:
            raise error
        return get(tasks, project_id, task_id)

    monkeypatch.setattr(InMemoryTasks, "get", broken)
    yard.clock.advance(WAITING_OVERDUE_MS)
    assert yard.sweep() == {Sweeping.FAILED: 1, Sweeping.RESENT: 1}
    assert yard.work.messages == [("p", 2)]
    assert "task 1 could not be swept" in caplog.text


def test_a_row_whose_message_cannot_be_sent_is_looked_at_again_the_next_minute(yard: Yard) -> None:
    yard.add()
    yard.clock.advance(WAITING_OVERDUE_MS)

    class Broken(InMemoryWorkQueue):
        def send(self, project_id: str, task_id: int) -> None:
            raise BUSY

    work, yard.work = yard.work, Broken()
    assert yard.sweep() == {Sweeping.FAILED: 1}
    yard.work = work
    assert yard.sweep() == {Sweeping.RESENT: 1}


def test_the_longest_overdue_come_first_and_what_does_not_fit_waits_for_the_next_run(yard: Yard) -> None:
    yard.add(2)
    yard.clock.advance(1)
    yard.add(1)
    yard.clock.advance(WAITING_OVERDUE_MS)
    assert yard.sweep(seconds=0) == {}
    assert yard.sweep() == {Sweeping.RESENT: 2}
    assert yard.work.messages == [("p", 2), ("p", 1)]


def test_what_somebody_has_in_hand_this_moment_is_left_to_him(yard: Yard) -> None:
    yard.add()
    yard.clock.advance(WAITING_OVERDUE_MS)

    class Claimed(InMemoryWorkQueue):
        def send(self, project_id: str, task_id: int) -> None:
            yard.put(yard.row().claim(yard.clock.now_ms()))

    yard.work = Claimed()
    assert yard.sweep() == {Sweeping.NOTHING_TO_DO: 1}
    assert yard.row().state is TaskState.PROCESSING


@pytest.mark.parametrize("late", [lambda row, now: row.claim(now), lambda row, _: replace(row, due_at_ms=0), None])
def test_an_index_that_is_a_moment_behind_does_no_harm(yard: Yard, late: Any) -> None:
    class Behind:
        def overdue(self, project_id: str, now_ms: int, most: int) -> Sequence[int]:
            return [1]

    row = yard.add()
    yard.clock.advance(WAITING_OVERDUE_MS)
    if late:
        yard.put(late(row, yard.clock.now_ms()))
    else:
        yard.tasks.rows.clear()
    publish = PublishChanges(yard.tasks, yard.told)
    sweep = Sweep("p", Behind(), yard.tasks, yard.work, yard.outputs, publish, yard.clock)  # type: ignore[arg-type]
    assert sweep(Deadline.after(60)) == {Sweeping.NOTHING_TO_DO: 1}
    assert yard.work.messages == []
