"""What finds overdue tasks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from cliploop.adapters.dynamodb_due import DynamoDBDueTasks
from cliploop.adapters.dynamodb_tasks import DynamoDBTasks
from cliploop.application.ports import Tasks
from cliploop.application.ports_due import DueTasks
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.task import Task
from cliploop.domain.timetable import LEASE_MS, WAITING_OVERDUE_MS
from cliploop.testing import InMemoryDueTasks, InMemoryTasks, SettableClock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


@dataclass(frozen=True)
class World:
    tasks: Tasks
    due: DueTasks
    clock: SettableClock

    def add(self, task_id: int, project_id: str = "p" * 32) -> Task:
        task = Task(
            project_id=project_id,
            task_id=task_id,
            file_id=7,
            source=ObjectVersion("uploads", "k", str(task_id)),
            procedure="",
            outputs=(),
            created_ms=self.clock.now_ms(),
        )
        self.clock.advance(1)
        return self.tasks.add(task.registered())

    def overdue(self, most: int = 100) -> list[int]:
        return list(self.due.overdue("p" * 32, self.clock.now_ms(), most))


@pytest.fixture(params=["in memory", "moto"])
def world(request: pytest.FixtureRequest, clock: SettableClock) -> World:
    if request.param == "in memory":
        tasks = InMemoryTasks()
        return World(tasks, InMemoryDueTasks(tasks), clock)
    client = request.getfixturevalue("dynamodb")
    return World(DynamoDBTasks(client, "tasks", 30, clock), DynamoDBDueTasks(client, "tasks"), clock)


def test_nothing_is_overdue_before_its_moment(world: World) -> None:
    row = world.add(1)
    world.clock.at_ms = row.due_at_ms - 1
    assert world.overdue() == []
    world.clock.advance(1)
    assert world.overdue() == [1]


def test_the_longest_overdue_come_first_and_not_more_than_were_asked_for(world: World) -> None:
    for task_id in (3, 1, 2):
        world.add(task_id)
    world.clock.advance(WAITING_OVERDUE_MS)
    assert world.overdue() == [3, 1, 2]
    assert world.overdue(most=2) == [3, 1]


def test_a_row_that_was_looked_after_is_not_overdue_any_more(world: World) -> None:
    waiting, ended = world.add(1), world.add(2)
    now_ms = world.clock.now_ms()
    world.tasks.replace(waiting, waiting.claim(now_ms))
    canceled = ended.cancel(now_ms)
    world.tasks.replace(ended, canceled)
    world.tasks.retire(canceled, canceled.told())
    world.clock.at_ms = now_ms + LEASE_MS - 1
    assert world.overdue() == []
    world.clock.advance(WAITING_OVERDUE_MS)
    assert world.overdue() == [1]


def test_other_projects_are_none_of_its_business(world: World) -> None:
    world.add(1, "q" * 32)
    world.clock.advance(WAITING_OVERDUE_MS)
    assert world.overdue() == []


def test_a_table_that_is_not_there_is_for_the_operator_to_mend(dynamodb: DynamoDBClient) -> None:
    with pytest.raises(CliploopError) as raised:
        DynamoDBDueTasks(dynamodb, "nowhere").overdue("p", 0, 1)
    assert (raised.value.code, raised.value.retryable) == (ErrorCode.UNAVAILABLE, True)
