from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from cliploop.application import follow_tasks
from cliploop.application.follow_tasks import (
    WINDOW_MS,
    FollowTasks,
    FoundTasks,
    SortField,
    SortOrder,
    TaskSearch,
    TimeRange,
)
from cliploop.domain.errors import InvalidRequestError
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.source_file import SourceFile
from cliploop.domain.task import Task, TaskState
from cliploop.testing import InMemoryFiles, InMemoryTasks, SettableClock
from cliploop.testing.in_memory_history import InMemoryTaskHistory

PROJECT = "p" * 32
BY_END = SortOrder(SortField.ENDED)
ALL, NEWEST = TaskSearch(), SortOrder()


@dataclass
class Desk:
    """Where tasks are followed, with everything in memory."""

    tasks: InMemoryTasks = field(default_factory=InMemoryTasks)
    files: InMemoryFiles = field(default_factory=InMemoryFiles)
    clock: SettableClock = field(default_factory=SettableClock)

    def __post_init__(self) -> None:
        self.follow = FollowTasks(self.tasks, self.files, InMemoryTaskHistory(self.tasks), self.clock)

    def add(self, task_id: int, age_ms: int = 0, file_id: int = 1, **changes: object) -> Task:
        task = Task(
            project_id=PROJECT,
            task_id=task_id,
            file_id=file_id,
            source=ObjectVersion("b", "k", "v"),
            procedure="",
            outputs=(),
            created_ms=self.clock.now_ms() - age_ms,
        )
        self.files.link(PROJECT, file_id, task_id, task.created_ms)
        return self.tasks.add(replace(task, **changes))  # type: ignore[arg-type]

    def find(
        self, where: TaskSearch = ALL, order: SortOrder = NEWEST, limit: int = 10, scroll: str = ""
    ) -> FoundTasks:
        return self.follow.search(PROJECT, where, order, limit, scroll)

    def ids(self, where: TaskSearch = ALL, order: SortOrder = NEWEST) -> list[int]:
        return [task.task_id for task in self.find(where, order).tasks]

    def refused(self, scroll: str, where: TaskSearch = ALL, order: SortOrder = NEWEST) -> str:
        with pytest.raises(InvalidRequestError) as raised:
            self.find(where, order, 1, scroll)
        return raised.value.parameter


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_task_is_found_by_its_id_in_its_project(desk: Desk) -> None:
    task = desk.add(1)
    assert desk.follow.detail(PROJECT, 1) == task
    assert desk.follow.detail(PROJECT, 2) is None
    assert desk.follow.detail("q" * 32, 1) is None


def test_the_source_of_a_task_is_its_file(desk: Desk) -> None:
    file = SourceFile(project_id=PROJECT, file_id=7, source=ObjectVersion("b", "k", "v"), size=1, created_ms=1)
    desk.files.add(file)
    assert desk.follow.source_of(desk.add(1, file_id=7)) == file
    assert desk.follow.source_of(desk.add(2, file_id=8)) is None
    assert desk.follow.source_of(desk.add(3, file_id=0)) is None


def test_a_search_looks_back_72_hours(desk: Desk) -> None:
    desk.add(1, WINDOW_MS)
    desk.add(2, WINDOW_MS + 1)
    assert desk.ids() == [1]
    assert desk.ids(TaskSearch(created=TimeRange(0))) == [1]
    assert desk.ids(TaskSearch(file_id=1)) == [1]
    assert desk.ids(order=BY_END) == [1]


@pytest.mark.parametrize("newest_first", [True, False])
def test_both_directions(desk: Desk, *, newest_first: bool) -> None:
    for number in (1, 2, 3):
        desk.add(number, 10 - number)
    expected = [3, 2, 1] if newest_first else [1, 2, 3]
    assert desk.ids(order=SortOrder(newest_first=newest_first)) == expected
    assert desk.ids(TaskSearch(file_id=1), SortOrder(newest_first=newest_first)) == expected


def test_states(desk: Desk) -> None:
    for number, state in enumerate(TaskState):
        desk.add(number + 1, number, state=state)
    wanted = (TaskState.SUCCEED, TaskState.FAILED)
    assert desk.ids(TaskSearch(states=wanted)) == [4, 5]
    assert desk.ids(TaskSearch(states=())) == [1, 2, 3, 4, 5, 6]


def test_a_range_includes_its_beginning_and_not_its_end(desk: Desk) -> None:
    now_ms = desk.clock.now_ms()
    for number in (1, 2, 3):
        desk.add(number, number, ended_ms=now_ms - number + 100)
    desk.add(4, 4)
    assert desk.ids(TaskSearch(created=TimeRange(now_ms - 3, now_ms - 1))) == [2, 3]
    assert desk.ids(TaskSearch(ended=TimeRange(now_ms + 97, now_ms + 99))) == [2, 3]
    assert desk.ids(TaskSearch(created=TimeRange(until_ms=now_ms - 2))) == [3, 4]
    assert desk.ids(TaskSearch(ended=TimeRange(until_ms=now_ms + 99))) == [2, 3]
    assert desk.ids(TaskSearch(ended=TimeRange(from_ms=1))) == [1, 2, 3]
    assert desk.ids(TaskSearch(created=TimeRange(until_ms=0))) == []


