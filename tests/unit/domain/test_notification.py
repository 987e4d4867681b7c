"""What each stored change tells, and under which id."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cliploop.domain.errors import ErrorCode, Failure
from cliploop.domain.identity import ObjectVersion, delivery_id_of
from cliploop.domain.notification import EventKind, Notification, TaskChange, notifications_of
from cliploop.domain.output import outputs_of
from cliploop.domain.procedure import BUILT_IN_PROCEDURES, NotifyMode, TemplateReference
from cliploop.domain.source_file import SourceFile
from cliploop.domain.task import Task, TaskState
from cliploop.domain.template import BUILT_IN_TEMPLATES

NOW = 1_700_000_000_000
BROKEN = Failure(ErrorCode.FETCH_FAILED, "There is nothing at the address.")
ARRIVED = ObjectVersion("b", "cliploop-fetched/p/1/1/a.mp4", "v2")
PROCEDURE, PULL = EventKind.PROCEDURE_STATE_CHANGED, EventKind.PULL_COMPLETE

NEW = Task(
    project_id="p",
    task_id=1,
    file_id=2,
    source=ObjectVersion("b", "k", "v"),
    procedure="preview",
    outputs=outputs_of(BUILT_IN_PROCEDURES["preview"].references, BUILT_IN_TEMPLATES),
    created_ms=NOW,
).registered()
CLAIMED = NEW.claim(NOW)
PULLED = replace(NEW, file_id=0, origin="https://films.example/a.mp4", state=TaskState.INIT)
FETCHING = PULLED.claim(NOW)
FETCHED = FETCHING.fetched(1, ARRIVED, 9, NOW)
WORKING = FETCHED.claim(NOW)
ONLY_FETCHING = replace(FETCHING, outputs=())
NEVER_FETCHED = replace(PULLED, outputs=outputs_of([TemplateReference(404)], BUILT_IN_TEMPLATES)).registered()
BORN_FAILED = replace(NEW, outputs=outputs_of([TemplateReference(404)], BUILT_IN_TEMPLATES)).registered()


def kinds_of(before: Task | None, after: Task, mode: NotifyMode) -> list[EventKind]:
    before = before and replace(before, notify_mode=mode)
    return [notice.kind for notice in notifications_of(TaskChange(before, replace(after, notify_mode=mode)))]


@pytest.mark.parametrize(
    ("before", "after", "at_the_end", "at_every_change"),
    [
        pytest.param(None, NEW, [], [PROCEDURE], id="registered"),
        pytest.param(None, BORN_FAILED, [PROCEDURE], [PROCEDURE], id="born failed"),
        pytest.param(NEW, CLAIMED, [], [PROCEDURE], id="claimed"),
        pytest.param(CLAIMED, CLAIMED.renew(1, NOW), [], [], id="renewed"),
        pytest.param(CLAIMED, CLAIMED.release(1, BROKEN, NOW), [], [], id="released"),
        pytest.param(CLAIMED, CLAIMED.fail(1, BROKEN, NOW), [PROCEDURE], [PROCEDURE], id="failed"),
        pytest.param(CLAIMED, CLAIMED.cancel(NOW), [PROCEDURE], [PROCEDURE], id="canceled"),
        pytest.param(CLAIMED.cancel(NOW), CLAIMED.cancel(NOW).told(), [], [], id="told"),
        pytest.param(None, PULLED, [], [PROCEDURE], id="to be fetched"),
        pytest.param(None, NEVER_FETCHED, [PULL, PROCEDURE], [PULL, PROCEDURE], id="never to be fetched"),
        pytest.param(PULLED, FETCHING, [], [], id="being fetched"),
        pytest.param(FETCHING, FETCHED, [PULL], [PULL, PROCEDURE], id="fetched"),
        pytest.param(FETCHED, WORKING, [], [PROCEDURE], id="claimed once fetched"),
        pytest.param(FETCHED, FETCHED.told_of_pull(), [], [], id="its arrival was told"),
        pytest.param(
            WORKING.told_of_pull(),
            WORKING.told_of_pull().fail(2, BROKEN, NOW),
            [PROCEDURE],
            [PROCEDURE],
            id="ended after its arrival was told",
        ),
        pytest.param(
            WORKING,
            WORKING.fail(2, BROKEN, NOW),
            [PULL, PROCEDURE],
            [PULL, PROCEDURE],
            id="its arrival was never told",
        ),
        pytest.param(WORKING, WORKING.looked_at(NOW), [], [], id="looked at"),
        pytest.param(FETCHING, FETCHING.fail(1, BROKEN, NOW), [PULL, PROCEDURE], [PULL, PROCEDURE], id="lost"),
        pytest.param(FETCHING, FETCHING.cancel(NOW), [PULL, PROCEDURE], [PULL, PROCEDURE], id="canceled on its way"),
        pytest.param(None, replace(PULLED, outputs=()), [], [], id="only to be fetched"),
        pytest.param(ONLY_FETCHING, ONLY_FETCHING.fetched(1, ARRIVED, 9, NOW), [PULL], [PULL], id="only fetched"),
        pytest.param(ONLY_FETCHING, ONLY_FETCHING.fail(1, BROKEN, NOW), [PULL], [PULL], id="only lost"),
    ],
)
def test_what_a_change_tells(
    before: Task | None, after: Task, at_the_end: list[EventKind], at_every_change: list[EventKind]
) -> None:
    assert kinds_of(before, after, NotifyMode.FINISH) == at_the_end
    assert kinds_of(before, after, NotifyMode.CHANGE) == at_every_change


@pytest.mark.parametrize(
    ("before", "after", "kinds"), [(CLAIMED, CLAIMED.cancel(NOW), []), (FETCHING, FETCHED, [PULL])]
)
def test_nobody_hears_of_the_images_who_asked_not_to(before: Task, after: Task, kinds: list[EventKind]) -> None:
    assert kinds_of(before, after, NotifyMode.NONE) == kinds


def test_a_new_file_is_told_once_under_one_id() -> None:
    file = SourceFile(project_id="p", file_id=2, source=NEW.source, size=9, created_ms=NOW)
    (notice,) = notifications_of(file)
    assert notice == Notification(delivery_id_of("p", 2, 0), EventKind.NEW_FILE_UPLOAD, file)
    assert notice.project_id == "p"
    assert notifications_of(file) == (notice,)


def test_the_events_of_one_change_have_ids_of_their_own() -> None:
    ended = FETCHING.fail(1, BROKEN, NOW)
    pulled, processed = notifications_of(TaskChange(FETCHING, ended))
    assert pulled == Notification(delivery_id_of("p", 1, 0), PULL, ended)
    assert processed == Notification(delivery_id_of("p", 1, ended.row_version), PROCEDURE, ended)
    assert pulled.delivery_id != processed.delivery_id


def test_a_source_that_is_fetched_once_more_is_told_of_once_more() -> None:
    """The first event said that it could not be had; under its id the second would be dropped."""
    lost = FETCHING.fail(1, BROKEN, NOW).told()
    again = lost.redriven(NOW).claim(NOW)
    (pulled,) = notifications_of(TaskChange(again, again.fetched(2, ARRIVED, 9, NOW)))
    assert pulled.kind is PULL
    assert pulled.delivery_id != delivery_id_of("p", 1, 0)


def test_a_task_that_is_redriven_after_its_source_had_arrived_does_not_tell_of_that_again() -> None:
    failed = WORKING.fail(2, BROKEN, NOW).told()
    again = failed.redriven(NOW).claim(NOW)
    ended = notifications_of(TaskChange(again, again.fail(3, BROKEN, NOW)))
    assert [notice.kind for notice in ended] == [PROCEDURE]
