"""Asking for tasks: by id, or as a list with a filter and a page."""

from __future__ import annotations

from dataclasses import dataclass

from cliploop.domain.task import Task, TaskState


@dataclass(frozen=True)
class TaskFilter:
    """Which tasks of a project.

    Creation times in whole UTC seconds, both ends included; None = unbounded. Without ``states`` those in any; tasks
    that have ended and tasks that have not are never asked for together otherwise, as they are not kept together.

    Raises:
        ValueError: some of the states are final and some are not.
    """

    states: frozenset[TaskState] = frozenset()
    created_from_s: int | None = None
    created_to_s: int | None = None

    def __post_init__(self) -> None:
        if len({state.is_final for state in self.states}) > 1:
            raise ValueError("states are either all final or all open")


@dataclass(frozen=True)
class PageRequest:
    """The ``size`` tasks after the first ``number * size``, newest first."""

    number: int = 0
    size: int = 10

    @property
    def offset(self) -> int:
        """How many tasks come before the page."""
        return self.number * self.size


@dataclass(frozen=True)
class TaskPage:
    """Some tasks, and how many there are in all that match."""

    total: int
    tasks: tuple[Task, ...]
