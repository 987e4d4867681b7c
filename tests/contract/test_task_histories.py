"""Under any history, the pages of a list joined are all of it, each task once, and its total is right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cliploop.adapters.dynamodb_tasks import DynamoDBTasks
from cliploop.application.ports import Tasks
from cliploop.domain.errors import ErrorCode, Failure
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.output import outputs_of
from cliploop.domain.procedure import BUILT_IN_PROCEDURES
from cliploop.domain.query import PageRequest, TaskFilter
from cliploop.domain.task import Task, TaskState
from cliploop.domain.template import BUILT_IN_TEMPLATES
from cliploop.testing import InMemoryTasks, SettableClock
from tests.contract.conftest import KEYS
from tests.empty_account import empty_account
from tests.tables import create_tables

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

NOW_MS = 1_793_000_000_000
PROJECT = "p" * 32
FAILURE = Failure(ErrorCode.SOURCE_MALFORMED, "broken")
STEPS = ["fetch", "claim", "release", "succeed", "fail", "cancel", "tell"]


@dataclass(frozen=True)
class Life:
    """A task's age when the list is read, and what happened to it, as far as its state allowed.

    ``is_pulled``: whether its source had to be fetched first.
    """

    age_s: int
    steps: list[str]
    is_pulled: bool


lives = st.lists(
    st.builds(
        Life,
        # Crowds in one second, one minute, one day, and across the end of a month.
        st.one_of(st.integers(0, 3), st.integers(0, 90), st.integers(0, 40 * 86_400)),
        st.one_of(
            st.just(["claim", "succeed", "tell"]),
            st.just(["claim", "fail", "tell"]),
            st.just(["cancel", "tell"]),
            st.lists(st.sampled_from(STEPS)),
        ),
        st.booleans(),
    ),
    max_size=20,
)
ages = st.none() | st.integers(0, 40 * 86_400)
finals = frozenset(state for state in TaskState if state.is_final)
filters = st.builds(
    lambda states, oldest, newest: TaskFilter(
        states,
        None if oldest is None else NOW_MS // 1000 - oldest,
        None if newest is None else NOW_MS // 1000 - newest,
    ),
    st.frozensets(st.sampled_from(sorted(finals))) | st.frozensets(st.sampled_from(sorted({*TaskState} - finals))),
    ages,
    ages,
)


def live(store: Tasks, number: int, life: Life) -> None:
    """Let one task live in a store."""
    row = Task(
        project_id=PROJECT,
        task_id=number + 1,
        file_id=1,
        source=ObjectVersion("b", str(number), "v"),
        procedure="preview",
        outputs=outputs_of(BUILT_IN_PROCEDURES["preview"].references, BUILT_IN_TEMPLATES),
        created_ms=NOW_MS - life.age_s * 1000,
        origin="https://films.example/a.mp4" if life.is_pulled else "",
        state=TaskState.INIT if life.is_pulled else TaskState.WAITING,
    ).registered()
    store.add(row)
    for step in life.steps:
        after = _step(row, step)
        if after is not None:
            (store.retire if step == "tell" else store.replace)(row, after)
            row = after


def _step(row: Task, step: str) -> Task | None:
    processing = row.state is TaskState.PROCESSING
    steps: dict[str, tuple[bool, Callable[[], Task]]] = {
        "fetch": (row.state is TaskState.INIT, lambda: row.claim(NOW_MS).fetched(1, row.source, 1, NOW_MS)),
        "claim": (row.state is TaskState.WAITING, lambda: row.claim(NOW_MS)),
        "release": (processing, lambda: row.release(row.attempt, FAILURE, NOW_MS)),
        "succeed": (processing, lambda: row.finish(row.attempt, NOW_MS)),
        "fail": (processing, lambda: row.fail(row.attempt, FAILURE, NOW_MS)),
        "cancel": (not row.state.is_final, lambda: row.cancel(NOW_MS)),
        "tell": (row.state.is_final and row.due_at_ms > 0, row.told),
    }
    is_possible, change = steps[step]
    return change() if is_possible else None


def read_to_the_end(store: Tasks, where: TaskFilter, size: int) -> tuple[int, list[int]]:
    """Every page until an empty one, joined; the total must not change on the way."""
    joined: list[int] = []
    number = 0
    while True:
        page = store.list(PROJECT, where, PageRequest(number, size))
        assert len(page.tasks) <= size
        if not page.tasks:
            return page.total, joined
        joined += [task.task_id for task in page.tasks]
        number += 1


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lives, st.lists(filters, min_size=1, max_size=4), st.integers(1, 9))
def test_lists_and_totals_agree_with_memory(histories: list[Life], wheres: list[TaskFilter], size: int) -> None:
    clock = SettableClock(NOW_MS)
    memory = InMemoryTasks()
    with empty_account(KEYS):
        client: DynamoDBClient = boto3.client("dynamodb")
        create_tables(client)
        stored = DynamoDBTasks(client, "tasks", retention_days=60, clock=clock)
        for number, life in enumerate(histories):
            live(memory, number, life)
            live(stored, number, life)
        for where in [TaskFilter(), *wheres]:
            assert read_to_the_end(stored, where, size) == read_to_the_end(memory, where, size)
