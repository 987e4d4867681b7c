from __future__ import annotations

from dataclasses import replace

import pytest

from cliploop.application.publish_changes import PublishChanges
from cliploop.domain.errors import CliploopError, ErrorCode, Failure
from cliploop.domain.identity import ObjectVersion, delivery_id_of
from cliploop.domain.notification import EventKind, TaskChange
from cliploop.domain.output import outputs_of
from cliploop.domain.procedure import BUILT_IN_PROCEDURES, NotifyMode
from cliploop.domain.source_file import SourceFile
from cliploop.domain.task import Task, TaskState
from cliploop.domain.template import BUILT_IN_TEMPLATES
from cliploop.testing import InMemoryNotifications, InMemoryTasks

NEW = Task(
    project_id="p",
    task_id=1,
    file_id=2,
    source=ObjectVersion("b", "k", "v"),
    procedure="",
    outputs=(),
    created_ms=1_700_000_000_000,
).registered()


def life(task: Task) -> InMemoryTasks:
    """A table with the row's whole life in its stream: registered, claimed, renewed, failed."""
    tasks = InMemoryTasks()
    tasks.add(task)
    claimed = task.claim(task.created_ms)
    renewed = claimed.renew(1, task.created_ms + 1)
    ended = renewed.fail(1, Failure(ErrorCode.SOURCE_MALFORMED, "broken"), task.created_ms + 2)
    for before, after in ((task, claimed), (claimed, renewed), (renewed, ended)):
        tasks.replace(before, after)
    return tasks


@pytest.mark.parametrize(
    ("mode", "versions"), [(NotifyMode.FINISH, [3]), (NotifyMode.CHANGE, [1, 2, 3]), (NotifyMode.NONE, [])]
)
def test_what_is_told_follows_the_notify_mode_and_never_a_renewal(mode: NotifyMode, versions: list[int]) -> None:
    tasks = life(replace(NEW, notify_mode=mode))
    notifications = InMemoryNotifications()
    assert PublishChanges(tasks, notifications)(tuple(tasks.changes)) == []
    assert [notice.delivery_id for notice in notifications.told] == [
        delivery_id_of("p", 1, each) for each in versions
    ]


def test_after_the_end_was_told_nobody_needs_to_look() -> None:
    tasks = life(NEW)
    PublishChanges(tasks, InMemoryNotifications())(tuple(tasks.changes))
    assert tasks.rows["p", 1].due_at_ms == 0


def test_remembering_it_tells_nobody() -> None:
    tasks = life(NEW)
    notifications = InMemoryNotifications()
    publish = PublishChanges(tasks, notifications)
    publish(tuple(tasks.changes))
    publish(tasks.changes[-1:])
    assert len(notifications.told) == 1


def test_a_record_delivered_twice_carries_one_delivery_id() -> None:
    tasks = life(NEW)
    notifications = InMemoryNotifications()
    publish = PublishChanges(tasks, notifications)
    records = tuple(tasks.changes)
    publish(records)
    publish(records)
    assert {notice.delivery_id for notice in notifications.told} == {delivery_id_of("p", 1, 3)}


def test_what_could_not_be_told_is_given_back_and_stays_due() -> None:
    tasks = life(NEW)
    records = tuple(tasks.changes)
    failed = PublishChanges(tasks, InMemoryNotifications(refused={delivery_id_of("p", 1, 3)}))(records)
    assert failed == [TaskChange(records[-1].before, records[-1].after)]
    assert tasks.rows["p", 1].due_at_ms > 0


class _BusyTasks(InMemoryTasks):
    """A table that is throttled when a row is to be retired."""

    def retire(self, before: Task, after: Task) -> None:
        raise CliploopError(ErrorCode.UNAVAILABLE, "busy", retryable=True)


def test_a_change_that_could_not_be_counted_is_given_back_alone_after_all_were_told() -> None:
    tasks = life(NEW)
    other = replace(NEW, task_id=2).refuse(Failure(ErrorCode.PROCEDURE_NOT_FOUND, "none"))
    busy = _BusyTasks(tasks.rows)
    notifications = InMemoryNotifications()
    quiet = TaskChange(None, other.told())
    failed = PublishChanges(busy, notifications)([tasks.changes[-1], quiet])
    assert failed == [tasks.changes[-1]]
    assert len(notifications.told) == 2


def test_a_file_that_became_known_is_told_and_nothing_is_remembered_of_it() -> None:
    file = SourceFile(project_id="p", file_id=7, source=ObjectVersion("b", "k", "v"), size=1, created_ms=1)
    notifications = InMemoryNotifications()
    assert PublishChanges(InMemoryTasks(), notifications)([file]) == []
    assert [(notice.kind, notice.subject) for notice in notifications.told] == [(EventKind.NEW_FILE_UPLOAD, file)]


def pulled() -> tuple[InMemoryTasks, TaskChange]:
    """A pull that failed: one change that is two events."""
    waiting = replace(NEW, state=TaskState.INIT, origin="https://example.com/v.mp4", procedure="preview")
    outputs = outputs_of(BUILT_IN_PROCEDURES["preview"].references, BUILT_IN_TEMPLATES)
    waiting = replace(waiting, outputs=outputs)
    claimed = waiting.claim(NEW.created_ms)
    tasks = InMemoryTasks()
    tasks.add(waiting)
    tasks.replace(waiting, claimed)
    tasks.replace(claimed, claimed.fail(1, Failure(ErrorCode.FETCH_FAILED, "gone"), NEW.created_ms + 1))
    return tasks, tasks.changes[-1]


def test_one_change_can_be_two_events() -> None:
    tasks, change = pulled()
    notifications = InMemoryNotifications()
    assert PublishChanges(tasks, notifications)([change]) == []
    assert [notice.kind for notice in notifications.told] == [
        EventKind.PULL_COMPLETE,
        EventKind.PROCEDURE_STATE_CHANGED,
    ]
    assert len({notice.delivery_id for notice in notifications.told}) == 2


def test_a_change_with_one_untold_event_of_two_is_given_back_once_and_stays_due() -> None:
    tasks, change = pulled()
    refused = delivery_id_of("p", 1, change.after.row_version)
    assert PublishChanges(tasks, InMemoryNotifications(refused={refused}))([change]) == [change]
    assert tasks.rows["p", 1].due_at_ms > 0
