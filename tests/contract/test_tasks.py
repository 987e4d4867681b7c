"""What every store of tasks must do."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

from cliploop.adapters.dynamodb_tasks import DynamoDBTasks
from cliploop.application.ports import RevisionConflictError, Tasks
from cliploop.domain.errors import CliploopError, ErrorCode, Failure
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.limits import Limits
from cliploop.domain.media import AudioStream, MediaInfo, VideoStream
from cliploop.domain.output import Output, StoredImage, outputs_of
from cliploop.domain.plan import plan_output
from cliploop.domain.procedure import BUILT_IN_PROCEDURES, NotifyMode, TemplateReference, TemplateUse
from cliploop.domain.query import PageRequest, TaskFilter
from cliploop.domain.section import Section
from cliploop.domain.task import Task, TaskState
from cliploop.domain.template import BUILT_IN_TEMPLATES, PRESET_WEBP
from cliploop.testing import InMemoryTasks, SettableClock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

DAY_MS = 24 * 3_600_000
ANY: frozenset[TaskState] = frozenset()


@pytest.fixture(params=["in memory", "moto"])
def tasks(request: pytest.FixtureRequest, clock: SettableClock) -> Tasks:
    if request.param == "in memory":
        return InMemoryTasks()
    return DynamoDBTasks(request.getfixturevalue("dynamodb"), "tasks", retention_days=30, clock=clock)


def task(clock: SettableClock, task_id: int = 1, **changes: object) -> Task:
    made = Task(
        project_id="p" * 32,
        task_id=task_id,
        file_id=7,
        source=ObjectVersion("uploads", "a b+c%2B ü.mp4", "v"),
        procedure="preview",
        outputs=outputs_of(BUILT_IN_PROCEDURES["preview"].references, BUILT_IN_TEMPLATES),
        created_ms=clock.now_ms(),
        session_context="日本語",
        priority=-10,
        notify_mode=NotifyMode.CHANGE,
    )
    return replace(made, **changes).registered()  # type: ignore[arg-type]


def test_a_new_row_reads_back(tasks: Tasks, clock: SettableClock) -> None:
    row = task(clock)
    assert tasks.add(row) == row
    assert tasks.get(row.project_id, row.task_id) == row


def test_a_row_with_everything_in_it_reads_back(tasks: Tasks, clock: SettableClock) -> None:
    video = VideoStream(0, "hevc", 3840, 2160, Fraction(30000, 1001), 9, "hvc1", Fraction(16, 11), 90, "yuv420p10le")
    media = MediaInfo("mov", 61_234, 5_000_000_000, 4_000, (video,), (AudioStream("aac", 48_000, 1),))
    claimed = task(clock).claim(clock.now_ms())
    gif, webp = claimed.outputs
    plan = plan_output(media, gif.use.template, gif.use.section, Limits(source_pixels=10**9))
    image = StoredImage("outputs", "p/1/1.f1.gif", 2**40, "0" * 32, 480, 270, 60, 5_000)
    failed = webp.fail(Failure(ErrorCode.LIMIT_EXCEEDED, "Too large."))
    row = claimed.settle(1, media, [gif.succeed(plan, image), failed]).finish(1, clock.now_ms())
    tasks.add(row)
    assert tasks.get(row.project_id, row.task_id) == row


def test_a_row_whose_source_is_still_to_be_fetched_reads_back(tasks: Tasks, clock: SettableClock) -> None:
    row = task(
        clock,
        source=ObjectVersion("uploads", "cliploop-fetched/p/1/a.mp4", ""),
        file_id=0,
        name="Mein Film",
        origin="https://films.example/a.mp4?key=secret",
        source_context="the caller's",
        session_id="sid-1",
        state=TaskState.INIT,
    )
    tasks.add(row)
    assert row.state is TaskState.INIT
    assert tasks.get(row.project_id, row.task_id) == row


def test_a_row_that_was_fetched_told_of_and_redriven_reads_back(tasks: Tasks, clock: SettableClock) -> None:
    row = task(clock, origin="https://films.example/a.mp4", pull_told=True, attempt=4, attempts_before=3)
    tasks.add(row)
    assert tasks.get(row.project_id, row.task_id) == row


def test_a_template_by_sides_reads_back(tasks: Tasks, clock: SettableClock) -> None:
    tall = replace(PRESET_WEBP, width=320, height=240, by_sides=True)
    row = task(clock, outputs=(Output(TemplateUse(tall)), Output(TemplateUse(PRESET_WEBP))))
    tasks.add(row)
    assert tasks.get(row.project_id, row.task_id) == row


def test_a_row_with_what_only_some_callers_say_reads_back(tasks: Tasks, clock: SettableClock) -> None:
    placed = Output(TemplateUse(PRESET_WEBP), destination="my/own ü.webp")
    row = task(clock, outputs=(placed,), application="app-1", callback_url="https://starter.example/?key=1")
    tasks.add(row)
    assert tasks.get(row.project_id, row.task_id) == row


def test_a_row_does_not_grow_by_what_its_caller_did_not_say(dynamodb: DynamoDBClient, clock: SettableClock) -> None:
    """So it is what the previous release wrote as well."""
    store = DynamoDBTasks(dynamodb, "tasks", retention_days=30, clock=clock)
    row = store.add(task(clock))
    (item,) = dynamodb.scan(TableName="tasks")["Items"]
    assert item.keys().isdisjoint({"application", "callback_url", "attempts_before", "pull_told"})
    assert all("destination" not in output["M"] for output in item["outputs"]["L"])
    assert store.get(row.project_id, row.task_id) == row


def test_an_output_that_was_failed_from_the_start_reads_back(tasks: Tasks, clock: SettableClock) -> None:
    references = (TemplateReference(404, Section(1_000, -2_000)), TemplateReference(PRESET_WEBP.definition))
    row = task(clock, outputs=outputs_of(references, BUILT_IN_TEMPLATES))
    tasks.add(row)
    assert tasks.get(row.project_id, row.task_id) == row


def test_an_id_that_is_taken_gives_the_row_that_has_it(tasks: Tasks, clock: SettableClock) -> None:
    first = tasks.add(task(clock))
    clock.advance(5)
    assert tasks.add(task(clock)) == first


def test_there_is_no_row_for_another_id_or_project(tasks: Tasks, clock: SettableClock) -> None:
    row = tasks.add(task(clock))
    assert tasks.get(row.project_id, 2) is None
    assert tasks.get("q" * 32, row.task_id) is None


def test_a_change_is_stored_once(tasks: Tasks, clock: SettableClock) -> None:
    row = tasks.add(task(clock))
    claimed = row.claim(clock.now_ms())
    tasks.replace(row, claimed)
    assert tasks.get(row.project_id, row.task_id) == claimed
    with pytest.raises(RevisionConflictError):
        tasks.replace(row, row.claim(clock.now_ms() + 1))


def test_a_row_that_is_gone_cannot_be_changed(tasks: Tasks, clock: SettableClock) -> None:
    row = task(clock)
    with pytest.raises(RevisionConflictError):
        tasks.replace(row, row.claim(clock.now_ms()))


def test_many_rows_come_in_the_order_asked_each_once(tasks: Tasks, clock: SettableClock) -> None:
    rows = [tasks.add(task(clock, number)) for number in (1, 2, 3)]
    assert tasks.get_many(rows[0].project_id, [3, 9, 1, 3]) == [rows[2], rows[0]]


def test_more_rows_than_one_batch_holds(tasks: Tasks, clock: SettableClock) -> None:
    for number in range(1, 121):
        tasks.add(task(clock, number))
    assert [row.task_id for row in tasks.get_many("p" * 32, range(1, 121))] == list(range(1, 121))


def listed(tasks: Tasks, where: TaskFilter, number: int = 0, size: int = 10) -> tuple[int, list[int]]:
    page = tasks.list("p" * 32, where, PageRequest(number, size))
    return page.total, [row.task_id for row in page.tasks]


@pytest.fixture
def five(tasks: Tasks, clock: SettableClock) -> list[Task]:
    """Tasks 1 to 5, a day apart, the odd ones claimed; and one of another project."""
    rows = []
    for number in range(1, 6):
        row = tasks.add(task(clock, number))
        if number % 2:
            claimed = row.claim(clock.now_ms())
            tasks.replace(row, claimed)
            row = claimed
        rows.append(row)
        clock.advance(DAY_MS)
    tasks.add(task(clock, 6, project_id="q" * 32))
    return rows


def test_a_list_is_newest_first_and_knows_its_total(tasks: Tasks, five: list[Task]) -> None:
    assert listed(tasks, TaskFilter()) == (5, [5, 4, 3, 2, 1])


@pytest.mark.parametrize(("number", "ids"), [(0, [5, 4]), (1, [3, 2]), (2, [1]), (3, [])])
def test_pages(tasks: Tasks, five: list[Task], number: int, ids: list[int]) -> None:
    assert listed(tasks, TaskFilter(), number, 2) == (5, ids)


def test_a_state_follows_its_task(tasks: Tasks, five: list[Task]) -> None:
    assert listed(tasks, TaskFilter(frozenset({TaskState.PROCESSING}))) == (3, [5, 3, 1])
    assert listed(tasks, TaskFilter(frozenset({TaskState.WAITING}))) == (2, [4, 2])
    assert listed(tasks, TaskFilter(frozenset({TaskState.FAILED}))) == (0, [])


def test_a_time_range_includes_both_ends(tasks: Tasks, five: list[Task]) -> None:
    second, fourth = five[1].created_ms // 1000, five[3].created_ms // 1000
    assert listed(tasks, TaskFilter(ANY, second, fourth)) == (3, [4, 3, 2])
    assert listed(tasks, TaskFilter(ANY, second + 1, fourth - 1)) == (1, [3])
    assert listed(tasks, TaskFilter(frozenset({TaskState.PROCESSING}), second)) == (2, [5, 3])
    assert listed(tasks, TaskFilter(frozenset({TaskState.WAITING}), None, second)) == (1, [2])
    assert listed(tasks, TaskFilter(ANY, fourth, second)) == (0, [])


@pytest.fixture
def ended(tasks: Tasks, clock: SettableClock) -> None:
    """Tasks 1 to 9, twelve hours apart: in turn canceled, failed and still waiting; the first six told."""
    for number in range(1, 10):
        row = task(clock, number)
        tasks.add(row)
        ends = {
            1: row.cancel(clock.now_ms()),
            2: row.claim(clock.now_ms()).fail(1, Failure(ErrorCode.SOURCE_MALFORMED, "broken"), clock.now_ms()),
        }
        if after := ends.get(number % 3):
            tasks.replace(row, after)
            if number <= 6:
                tasks.retire(after, after.told())
        clock.advance(DAY_MS // 2)


UNSUCCESSFUL = frozenset({TaskState.FAILED, TaskState.CANCELED})


@pytest.mark.usefixtures("ended")
@pytest.mark.parametrize(
    ("number", "size", "ids"),
    [(0, 10, [8, 7, 5, 4, 2, 1]), (0, 3, [8, 7, 5]), (1, 3, [4, 2, 1]), (1, 2, [5, 4]), (2, 2, [2, 1]), (3, 2, [])],
)
def test_tasks_of_several_final_states_are_in_one_order(tasks: Tasks, number: int, size: int, ids: list[int]) -> None:
    assert listed(tasks, TaskFilter(UNSUCCESSFUL), number, size) == (6, ids)


@pytest.mark.usefixtures("ended")
def test_several_final_states_of_some_time(tasks: Tasks, clock: SettableClock) -> None:
    fourth_s = (clock.now_ms() - 6 * DAY_MS // 2) // 1000
    assert listed(tasks, TaskFilter(UNSUCCESSFUL, fourth_s)) == (4, [8, 7, 5, 4])
    assert listed(tasks, TaskFilter(UNSUCCESSFUL, None, fourth_s)) == (3, [4, 2, 1])
    assert listed(tasks, TaskFilter(UNSUCCESSFUL | {TaskState.SUCCEED})) == (6, [8, 7, 5, 4, 2, 1])


def test_tasks_of_several_open_states_are_in_one_order(tasks: Tasks, five: list[Task], clock: SettableClock) -> None:
    fetching = task(clock, 7, state=TaskState.INIT, origin="https://films.example/a.mp4")
    tasks.add(fetching)
    waiting = frozenset({TaskState.INIT, TaskState.WAITING})
    assert listed(tasks, TaskFilter(waiting)) == (3, [7, 4, 2])
    assert listed(tasks, TaskFilter(waiting), 1, 2) == (3, [2])
    assert listed(tasks, TaskFilter(waiting | {TaskState.PROCESSING})) == (6, [7, 5, 4, 3, 2, 1])


def test_ended_and_open_tasks_are_not_asked_for_together() -> None:
    with pytest.raises(ValueError, match="all final or all open"):
        TaskFilter(frozenset({TaskState.WAITING, TaskState.FAILED}))


def test_tasks_of_one_moment_are_all_there(tasks: Tasks, clock: SettableClock) -> None:
    for number in (9, 10, 11):
        tasks.add(task(clock, number))
    total, ids = listed(tasks, TaskFilter(ANY, clock.now_ms() // 1000, clock.now_ms() // 1000))
    assert (total, sorted(ids)) == (3, [9, 10, 11])


def test_a_retired_row_is_counted_once_and_stays_in_the_list(tasks: Tasks, clock: SettableClock) -> None:
    claimed = task(clock).claim(clock.now_ms())
    ended = claimed.fail(1, Failure(ErrorCode.SOURCE_MALFORMED, "broken"), clock.now_ms())
    tasks.add(ended)
    assert listed(tasks, TaskFilter(frozenset({TaskState.FAILED}))) == (1, [1])
    tasks.retire(ended, ended.told())
    with pytest.raises(RevisionConflictError):
        tasks.retire(ended, ended.told())
    for where in (TaskFilter(), TaskFilter(frozenset({TaskState.FAILED}))):
        assert listed(tasks, where) == (1, [1])
    assert listed(tasks, TaskFilter(frozenset({TaskState.SUCCEED}))) == (0, [])


def test_a_canceled_row_is_counted_among_the_canceled_ones(tasks: Tasks, clock: SettableClock) -> None:
    canceled = task(clock).cancel(clock.now_ms())
    tasks.add(canceled)
    tasks.retire(canceled, canceled.told())
    assert listed(tasks, TaskFilter(frozenset({TaskState.CANCELED}))) == (1, [1])
    assert listed(tasks, TaskFilter()) == (1, [1])


def test_a_row_that_is_brought_back_is_counted_among_the_open_ones_only(tasks: Tasks, clock: SettableClock) -> None:
    claimed = task(clock).claim(clock.now_ms())
    failed = claimed.fail(1, Failure(ErrorCode.SOURCE_MALFORMED, "broken"), clock.now_ms())
    told = failed.told()
    tasks.add(failed)
    tasks.retire(failed, told)
    waiting = told.redriven(clock.now_ms())
    tasks.revive(told, waiting)
    assert tasks.get(waiting.project_id, 1) == waiting
    assert listed(tasks, TaskFilter(frozenset({TaskState.FAILED}))) == (0, [])
    assert listed(tasks, TaskFilter(frozenset({TaskState.WAITING}))) == (1, [1])
    assert listed(tasks, TaskFilter()) == (1, [1])
    with pytest.raises(RevisionConflictError):
        tasks.revive(told, waiting)
    assert listed(tasks, TaskFilter()) == (1, [1])
    again = waiting.claim(clock.now_ms()).fail(2, Failure(ErrorCode.SOURCE_MALFORMED, "broken"), clock.now_ms())
    tasks.replace(waiting, again)
    tasks.retire(again, again.told())
    assert listed(tasks, TaskFilter(frozenset({TaskState.FAILED}))) == (1, [1])


def test_a_row_whose_end_was_not_told_is_brought_back_without_being_counted(
    tasks: Tasks, clock: SettableClock
) -> None:
    other = task(clock, 2).cancel(clock.now_ms())
    tasks.add(other)
    tasks.retire(other, other.told())
    failed = task(clock).claim(clock.now_ms()).fail(1, Failure(ErrorCode.INTERNAL, "bug"), clock.now_ms())
    tasks.add(failed)
    tasks.revive(failed, failed.redriven(clock.now_ms()))
    total, ids = listed(tasks, TaskFilter())
    assert (total, sorted(ids)) == (2, [1, 2])


def test_a_list_ends_at_the_retention(clock: SettableClock, request: pytest.FixtureRequest) -> None:
    """Rows that have expired are deleted when the store gets round to it; nobody sees them meanwhile."""
    store = DynamoDBTasks(request.getfixturevalue("dynamodb"), "tasks", retention_days=30, clock=clock)
    claimed = task(clock).claim(clock.now_ms())
    ended = claimed.fail(1, Failure(ErrorCode.SOURCE_MALFORMED, "broken"), clock.now_ms())
    store.add(ended)
    store.retire(ended, ended.told())
    clock.advance(30 * DAY_MS - 1_000)
    assert listed(store, TaskFilter()) == (1, [1])
    clock.advance(1_000)
    assert listed(store, TaskFilter()) == (0, [])


def test_rows_that_one_answer_does_not_hold_are_asked_for_again(
    clock: SettableClock, dynamodb: DynamoDBClient
) -> None:
    store = DynamoDBTasks(dynamodb, "tasks", retention_days=30, clock=clock)
    rows = [store.add(task(clock, number)) for number in (1, 2, 3)]
    whole = dynamodb.batch_get_item

    def one_at_a_time(RequestItems: dict[str, Any]) -> Any:  # noqa: N803
        """As DynamoDB does when an answer would be over 16 MB, or the table is busy."""
        keys = RequestItems["tasks"]["Keys"]
        answer: Any = whole(RequestItems={"tasks": {"Keys": keys[:1]}})
        return answer | {"UnprocessedKeys": {"tasks": {"Keys": keys[1:]}} if keys[1:] else {}}

    dynamodb.batch_get_item = one_at_a_time  # type: ignore[method-assign, assignment]
    assert store.get_many("p" * 32, [3, 2, 1]) == rows[::-1]


@pytest.mark.parametrize(("conflicts", "counted"), [(2, 1), (99, 0)])
def test_a_count_that_meets_another_is_tried_again_and_at_last_given_back(
    clock: SettableClock, dynamodb: DynamoDBClient, conflicts: int, counted: int
) -> None:
    store = DynamoDBTasks(dynamodb, "tasks", retention_days=30, clock=clock)
    claimed = task(clock).claim(clock.now_ms())
    ended = claimed.fail(1, Failure(ErrorCode.SOURCE_MALFORMED, "broken"), clock.now_ms())
    store.add(ended)
    write, tries = dynamodb.transact_write_items, iter(range(conflicts))

    def met_by_another(**request: Any) -> Any:
        if next(tries, None) is None:
            return write(**request)
        reasons = {"CancellationReasons": [{"Code": "TransactionConflict"}, {"Code": "None"}]}
        canceled = dynamodb.exceptions.TransactionCanceledException
        raise canceled({"Error": {"Code": "TransactionCanceledException"}, **reasons}, "TransactWriteItems")  # type: ignore[typeddict-item]

    dynamodb.transact_write_items = met_by_another  # type: ignore[method-assign]
    if counted:
        store.retire(ended, ended.told())
    else:
        with pytest.raises(CliploopError) as raised:
            store.retire(ended, ended.told())
        assert raised.value.retryable
    row = store.get(ended.project_id, ended.task_id)
    assert row == (ended.told() if counted else ended)