def test_a_clock_that_is_a_little_ahead_hides_no_task(desk: Desk) -> None:
    desk.add(1, -1_000)
    assert desk.ids() == [1]


def test_tasks_of_a_file_are_those_that_their_rows_say(desk: Desk) -> None:
    desk.add(1, file_id=1)
    desk.add(2, file_id=2)
    desk.files.link(PROJECT, 1, 2, desk.clock.now_ms())  # a row that never came about, whose id another task has
    desk.files.link(PROJECT, 1, 99, desk.clock.now_ms())
    assert desk.ids(TaskSearch(file_id=1)) == [1]
    assert desk.ids(TaskSearch(file_id=3)) == []


def test_a_file_with_more_tasks_than_its_links_tell_is_found_all_the_same(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow_tasks, "_MOST_LINKS", 2)
    for number in (1, 2, 3):
        desk.add(number, number)
    desk.add(4, file_id=2)
    assert desk.ids(TaskSearch(file_id=1)) == [1, 2, 3]


def test_the_links_are_enough_where_they_reach_out_of_the_window(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow_tasks, "_MOST_LINKS", 2)
    monkeypatch.setattr(follow_tasks, "MOST_EXAMINED", 1)
    desk.add(1)
    desk.add(2, WINDOW_MS + 1)
    for number in (3, 4, 5):
        desk.add(number, file_id=2)
    assert desk.find(TaskSearch(file_id=1)) == FoundTasks((desk.tasks.rows[PROJECT, 1],))


def test_by_end_the_unended_come_last_in_either_direction(desk: Desk) -> None:
    now_ms = desk.clock.now_ms()
    for number, ended_ms in enumerate([now_ms - 5, 0, now_ms - 9, 0]):
        desk.add(number + 1, 100 - number, ended_ms=ended_ms)
    assert desk.ids(order=BY_END) == [1, 3, 4, 2]
    assert desk.ids(order=replace(BY_END, newest_first=False)) == [3, 1, 2, 4]


def test_too_many_tasks_to_sort_are_refused_until_the_range_is_narrower(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow_tasks, "MOST_SORTED", 3)
    for number in range(1, 5):
        desk.add(number, number)
    assert desk.refused("", order=BY_END) == "CreateTime"
    narrower = TaskSearch(created=TimeRange(desk.clock.now_ms() - 3))
    assert sorted(desk.ids(narrower, BY_END)) == [1, 2, 3]


def test_a_search_that_few_tasks_match_stops_and_goes_on(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow_tasks, "MOST_EXAMINED", 3)
    for number in range(1, 11):
        desk.add(number, number, state=TaskState.SUCCEED if number == 8 else TaskState.WAITING)
    where = TaskSearch(states=(TaskState.SUCCEED,))
    pages, scroll = [], ""
    while True:
        found = desk.find(where, scroll=scroll)
        pages.append([task.task_id for task in found.tasks])
        scroll = found.scroll
        if not scroll:
            break
    assert pages == [[], [], [8], []]


def test_the_last_page_has_no_token_even_if_it_is_full(desk: Desk) -> None:
    for number in (1, 2, 3):
        desk.add(number, number)
    first = desk.find(limit=2)
    assert [task.task_id for task in first.tasks] == [1, 2]
    assert first.scroll
    assert desk.find(limit=1, scroll=first.scroll) == FoundTasks((desk.tasks.rows[PROJECT, 3],))
    assert desk.find(limit=3).scroll == ""


def test_a_token_serves_for_its_own_search_only(desk: Desk) -> None:
    desk.add(1)
    desk.add(2, 1)
    scroll = desk.find(limit=1).scroll
    assert desk.refused(scroll, TaskSearch(file_id=1)) == "ScrollToken"
    assert desk.refused(scroll, order=BY_END) == "ScrollToken"
    assert desk.refused(scroll[1:]) == "ScrollToken"
    with pytest.raises(InvalidRequestError):
        desk.follow.search("q" * 32, ALL, NEWEST, 1, scroll)


def test_a_token_lives_as_long_as_its_window(desk: Desk) -> None:
    desk.add(1)
    desk.add(2, 1)
    scroll = desk.find(limit=1).scroll
    desk.clock.advance(WINDOW_MS)
    assert [task.task_id for task in desk.find(limit=1, scroll=scroll).tasks] == [2]
    desk.clock.advance(1)
    assert desk.refused(scroll) == "ScrollToken"


def test_a_task_that_ends_while_the_caller_scrolls_keeps_its_place(desk: Desk) -> None:
    for number in (1, 2, 3):
        desk.add(number, 10 + number)
    desk.clock.advance(1)
    first = desk.find(order=BY_END, limit=1)
    assert [task.task_id for task in first.tasks] == [1]
    desk.tasks.rows[PROJECT, 3] = replace(desk.tasks.rows[PROJECT, 3], ended_ms=desk.clock.now_ms())
    rest = desk.find(order=BY_END, scroll=first.scroll)
    assert [task.task_id for task in rest.tasks] == [2, 3]
