"""Looking after tasks that were started: one at a time, or those of the last days."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from cliploop.application.ports import Clock, Tasks
from cliploop.application.ports_files import Files
from cliploop.application.ports_history import TaskHistory, place_of
from cliploop.application.scroll import Scroll
from cliploop.domain.errors import InvalidRequestError
from cliploop.domain.source_file import SourceFile
from cliploop.domain.task import Task, TaskState

#: How far back a search looks, as with Tencent VOD.
WINDOW_MS = 72 * 3_600_000
#: Tasks that one call looks at, so that a condition that few meet cannot keep it busy; the caller scrolls on.
MOST_EXAMINED = 2_000
#: Tasks that are put into an order that the store does not keep.
MOST_SORTED = 5_000
#: Links from a file to its tasks that are followed before walking through all tasks is the shorter way.
_MOST_LINKS = 1_000
#: Rows come from functions whose clocks may differ from this one's.
_SKEW_MS = 300_000
#: Sorts behind every moment.
_NOT_YET = 10**13 - 1


@dataclass(frozen=True)
class TimeRange:
    """UTC milliseconds, ``from_ms`` included and ``until_ms`` not; None = unbounded."""

    from_ms: int | None = None
    until_ms: int | None = None

    def holds(self, moment_ms: int) -> bool:
        """Whether a moment lies in it; 0, which is none, does where every moment does."""
        if self.from_ms is None and self.until_ms is None:
            return True
        return (
            moment_ms != 0
            and (self.from_ms is None or self.from_ms <= moment_ms)
            and (self.until_ms is None or moment_ms < self.until_ms)
        )


@dataclass(frozen=True)
class TaskSearch:
    """Which tasks of a project; without ``states`` those in any."""

    states: tuple[TaskState, ...] = ()
    file_id: int | None = None
    created: TimeRange = TimeRange()
    ended: TimeRange = TimeRange()

    def matches(self, task: Task) -> bool:
        """Whether a task is searched for."""
        return (
            (not self.states or task.state in self.states)
            and (self.file_id is None or task.file_id == self.file_id)
            and self.created.holds(task.created_ms)
            and self.ended.holds(task.ended_ms)
        )


class SortField(StrEnum):
    """What a search's order goes by."""

    CREATED = "created"
    ENDED = "ended"


@dataclass(frozen=True)
class SortOrder:
    """By creation, or by end: tasks without one come last in either direction."""

    by: SortField = SortField.CREATED
    newest_first: bool = True


@dataclass(frozen=True)
class FoundTasks:
    """Some tasks of a search; ``scroll`` asks for the next ones, and is empty where there are none."""

    tasks: tuple[Task, ...]
    scroll: str = ""


