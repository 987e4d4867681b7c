from __future__ import annotations

import pytest

from cliploop.application.heartbeat import Heartbeat
from cliploop.application.ports import RevisionConflictError
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.task import LeaseLostError, Task
from cliploop.domain.timetable import LEASE_MS, LOOK_MS
from cliploop.testing import InMemoryTasks, SettableClock

BUSY = CliploopError(ErrorCode.UNAVAILABLE, "busy", retryable=True)


class Rows(InMemoryTasks):
    """Rows that cannot be had, or are changed by somebody else, while it is said so."""

    busy = False
    crossed = 0
    looks = 0

    def get(self, project_id: str, task_id: int) -> Task | None:
        self.looks += 1
        if self.busy:
            raise BUSY
        return super().get(project_id, task_id)

    def replace(self, before: Task, after: Task) -> None:
        if self.crossed:
            self.crossed -= 1
            raise RevisionConflictError
        super().replace(before, after)


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def rows(clock: SettableClock) -> Rows:
    rows = Rows()
    task = Task(
        project_id="p",
        task_id=1,
        file_id=2,
        source=ObjectVersion("b", "k", "v"),
        procedure="",
        outputs=(),
        created_ms=clock.now_ms(),
    )
    rows.rows["p", 1] = task.registered().claim(clock.now_ms())
    return rows


@pytest.fixture
def beat(rows: Rows, clock: SettableClock) -> Heartbeat:
    return Heartbeat(rows, clock, rows.rows["p", 1])


def test_a_lease_is_renewed_when_a_third_of_it_is_gone_and_not_before(
    rows: Rows, clock: SettableClock, beat: Heartbeat
) -> None:
    began_ms = clock.now_ms()
    clock.advance(LEASE_MS // 3)
    beat()
    assert rows.rows["p", 1].lease_until_ms == began_ms + LEASE_MS
    clock.advance(LOOK_MS)
    beat()
    assert rows.rows["p", 1].lease_until_ms == clock.now_ms() + LEASE_MS


def test_between_two_looks_nothing_is_read(rows: Rows, clock: SettableClock, beat: Heartbeat) -> None:
    for _ in range(10):
        clock.advance(LOOK_MS // 10 - 1)
        beat()
    assert rows.looks == 0
    clock.advance(10)
    beat()
    assert rows.looks == 1


def test_a_worker_stops_within_two_seconds_after_its_task_was_canceled(
    rows: Rows, clock: SettableClock, beat: Heartbeat
) -> None:
    """The encoder beats every half second (bootstrap/working.py)."""
    row = rows.rows["p", 1]
    rows.rows["p", 1] = row.cancel(clock.now_ms())
    canceled_ms = clock.now_ms()

    def go_on() -> None:
        while True:
            clock.advance(499)
            beat()

    with pytest.raises(LeaseLostError):
        go_on()
    assert clock.now_ms() - canceled_ms < 2_000


def test_a_look_that_fails_throws_nothing_away_while_the_lease_holds(
    rows: Rows, clock: SettableClock, beat: Heartbeat
) -> None:
    rows.busy = True
    clock.advance(LEASE_MS - 1)
    beat()
    clock.advance(LOOK_MS)
    with pytest.raises(CliploopError):
        beat()


def test_a_row_that_somebody_changes_this_moment_is_looked_at_again_at_once(
    rows: Rows, clock: SettableClock, beat: Heartbeat
) -> None:
    rows.crossed = 1
    clock.advance(LEASE_MS // 2)
    beat()
    beat()
    assert rows.rows["p", 1].lease_until_ms == clock.now_ms() + LEASE_MS


def test_who_was_overtaken_stops(rows: Rows, clock: SettableClock, beat: Heartbeat) -> None:
    clock.advance(LEASE_MS)
    rows.rows["p", 1] = rows.rows["p", 1].claim(clock.now_ms())
    with pytest.raises(LeaseLostError):
        beat()
