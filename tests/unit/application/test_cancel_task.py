from __future__ import annotations

import pytest

from cliploop.application.cancel_task import CancelTask
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.media import MediaInfo
from cliploop.domain.output import OutputState, outputs_of
from cliploop.domain.procedure import BUILT_IN_PROCEDURES
from cliploop.domain.task import Task, TaskState
from cliploop.domain.template import BUILT_IN_TEMPLATES
from cliploop.testing import InMemoryTasks, SettableClock

NEW = Task(
    project_id="p",
    task_id=1,
    file_id=2,
    source=ObjectVersion("b", "k", "v"),
    procedure="preview",
    outputs=outputs_of(BUILT_IN_PROCEDURES["preview"].references, BUILT_IN_TEMPLATES),
    created_ms=1_700_000_000_000,
).registered()
CLAIMED = NEW.claim(NEW.created_ms)
SETTLED = CLAIMED.settle(1, MediaInfo("mov", 1, 1, 1), CLAIMED.outputs)


def cancel(tasks: InMemoryTasks, task_id: int = 1) -> Task:
    return CancelTask(tasks, SettableClock())("p", task_id)


@pytest.mark.parametrize("row", [NEW, CLAIMED])
def test_a_task_that_is_not_settled_is_canceled(row: Task) -> None:
    tasks = InMemoryTasks()
    tasks.add(row)
    canceled = cancel(tasks)
    assert tasks.get("p", 1) == canceled
    assert canceled.state is TaskState.CANCELED
    assert {output.state for output in canceled.outputs} == {OutputState.FAILED}


@pytest.mark.parametrize("row", [SETTLED, SETTLED.finish(1, NEW.created_ms), NEW.cancel(NEW.created_ms)])
def test_it_may_be_too_late(row: Task) -> None:
    tasks = InMemoryTasks()
    tasks.add(row)
    with pytest.raises(CliploopError) as raised:
        cancel(tasks)
    assert raised.value.code is ErrorCode.TASK_NOT_CANCELABLE
    assert tasks.get("p", 1) == row


def test_there_may_be_no_such_task() -> None:
    with pytest.raises(CliploopError) as raised:
        cancel(InMemoryTasks(), 2)
    assert raised.value.code is ErrorCode.TASK_NOT_FOUND


class _BusyTasks(InMemoryTasks):
    """A table in which a worker stores the next of ``meanwhile`` after each time that the row is read."""

    def __init__(self, *meanwhile: Task) -> None:
        super().__init__()
        self.add(NEW)
        self._meanwhile = list(meanwhile)

    def get(self, project_id: str, task_id: int) -> Task | None:
        read = super().get(project_id, task_id)
        if self._meanwhile and read is not None:
            self.rows[project_id, task_id] = self._meanwhile.pop(0)
        return read


def test_a_worker_that_stores_meanwhile_does_not_stop_it() -> None:
    tasks = _BusyTasks(CLAIMED)
    assert cancel(tasks) == tasks.rows["p", 1]
    assert (tasks.rows["p", 1].state, tasks.rows["p", 1].attempt) == (TaskState.CANCELED, 1)


def test_a_worker_that_settles_meanwhile_was_first() -> None:
    tasks = _BusyTasks(CLAIMED, SETTLED)
    with pytest.raises(CliploopError) as raised:
        cancel(tasks)
    assert raised.value.code is ErrorCode.TASK_NOT_CANCELABLE
    assert tasks.rows["p", 1] == SETTLED