@dataclass(frozen=True)
class FollowTasks:
    """Answers questions about the tasks of a project."""

    tasks: Tasks
    files: Files
    history: TaskHistory
    clock: Clock

    def detail(self, project_id: str, task_id: int) -> Task | None:
        """One task, for as long as its row lives.

        Raises:
            CliploopError: UNAVAILABLE (retryable).
        """
        return self.tasks.get(project_id, task_id)

    def source_of(self, task: Task) -> SourceFile | None:
        """The file that a task is made of, or None while that is still on its way.

        Raises:
            CliploopError: UNAVAILABLE (retryable).
        """
        return next(iter(self.files.get_many(task.project_id, [task.file_id])), None) if task.file_id else None

    def search(
        self, project_id: str, where: TaskSearch, order: SortOrder, limit: int, scroll: str = ""
    ) -> FoundTasks:
        """At most ``limit`` tasks of the last 72 hours.

        Scrolling to the end shows each task that was there at the first call once. The order is that of the first
        call: a task that ends meanwhile keeps the place of one without an end. There may be fewer tasks than
        ``limit``, even none, although there is a ``scroll``.

        Raises:
            InvalidRequestError: ``scroll`` is not of this search or too old; too many tasks to sort by their ends.
            CliploopError: UNAVAILABLE (retryable).
        """
        asked = repr((project_id, where, order))
        now_ms = self.clock.now_ms()
        start = Scroll.read(scroll, asked) if scroll else Scroll(now_ms)
        if not now_ms - WINDOW_MS <= start.as_of_ms <= now_ms + _SKEW_MS:
            raise InvalidRequestError(
                "ScrollToken", "The ScrollToken has expired; begin the search again without it."
            )
        found, last = _take(self._rows(project_id, where, order, start), where, limit)
        return FoundTasks(found, Scroll(start.as_of_ms, last).write(asked) if last else "")

    def _rows(
        self, project_id: str, where: TaskSearch, order: SortOrder, start: Scroll
    ) -> Iterable[tuple[str, Task]]:
        """The tasks of the window behind the start, in the order, each with its place."""
        first_ms = max(where.created.from_ms or 0, start.as_of_ms - WINDOW_MS)
        last_ms = min(where.created.until_ms or _NOT_YET, self.clock.now_ms() + _SKEW_MS)
        rows = self._of_file(project_id, where.file_id, first_ms, last_ms)
        by_creation = order.by is SortField.CREATED
        if rows is None:
            after = start.place if by_creation else ""
            walk = self.history.walk(project_id, first_ms, last_ms, newest_first=order.newest_first, after=after)
            if by_creation:
                return walk
            rows = _few_enough(task for _, task in walk)
        places = (
            (place_of(task) if by_creation else _place_of_end(task, start.as_of_ms, newest_first=order.newest_first))
            for task in rows
        )
        return _behind(sorted(zip(places, rows, strict=True), key=_place), order, start.place)

    def _of_file(self, project_id: str, file_id: int | None, first_ms: int, last_ms: int) -> list[Task] | None:
        """A file's tasks of the window, or None where the links do not say which they are."""
        if file_id is None:
            return None
        linked = self.files.tasks_of(project_id, file_id, _MOST_LINKS)
        rows = self.tasks.get_many(project_id, linked)
        inside = [row for row in rows if first_ms <= row.created_ms <= last_ms]
        reaches_back = any(row.created_ms < first_ms for row in rows)
        return inside if reaches_back or len(linked) < _MOST_LINKS else None


def _take(rows: Iterable[tuple[str, Task]], where: TaskSearch, limit: int) -> tuple[tuple[Task, ...], str]:
    """The first tasks that match, and the last place that was looked at where there may be more behind it."""
    found: list[Task] = []
    last = ""
    for examined, (place, task) in enumerate(rows):
        is_match = where.matches(task)
        if examined == MOST_EXAMINED or (is_match and len(found) == limit):
            return tuple(found), last
        if is_match:
            found.append(task)
        last = place
    return tuple(found), ""


def _few_enough(tasks: Iterator[Task]) -> list[Task]:
    rows = list(islice(tasks, MOST_SORTED + 1))
    if len(rows) > MOST_SORTED:
        raise InvalidRequestError(
            "CreateTime",
            f"More than {MOST_SORTED} tasks would have to be sorted by FinishTime; narrow CreateTime, or sort by it.",
        )
    return rows


def _place_of_end(task: Task, as_of_ms: int, *, newest_first: bool) -> str:
    """Where a task stands in the order of ends, as it was at ``as_of_ms``."""
    had_ended = 0 < task.ended_ms < as_of_ms
    last = 0 if newest_first else _NOT_YET
    return f"{task.ended_ms if had_ended else last:013d}#{place_of(task)}"


def _place(row: tuple[str, Task]) -> str:
    return row[0]


def _behind(rows: list[tuple[str, Task]], order: SortOrder, place: str) -> Iterator[tuple[str, Task]]:
    """The rows, which are sorted by their places, in the order's direction, behind ``place``."""
    for row in reversed(rows) if order.newest_first else rows:
        if not place or (row[0] < place if order.newest_first else row[0] > place):
            yield row
