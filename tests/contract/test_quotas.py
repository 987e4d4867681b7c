"""What every store of tasks must do where a project has a quota: what is taken is the sum of its rows' demands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from cliploop.adapters.dynamodb_quota import quota_key
from cliploop.adapters.dynamodb_tasks import DynamoDBTasks
from cliploop.application.ports import RevisionConflictError, Tasks
from cliploop.domain.errors import CliploopError, ErrorCode, Failure
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.output import outputs_of
from cliploop.domain.procedure import BUILT_IN_PROCEDURES
from cliploop.domain.quota import NO_DEMAND, NO_QUOTA, Demand, Quota
from cliploop.domain.task import Task
from cliploop.domain.template import BUILT_IN_TEMPLATES
from cliploop.testing import InMemoryTasks, SettableClock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

PROJECT, OTHER = "p" * 32, "q" * 32
TWO = Quota(tasks=2)
FAILURE = Failure(ErrorCode.SOURCE_MALFORMED, "broken")


@dataclass
class Store:
    tasks: Tasks
    taken: Callable[[str], Demand]


@pytest.fixture(params=["in memory", "moto"])
def store(request: pytest.FixtureRequest, clock: SettableClock) -> Store:
    if request.param == "in memory":
        memory = InMemoryTasks()
        return Store(memory, memory.taken)
    client = request.getfixturevalue("dynamodb")
    return Store(DynamoDBTasks(client, "tasks", 30, clock), lambda project_id: counted(client, project_id))


def counted(client: DynamoDBClient, project_id: str) -> Demand:
    """What the project's item says; nothing where there is none."""
    item = client.get_item(TableName="tasks", Key=quota_key(project_id), ConsistentRead=True).get("Item", {})
    names = ("open_tasks", "open_milliseconds", "open_pixels")
    return Demand(*(int(item[name]["N"]) if name in item else 0 for name in names))


def task(task_id: int = 1, quota: Quota = TWO, project_id: str = PROJECT) -> Task:
    made = Task(
        project_id=project_id,
        task_id=task_id,
        file_id=7,
        source=ObjectVersion("uploads", "a.mp4", "v"),
        procedure="preview",
        outputs=outputs_of(BUILT_IN_PROCEDURES["preview"].references, BUILT_IN_TEMPLATES),
        created_ms=SettableClock().now_ms(),
    )
    return made.registered().under(quota)


#: Of one such task: two images of 5 s, 480 pixels wide, with 12 frames a second.
EACH = Demand(1, 10_000, 2 * 480 * 270 * 60)


def end(tasks: Tasks, row: Task) -> Task:
    """The row once it has ended and its end was told."""
    ended = row.claim(row.created_ms).fail(1, FAILURE, row.created_ms)
    tasks.replace(row, ended)
    tasks.retire(ended, ended.told())
    return ended.told()


def refused(tasks: Tasks, row: Task, quota: Quota) -> bool:
    try:
        tasks.add(row, quota)
    except CliploopError as error:
        assert (error.code, error.retryable) == (ErrorCode.QUOTA_EXCEEDED, False)
        return True
    return False


def test_a_row_with_a_demand_reads_back_and_takes_it(store: Store) -> None:
    row = store.tasks.add(task(), TWO)
    assert row == task() == store.tasks.get(PROJECT, 1)
    assert row.demand == EACH == store.taken(PROJECT)


@pytest.mark.parametrize(
    "quota", [TWO, Quota(seconds=20), Quota(pixels=2 * EACH.pixels), Quota(2, 20, 2 * EACH.pixels)]
)
def test_there_is_room_for_two_and_not_for_three(store: Store, quota: Quota) -> None:
    assert not refused(store.tasks, task(1, quota), quota)
    assert not refused(store.tasks, task(2, quota), quota)
    assert refused(store.tasks, task(3, quota), quota)
    assert store.tasks.get(PROJECT, 3) is None
    assert store.taken(PROJECT) == EACH.added_to(EACH)


@pytest.mark.parametrize(
    "quota", [Quota(seconds=19), Quota(pixels=2 * EACH.pixels - 1), Quota(9, 19), Quota(9, 99, 2 * EACH.pixels - 1)]
)
def test_one_limit_that_is_reached_is_enough(store: Store, quota: Quota) -> None:
    assert not refused(store.tasks, task(1, quota), quota)
    assert refused(store.tasks, task(2, quota), quota)


