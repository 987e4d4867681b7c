"""What an earlier release has stored and sent is read by this one, and every task goes on to its end."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cliploop import bootstrap
from cliploop.adapters.dynamodb_catalog import DynamoDBCatalog
from cliploop.adapters.dynamodb_events import DynamoDBEvents
from cliploop.adapters.dynamodb_upload_sessions import DynamoDBUploadSessions
from cliploop.adapters.task_rows import item_to_task, task_to_item
from cliploop.application.redrive_task import Redriven
from cliploop.application.start_task import StartOrder
from cliploop.application.sweep import Sweeping
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.query import PageRequest, TaskFilter
from cliploop.domain.section import Section
from cliploop.domain.task import Task, TaskState
from tests.contract.previous_release.world import RELEASES, World, world_of
from tests.unit.doors.conftest import PROJECT_ID

VENDORS = RELEASES[1]
ENDED = {"refused", "succeeded", "failed", "succeeded-told", "failed-told", "called-back", "canceled"}


@pytest.fixture(params=RELEASES)
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with world_of(request.param) as made:
        yield made


@pytest.fixture
def with_vendors() -> Iterator[World]:
    with world_of(VENDORS) as made:
        yield made


def record_of(before: Task, after: Task) -> dict[str, Any]:
    """As the stream carries a change."""
    images = {"OldImage": task_to_item(before, 1), "NewImage": task_to_item(after, 1)}
    return {"eventName": "MODIFY", "dynamodb": {"SequenceNumber": "1", **images}}


def total(*states: TaskState) -> int:
    """As a list says it."""
    tasks = bootstrap.on_upload().process.tasks
    page = tasks.list(PROJECT_ID, TaskFilter(frozenset(states)), PageRequest(0, 100))
    assert len(page.tasks) == page.total
    return int(page.total)


def test_the_samples_have_every_state(world: World) -> None:
    assert {task.state for task in world.tasks().values()} >= {
        TaskState.WAITING,
        TaskState.PROCESSING,
        TaskState.SUCCEED,
        TaskState.FAILED,
    }


def test_those_of_the_vendors_release_have_the_others_too(with_vendors: World) -> None:
    assert {task.state for task in with_vendors.tasks().values()} == set(TaskState)


def test_a_row_that_is_read_and_stored_again_has_lost_nothing(world: World) -> None:
    rows = [item for item in world.samples["tasks"] if item["sk"]["S"] == "task"]
    assert len(rows) >= 9
    for row in rows:
        stored = task_to_item(item_to_task(row), int(row["expires_at"]["N"]))
        assert {name: stored.get(name) for name in row} == row


def test_every_open_task_goes_on_to_its_end_and_is_told_and_counted(world: World) -> None:
    open_tasks = {name: task for name, task in world.tasks().items() if not task.state.is_final}
    assert len(open_tasks) >= 4
    before = total(TaskState.SUCCEED)
    for name, task in open_tasks.items():
        ended = world.work_on(task.task_id)
        assert (name, ended.state) == (name, TaskState.SUCCEED)
        assert ended.attempt == task.attempt + (2 if task.state is TaskState.INIT else 1)
        told = [event for event in world.tell(record_of(task, ended)) if "PullComplete" not in event["EventType"]]
        assert [event["ProcedureStateChangeEvent"]["Status"] for event in told] == ["FINISH"]
        assert world.task(task.task_id).due_at_ms == 0
    assert total(TaskState.SUCCEED) == before + len(open_tasks)
    assert total(TaskState.WAITING) == total(TaskState.PROCESSING) == total(TaskState.INIT) == 0


def test_every_work_message_is_taken(world: World) -> None:
    messages = world.samples["work"]
    assert len(messages) >= 8
    for message in messages:
        world.deliver("work", message)
    for pointer in world.received("work"):
        world.deliver("work", pointer)
    assert [name for name, task in world.tasks().items() if not task.state.is_final] == []


def test_an_upload_that_is_delivered_again_is_the_task_that_it_was(world: World) -> None:
    before = {task.task_id for task in world.tasks().values()}
    for message in world.samples["uploads"]:
        world.deliver("uploads", message)
    assert {task.task_id for task in world.tasks().values()} == before
    # A release that knew no files is caught up with: each upload is one now.
    files = {int(item["file_id"]["N"]) for item in world.items() if item["sk"]["S"] == "file"}
    assert {task.file_id for task in world.tasks().values() if task.file_id} <= files


def test_every_record_of_the_stream_is_read_and_ends_are_told(world: World) -> None:
    before = total()
    for name, record in world.samples["stream"].items():
        events = [event for event in world.tell(record) if event["EventType"] == "ProcedureStateChanged"]
        assert (name, len(events)) == (name, 1 if name in ENDED else 0)
    assert total() == before
    still_due = [name for name, task in world.tasks().items() if task.state.is_final and task.due_at_ms]
    assert still_due == []


def test_what_is_overdue_since_then_is_found_sent_on_and_told(world: World) -> None:
    open_tasks = {task.task_id for task in world.tasks().values() if not task.state.is_final}
    untold = {task.task_id for task in world.tasks().values() if task.state.is_final and task.due_at_ms}
    assert open_tasks
    assert untold
    counts = world.sweep()
    assert counts[Sweeping.TOLD] == len(untold)
    assert counts[Sweeping.RESENT] + counts[Sweeping.TAKEN_OVER] == len(open_tasks)
    sent = world.received("work")
    assert {int(pointer["task_id"]) for pointer in sent} == open_tasks
    for pointer in sent:
        world.work_on(int(pointer["task_id"]))
    assert [name for name, task in world.tasks().items() if not task.state.is_final] == []


@pytest.mark.parametrize("name", ["failed", "failed-told"])
def test_a_task_that_failed_then_is_brought_back_now(world: World, name: str) -> None:
    before, failed = total(TaskState.FAILED), world.tasks()[name]
    assert bootstrap.sweep().redrive(failed.task_id) is Redriven.REDRIVEN
    assert total(TaskState.FAILED) == before - 1
    ended = world.work_on(failed.task_id)
    assert (ended.state, ended.attempt) == (TaskState.SUCCEED, failed.attempt + 1)
    assert ended.row_version > failed.row_version


@pytest.mark.parametrize("of_task", [True, False])
def test_a_callback_that_was_queued_is_made(with_vendors: World, of_task: bool) -> None:  # noqa: FBT001
    message = next(each for each in with_vendors.samples["callbacks"] if ("of_task" in each) is of_task)
    posted = with_vendors.call_back(message)
    told = json.loads(posted.body)
    assert posted.url == message["url"]
    assert (posted.headers["X-Cliploop-Delivery"], told["DeliveryId"]) == (message["delivery_id"],) * 2
    # The project's own are signed in the body as well, with its key; nothing else of it has changed.
    assert {name: told[name] for name in message["body"]} == message["body"]
    assert ("Sign" in told) is not of_task


def test_a_delivery_that_was_made_is_made_again_under_its_id(with_vendors: World) -> None:
    sent = next(each for each in with_vendors.samples["callbacks"] if "of_task" not in each)
    again = with_vendors.tell(with_vendors.samples["stream"]["called-back"])
    assert [event["DeliveryId"] for event in again if event["EventType"] == "ProcedureStateChanged"] == [
        sent["delivery_id"]
    ]


def test_what_was_listed_is_listed(world: World) -> None:
    tasks = world.tasks().values()
    everything = [item for item in world.samples["tasks"] if item["sk"]["S"] == "task"]
    assert total() == len(everything) >= len(tasks)
    assert total(TaskState.FAILED) == sum(task.state is TaskState.FAILED for task in tasks)
    assert total(TaskState.SUCCEED) == sum(task.state is TaskState.SUCCEED for task in tasks)


def test_what_people_wrote_into_the_catalog_holds(world: World) -> None:
    catalog = DynamoDBCatalog(world.dynamodb, "catalog")
    cards = catalog.procedure(PROJECT_ID, "cards")
    assert cards is not None
    assert [(each.definition, each.section) for each in cards.references] == [(100, Section(1_000, 4_000))]
    template = catalog.templates(PROJECT_ID, [100])[100]
    assert (template.width, str(template.fps), template.quality) == (320, "15/2", 60)
    assert [(rule.prefix, rule.procedure) for rule in catalog.prefix_rules(PROJECT_ID)] == [("cards/", "cards")]


def test_what_was_created_by_calls_holds(with_vendors: World) -> None:
    use = bootstrap.manage_tasks()[0].parts.use  # type: ignore[attr-defined]
    found, procedures = use.procedures.find(PROJECT_ID, names=["called"], kind=None, offset=0, limit=9)
    assert found == 1
    (reference,) = procedures[0].references
    _, (template,) = use.templates.find(PROJECT_ID, definitions=[reference.definition], kind=None, offset=0, limit=9)
    assert (template.template.name, template.template.gif.colors, template.comment) == ("small", 64, "a comment")
    assert use.event_settings.get(PROJECT_ID).sign_key == "sign"


def test_a_session_that_was_used_is_used(with_vendors: World) -> None:
    parts = bootstrap.manage_tasks()[0].parts  # type: ignore[attr-defined]
    started = with_vendors.tasks()["of-file"]
    order = StartOrder(procedure="called", session_id="once", session_window_ms=10**13)
    with pytest.raises(CliploopError) as caught:
        parts.use.start.of_file(parts.project, started.file_id, order)
    assert caught.value.code is ErrorCode.SESSION_REPEATED


def test_an_upload_that_was_applied_for_is_known(with_vendors: World) -> None:
    sessions = DynamoDBUploadSessions(with_vendors.dynamodb, "catalog")
    session = sessions.get(PROJECT_ID, with_vendors.samples["kept"]["session_key"])
    assert session is not None
    assert session.order.procedure == "called"


def test_events_in_the_reliable_queue_are_pulled_and_confirmed(with_vendors: World) -> None:
    kept, queue = with_vendors.samples["kept"], DynamoDBEvents(with_vendors.dynamodb, "tasks")
    (waiting,) = queue.take(PROJECT_ID, 16, kept["written_ms"], 30_000)
    assert waiting.event["EventType"] == "ProcedureStateChanged"
    queue.confirm(PROJECT_ID, [kept["handle"], waiting.handle], kept["written_ms"])
    assert queue.take(PROJECT_ID, 16, kept["written_ms"] + 60_000, 30_000) == []


def test_an_event_that_was_queued_is_not_queued_again(with_vendors: World) -> None:
    kept, queue = with_vendors.samples["kept"], DynamoDBEvents(with_vendors.dynamodb, "tasks")
    with_vendors.tell(with_vendors.samples["stream"]["failed-told"])
    assert len(queue.take(PROJECT_ID, 16, kept["written_ms"] + 60_000, 30_000)) == 2


@pytest.fixture(scope="module")
def of_today(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The same samples, of today's code. A stack whose quotas are off, as they are out of the box."""
    folder, root = tmp_path_factory.mktemp("today"), Path(__file__).parents[2]
    words = [sys.executable, "-W", "ignore", str(root / "tests/contract/previous_release/record.py"), str(folder)]
    subprocess.run(words, env={"PYTHONPATH": f"{root / 'src'}:{root}"}, check=True, capture_output=True)
    samples: dict[str, Any] = json.loads((folder / "samples.json").read_text())
    return samples


