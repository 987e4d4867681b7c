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


# -- what is remembered ------------------------------------------------------------------------------


def arrived() -> tuple[InMemoryTasks, TaskChange]:
    """A source that has arrived, and the change that says so."""
    outputs = outputs_of(BUILT_IN_PROCEDURES["preview"].references, BUILT_IN_TEMPLATES)
    waiting = replace(NEW, state=TaskState.INIT, origin="https://example.com/v.mp4", outputs=outputs)
    claimed = waiting.claim(NEW.created_ms)
    fetched = claimed.fetched(1, ObjectVersion("b", "k2", "v"), 9, NEW.created_ms)
    tasks = InMemoryTasks()
    tasks.add(waiting)
    for before, after in ((waiting, claimed), (claimed, fetched)):
        tasks.replace(before, after)
    return tasks, tasks.changes[-1]


def test_that_a_source_has_arrived_is_told_once_where_its_record_was_not_lost() -> None:
    tasks, change = arrived()
    notifications = InMemoryNotifications()
    publish = PublishChanges(tasks, notifications)
    working = change.after.claim(NEW.created_ms)
    tasks.replace(change.after, working)  # the row has moved on meanwhile
    assert publish([change]) == []
    row = tasks.rows["p", 1]
    assert row == replace(working, pull_told=True, revision=working.revision + 1)
    assert publish([change]) == []
    assert tasks.rows["p", 1] == row
    tasks.replace(row, row.fail(2, Failure(ErrorCode.SOURCE_MALFORMED, "broken"), NEW.created_ms))
    publish(tasks.changes[-1:])
    assert [notice.kind for notice in notifications.told].count(EventKind.PULL_COMPLETE) == 2  # once, and repeated
    assert len({notice.delivery_id for notice in notifications.told}) == 2


def test_that_a_source_has_arrived_is_told_with_the_end_where_its_record_was_lost() -> None:
    tasks, change = arrived()
    notifications = InMemoryNotifications()
    working = change.after.claim(NEW.created_ms)
    tasks.replace(change.after, working)
    tasks.replace(working, working.fail(2, Failure(ErrorCode.SOURCE_MALFORMED, "broken"), NEW.created_ms))
    assert PublishChanges(tasks, notifications)(tasks.changes[-1:]) == []
    assert [(notice.kind, notice.delivery_id) for notice in notifications.told] == [
        (EventKind.PULL_COMPLETE, delivery_id_of("p", 1, 0)),
        (EventKind.PROCEDURE_STATE_CHANGED, delivery_id_of("p", 1, tasks.rows["p", 1].row_version)),
    ]
    assert tasks.rows["p", 1].due_at_ms == 0


def test_that_a_source_has_arrived_stays_told_where_the_task_has_ended_or_gone_meanwhile() -> None:
    for end in (lambda row: row.cancel(NEW.created_ms), None):
        tasks, change = arrived()
        if end:
            tasks.replace(change.after, end(change.after))
        else:
            tasks.rows.clear()
        before = dict(tasks.rows)
        assert PublishChanges(tasks, InMemoryNotifications())([change]) == []
        assert tasks.rows == before


def test_a_table_that_cannot_remember_it_has_the_record_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    tasks, change = arrived()

    def busy(*_: object) -> None:
        raise CliploopError(ErrorCode.UNAVAILABLE, "busy", retryable=True)

    monkeypatch.setattr(InMemoryTasks, "replace", busy)
    assert PublishChanges(tasks, InMemoryNotifications())([change]) == [change]


def test_an_end_that_was_only_looked_at_is_not_taken_for_told() -> None:
    """The sweep moves a row's due time on where telling fails; that write is a record of the stream as well."""
    tasks = life(NEW)
    ended = tasks.rows["p", 1]
    tasks.replace(ended, ended.looked_at(NEW.created_ms + 2))
    assert PublishChanges(tasks, InMemoryNotifications())(tasks.changes[-1:]) == []
    assert tasks.rows["p", 1].due_at_ms > 0