@pytest.mark.parametrize("quota", [Quota(seconds=9), Quota(pixels=1)])
def test_more_than_the_whole_quota_never_fits(store: Store, quota: Quota) -> None:
    assert refused(store.tasks, task(1, quota), quota)
    assert store.taken(PROJECT) == NO_DEMAND


def test_a_repeat_takes_nothing_and_finds_its_row(store: Store) -> None:
    first = store.tasks.add(task(), TWO)
    later = replace(task(), created_ms=first.created_ms + 5)
    assert store.tasks.add(later, TWO) == first
    assert store.taken(PROJECT) == EACH


@pytest.mark.parametrize("quota", [TWO, Quota(seconds=1)], ids=["full", "lowered meanwhile"])
def test_a_repeat_finds_its_row_in_a_quota_without_room(store: Store, quota: Quota) -> None:
    first = store.tasks.add(task(1), TWO)
    store.tasks.add(task(2), TWO)
    assert store.tasks.add(task(1), quota) == first
    assert store.taken(PROJECT) == EACH.added_to(EACH)


def test_a_repeat_of_a_task_that_has_ended_takes_nothing(store: Store) -> None:
    ended = end(store.tasks, store.tasks.add(task(), TWO))
    assert store.tasks.add(task(), TWO) == ended
    assert store.taken(PROJECT) == NO_DEMAND


def test_each_project_has_its_own_quota(store: Store) -> None:
    one = Quota(tasks=1)
    assert not refused(store.tasks, task(1), one)
    assert not refused(store.tasks, task(1, project_id=OTHER), one)
    assert refused(store.tasks, task(2), one)


def test_what_a_task_took_is_given_back_once_its_end_was_told(store: Store) -> None:
    one = Quota(tasks=1)
    row = store.tasks.add(task(1), one)
    ended = row.claim(row.created_ms).fail(1, FAILURE, row.created_ms)
    store.tasks.replace(row, ended)
    assert refused(store.tasks, task(2), one)
    store.tasks.retire(ended, ended.told())
    assert store.taken(PROJECT) == NO_DEMAND
    with pytest.raises(RevisionConflictError):
        store.tasks.retire(ended, ended.told())
    assert store.taken(PROJECT) == NO_DEMAND
    assert not refused(store.tasks, task(2), one)


def test_a_row_of_a_time_without_a_quota_gives_nothing_back(store: Store) -> None:
    before = store.tasks.add(task(1, NO_QUOTA), NO_QUOTA)
    store.tasks.add(task(2), TWO)
    end(store.tasks, before)
    assert store.taken(PROJECT) == EACH


def test_what_was_taken_is_given_back_though_the_quota_is_gone(store: Store) -> None:
    row = store.tasks.add(task(1), TWO)
    store.tasks.add(task(2, NO_QUOTA), NO_QUOTA)
    end(store.tasks, row)
    assert store.taken(PROJECT) == NO_DEMAND


def test_a_task_that_is_brought_back_takes_its_demand_again_whatever_the_quota(store: Store) -> None:
    one = Quota(tasks=1)
    ended = end(store.tasks, store.tasks.add(task(1), one))
    store.tasks.add(task(2), one)
    again = ended.redriven(ended.created_ms).under(one)
    store.tasks.revive(ended, again)
    assert again.demand == EACH
    assert store.taken(PROJECT) == EACH.added_to(EACH)
    with pytest.raises(RevisionConflictError):
        store.tasks.revive(ended, again)
    assert store.taken(PROJECT) == EACH.added_to(EACH)


def test_a_task_that_is_brought_back_before_its_end_was_told_has_taken_its_demand_once(store: Store) -> None:
    row = store.tasks.add(task(1), TWO)
    ended = row.claim(row.created_ms).fail(1, FAILURE, row.created_ms)
    store.tasks.replace(row, ended)
    store.tasks.revive(ended, ended.redriven(ended.created_ms).under(TWO))
    assert store.taken(PROJECT) == EACH


# --- DynamoDB only --------------------------------------------------------------------------------


@pytest.fixture
def table(dynamodb: DynamoDBClient, clock: SettableClock) -> DynamoDBTasks:
    return DynamoDBTasks(dynamodb, "tasks", 30, clock)