def names_within(value: Any, where: str) -> set[str]:
    """The attributes of an item and of what is within it; DynamoDB's names of types are none."""
    if isinstance(value, list):
        return {name for part in value for name in names_within(part, where)}
    if not isinstance(value, dict):
        return {where}
    paths = {name: where if name in {"S", "N", "M", "L", "BOOL"} else f"{where}.{name}" for name in value}
    return {name for key, part in value.items() for name in names_within(part, paths[key])}


def names_in(samples: dict[str, Any]) -> set[str]:
    """What a reader has to know: the attributes of each kind of item, and the fields of each kind of message."""
    kinds = [(item["sk"]["S"].partition("#")[0], item) for item in samples["tasks"]]
    # The attributes of counts are moments, and so are the sort keys of events.
    items = [("event" if kind.isdecimal() else kind, item) for kind, item in kinds if kind != "count"]
    sent = [(queue, dict.fromkeys(message)) for queue in ("work", "callbacks") for message in samples[queue]]
    return {name for kind, content in items + sent for name in names_within(content, kind)}


def test_a_function_of_the_last_release_that_still_runs_loses_nothing_of_todays_rows(
    with_vendors: World, of_today: dict[str, Any]
) -> None:
    """While a deployment replaces the functions one by one, both releases read and store the same rows."""
    new = names_in(of_today) - names_in(with_vendors.samples)
    # Of a redriven task only; and without the other the same event, with the same id, is told twice.
    assert new == {"task.attempts_before", "task.pull_told"}
    for item in of_today["tasks"]:
        assert "attempts_before" not in item or "redriven" in item["source"]["M"]["key"]["S"]


def test_the_samples_hold_what_they_are_for() -> None:
    """Taking them anew must not lose a message or a record."""
    with world_of(VENDORS) as made:
        assert {len(made.samples[part]) > 0 for part in ("uploads", "work", "callbacks", "stream")} == {True}
        assert {"of_task" in each for each in made.samples["callbacks"]} == {True, False}
