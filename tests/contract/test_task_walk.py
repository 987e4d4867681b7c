"""What every history of tasks must do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING
from unittest import mock

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cliploop.adapters.dynamodb_files import DynamoDBFiles
from cliploop.adapters.dynamodb_task_walk import DynamoDBTaskHistory
from cliploop.adapters.dynamodb_tasks import DynamoDBTasks
from cliploop.application.follow_tasks import FollowTasks, SortField, SortOrder, TaskSearch
from cliploop.application.ports import Tasks
from cliploop.application.ports_history import TaskHistory, place_of
from cliploop.domain.errors import CliploopError
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.task import Task, TaskState
from cliploop.testing import InMemoryFiles, InMemoryTasks, SettableClock
from cliploop.testing.in_memory_history import InMemoryTaskHistory
from tests.contract.conftest import KEYS
from tests.empty_account import empty_account
from tests.tables import create_tables

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

PROJECT = "p" * 32
#: Five seconds before midnight, UTC.
LATE_MS = 1_793_059_195_000
DAY_MS = 86_400_000


@dataclass(frozen=True)
class Store:
    tasks: Tasks
    history: TaskHistory

    def add(self, task_id: int, created_ms: int, project_id: str = PROJECT) -> Task:
        return self.tasks.add(row(task_id, created_ms, project_id))

    def walk(self, first_ms: int, last_ms: int, *, newest_first: bool = True, after: str = "") -> list[int]:
        walked = self.history.walk(PROJECT, first_ms, last_ms, newest_first=newest_first, after=after)
        return [task.task_id for _, task in walked]


@pytest.fixture(params=["in memory", "moto"])
def store(request: pytest.FixtureRequest, clock: SettableClock) -> Store:
    if request.param == "in memory":
        tasks = InMemoryTasks()
        return Store(tasks, InMemoryTaskHistory(tasks))
    return moto_store(request.getfixturevalue("dynamodb"), clock)


def moto_store(client: DynamoDBClient, clock: SettableClock) -> Store:
    return Store(DynamoDBTasks(client, "tasks", 30, clock), DynamoDBTaskHistory(client, "tasks"))


def row(task_id: int, created_ms: int, project_id: str = PROJECT) -> Task:
    return Task(
        project_id=project_id,
        task_id=task_id,
        file_id=1,
        source=ObjectVersion("b", "k", "v"),
        procedure="",
        outputs=(),
        created_ms=created_ms,
    )


def test_a_walk_goes_over_midnight_in_either_direction(store: Store) -> None:
    for number, age in enumerate([0, 4_999, 5_000, DAY_MS, 3 * DAY_MS]):
        store.add(number + 1, LATE_MS + age)
    store.add(9, LATE_MS, "q" * 32)
    assert store.walk(LATE_MS, LATE_MS + 3 * DAY_MS) == [5, 4, 3, 2, 1]
    assert store.walk(LATE_MS, LATE_MS + 3 * DAY_MS, newest_first=False) == [1, 2, 3, 4, 5]


def test_both_ends_are_included(store: Store) -> None:
    for number in range(1, 5):
        store.add(number, LATE_MS + number)
    assert store.walk(LATE_MS + 2, LATE_MS + 3) == [3, 2]
    assert store.walk(LATE_MS + 5, LATE_MS + 9) == []


@pytest.mark.parametrize(("first", "last"), [(2, 1), (0, -5), (9 * 10**15, 1)])
def test_there_is_nothing_where_no_task_can_be(store: Store, first: int, last: int) -> None:
    store.add(1, LATE_MS)
    assert store.walk(first, last) == []


def test_places_are_in_the_order_of_the_walk_and_tell_tasks_of_one_moment_apart(store: Store) -> None:
    rows = [store.add(number, LATE_MS) for number in (10, 9, 2**63 - 1, 1)]
    walked = list(store.history.walk(PROJECT, LATE_MS, LATE_MS, newest_first=False))
    assert [place for place, _ in walked] == sorted(place_of(each) for each in rows)
    assert {task.task_id for _, task in walked} == {task.task_id for task in rows}
    assert all(place == place_of(task) for place, task in walked)


@pytest.mark.parametrize("newest_first", [True, False])
def test_a_walk_goes_on_behind_any_place(store: Store, *, newest_first: bool) -> None:
    for number in range(1, 8):
        store.add(number, LATE_MS + number // 2 * 2_000)
    whole = list(store.history.walk(PROJECT, LATE_MS, LATE_MS + DAY_MS, newest_first=newest_first))
    for at, (place, _) in enumerate(whole):
        rest = [task.task_id for _, task in whole[at + 1 :]]
        assert store.walk(LATE_MS, LATE_MS + DAY_MS, newest_first=newest_first, after=place) == rest


@pytest.mark.parametrize("newest_first", [True, False])
def test_a_place_outside_of_the_range_leaves_all_or_nothing(store: Store, *, newest_first: bool) -> None:
    store.add(1, LATE_MS)
    before, behind = f"{LATE_MS - DAY_MS:013d}#5", f"{LATE_MS + DAY_MS:013d}#5"
    all_of_it, nothing = (behind, before) if newest_first else (before, behind)
    assert store.walk(LATE_MS, LATE_MS, newest_first=newest_first, after=all_of_it) == [1]
    assert store.walk(LATE_MS, LATE_MS, newest_first=newest_first, after=nothing) == []


def test_more_tasks_than_one_page_holds_are_read_as_they_are_then(store: Store) -> None:
    for number in range(1, 121):
        store.add(number, LATE_MS + number)
    walk = store.history.walk(PROJECT, LATE_MS, LATE_MS + 200, newest_first=True)
    assert [task.task_id for _, task in islice(walk, 60)] == list(range(120, 60, -1))
    last = store.tasks.get(PROJECT, 1)
    assert last is not None
    store.tasks.replace(last, last.claim(LATE_MS))
    rest = [task for _, task in walk]
    assert [task.task_id for task in rest] == list(range(60, 0, -1))


def test_a_row_that_is_gone_is_left_out(clock: SettableClock, dynamodb: DynamoDBClient) -> None:
    """An index may still know a row that has expired."""
    store = moto_store(dynamodb, clock)
    for number in (1, 2, 3):
        store.add(number, LATE_MS + number)
    whole = dynamodb.batch_get_item

    def without_the_second(**request: object) -> object:
        answer = whole(**request)  # type: ignore[arg-type]
        rows = answer["Responses"]["tasks"]
        return answer | {"Responses": {"tasks": [each for each in rows if each["task_id"] != {"N": "2"}]}}

    with mock.patch.object(dynamodb, "batch_get_item", without_the_second):
        assert store.walk(LATE_MS, LATE_MS + 9) == [3, 1]


def test_a_store_that_does_not_answer_is_asked_again_later(clock: SettableClock, dynamodb: DynamoDBClient) -> None:
    store = moto_store(dynamodb, clock)
    store.add(1, LATE_MS)
    dynamodb.delete_table(TableName="tasks")
    with pytest.raises(CliploopError) as raised:
        store.walk(LATE_MS, LATE_MS)
    assert raised.value.retryable
    assert isinstance(raised.value.__cause__, ClientError)


# -- scrolling, with what happens in between --------------------------------------------------------

STEPS = st.sampled_from(["add", "claim", "end", "cancel", "nothing"])


@dataclass(frozen=True)
class Scene:
    """Tasks by their ages in ms, and what happens to which of them before each page."""

    ages: list[int]
    happenings: list[tuple[str, int]]
    order: SortOrder
    limit: int


scenes = st.builds(
    Scene,
    st.lists(st.one_of(st.integers(0, 3), st.integers(0, 71 * 3_600_000)), max_size=12),
    st.lists(st.tuples(STEPS, st.integers(0, 11)), max_size=12),
    st.builds(lambda by, newest: SortOrder(by, newest_first=newest), st.sampled_from(SortField), st.booleans()),
    st.integers(1, 4),
)


def scroll_through(store: Store, clock: SettableClock, scene: Scene) -> tuple[list[int], list[int]]:
    """The tasks that there were at the first call, and what all pages showed."""
    follow = FollowTasks(store.tasks, InMemoryFiles(), store.history, clock)
    for number, age in enumerate(scene.ages):
        task = store.add(number + 1, clock.now_ms() - age)
        if number % 3 == 0:
            store.tasks.replace(task, task.claim(task.created_ms).finish(1, task.created_ms + age // 2 + 1))
    clock.advance(1_000)
    there = [number + 1 for number in range(len(scene.ages))]
    happenings = iter(scene.happenings)
    shown: list[int] = []
    scroll = ""
    while True:
        found = follow.search(PROJECT, TaskSearch(), scene.order, scene.limit, scroll)
        assert len(found.tasks) <= scene.limit
        shown += [task.task_id for task in found.tasks]
        if not found.scroll:
            return there, shown
        scroll = found.scroll
        happen(store, clock, happenings, len(shown) + 100)


def happen(store: Store, clock: SettableClock, happenings: Iterator[tuple[str, int]], new_id: int) -> None:
    step, number = next(happenings, ("nothing", 0))
    clock.advance(7)
    if step == "add":
        store.add(new_id, clock.now_ms())
    task = store.tasks.get(PROJECT, number + 1)
    if task is None or task.state.is_final:
        return
    now_ms = clock.now_ms()
    if step == "cancel":
        store.tasks.replace(task, task.cancel(now_ms))
    if step in {"claim", "end"} and task.state is TaskState.WAITING:
        claimed = task.claim(now_ms)
        store.tasks.replace(task, claimed.finish(1, now_ms) if step == "end" else claimed)


@settings(max_examples=200, deadline=None)
@given(scenes)
def test_scrolling_loses_no_task_and_shows_none_twice(scene: Scene) -> None:
    clock, tasks = SettableClock(LATE_MS + DAY_MS), InMemoryTasks()
    there, shown = scroll_through(Store(tasks, InMemoryTaskHistory(tasks)), clock, scene)
    assert len(shown) == len(set(shown))
    assert set(there) <= set(shown)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(scenes)
def test_scrolling_through_the_table_agrees_with_memory(scene: Scene) -> None:
    tasks = InMemoryTasks()
    memory = scroll_through(Store(tasks, InMemoryTaskHistory(tasks)), SettableClock(LATE_MS + DAY_MS), scene)
    with empty_account(KEYS):
        client: DynamoDBClient = boto3.client("dynamodb")
        create_tables(client)
        clock = SettableClock(LATE_MS + DAY_MS)
        assert scroll_through(moto_store(client, clock), clock, scene) == memory


def test_the_tasks_of_a_file_are_found_through_its_links(clock: SettableClock, dynamodb: DynamoDBClient) -> None:
    store, files = moto_store(dynamodb, clock), DynamoDBFiles(dynamodb, "tasks", 30)
    for number in (1, 2, 3):
        task = store.add(number, clock.now_ms() - number)
        if number != 2:
            files.link(PROJECT, 1, task.task_id, task.created_ms)
    follow = FollowTasks(store.tasks, files, store.history, clock)
    found = follow.search(PROJECT, TaskSearch(file_id=1), SortOrder(), 10)
    assert [task.task_id for task in found.tasks] == [1, 3]