def calls_of(client: DynamoDBClient) -> list[str]:
    """The names of the calls that the client makes from now on."""
    made: list[str] = []
    client.meta.events.register("before-call.dynamodb", lambda model, **_: made.append(model.name))
    return made


def test_without_a_quota_a_row_is_registered_by_one_put_and_has_no_demand(
    table: DynamoDBTasks, dynamodb: DynamoDBClient
) -> None:
    made = calls_of(dynamodb)
    table.add(task(1, NO_QUOTA), NO_QUOTA)
    assert made == ["PutItem"]
    (item,) = dynamodb.scan(TableName="tasks")["Items"]
    assert "demand" not in item


def test_with_a_quota_a_row_is_registered_by_one_call_as_well(table: DynamoDBTasks, dynamodb: DynamoDBClient) -> None:
    made = calls_of(dynamodb)
    table.add(task(), TWO)
    assert made == ["TransactWriteItems"]


class _Conflicts:
    """A client whose transactions meet others', with which they are canceled, for some tries."""

    def __init__(self, client: DynamoDBClient, tries: int, meanwhile: Callable[[], object] = lambda: None) -> None:
        self.write, self.tries, self.canceled = client.transact_write_items, iter(range(tries)), 0
        self.exception, self.meanwhile = client.exceptions.TransactionCanceledException, meanwhile

    def __call__(self, **request: Any) -> Any:
        if next(self.tries, None) is None:
            return self.write(**request)
        self.canceled += 1
        self.meanwhile()
        reasons = {"CancellationReasons": [{"Code": "None"}, {"Code": "TransactionConflict"}]}
        raise self.exception({"Error": {"Code": "TransactionCanceledException"}, **reasons}, "TransactWriteItems")  # type: ignore[typeddict-item]


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited, without waiting."""
    waited: list[float] = []
    monkeypatch.setattr("cliploop.adapters.dynamodb_transactions.time.sleep", waited.append)
    return waited


def test_a_registration_that_meets_another_is_tried_again_after_a_random_while(
    table: DynamoDBTasks, dynamodb: DynamoDBClient, waits: list[float]
) -> None:
    dynamodb.transact_write_items = _Conflicts(dynamodb, 3)  # type: ignore[method-assign]
    table.add(task(), TWO)
    assert counted(dynamodb, PROJECT) == EACH
    assert len(waits) == len(set(waits)) == 3


def test_the_last_room_is_given_once_to_two_that_meet(
    table: DynamoDBTasks, dynamodb: DynamoDBClient, clock: SettableClock, waits: list[float]
) -> None:
    one, other = Quota(tasks=1), DynamoDBTasks(dynamodb, "tasks", 30, clock)
    plain = dynamodb.transact_write_items

    def meanwhile() -> None:
        dynamodb.transact_write_items = plain  # type: ignore[method-assign]
        other.add(task(2), one)

    dynamodb.transact_write_items = _Conflicts(dynamodb, 1, meanwhile)  # type: ignore[method-assign]
    assert refused(table, task(1), one)
    assert counted(dynamodb, PROJECT) == EACH


def test_two_deliveries_of_one_upload_that_meet_take_once(
    table: DynamoDBTasks, dynamodb: DynamoDBClient, clock: SettableClock, waits: list[float]
) -> None:
    one, other = Quota(tasks=1), DynamoDBTasks(dynamodb, "tasks", 30, clock)
    plain, first = dynamodb.transact_write_items, replace(task(1), created_ms=5)

    def meanwhile() -> None:
        dynamodb.transact_write_items = plain  # type: ignore[method-assign]
        other.add(first, one)

    dynamodb.transact_write_items = _Conflicts(dynamodb, 1, meanwhile)  # type: ignore[method-assign]
    assert table.add(task(1), one) == first
    assert counted(dynamodb, PROJECT) == EACH


def test_a_registration_that_meets_others_without_end_comes_back_later(
    table: DynamoDBTasks, dynamodb: DynamoDBClient, waits: list[float]
) -> None:
    dynamodb.transact_write_items = conflicts = _Conflicts(dynamodb, 99)  # type: ignore[method-assign]
    with pytest.raises(CliploopError) as raised:
        table.add(task(), TWO)
    assert raised.value.retryable
    assert conflicts.canceled > 6  # patience for an item that everybody writes
    assert sum(waits) < 10  # and yet an HTTP call has its answer in time
    assert table.get(PROJECT, 1) is None
