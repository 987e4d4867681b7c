"""Fetching a source, and every place at which whoever does it may die."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from cliploop.application.fetch_source import FetchSource
from cliploop.domain.deadline import Deadline
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.identity import ObjectVersion, file_id_of
from cliploop.domain.output import outputs_of
from cliploop.domain.procedure import BUILT_IN_PROCEDURES
from cliploop.domain.source_file import SourceFile
from cliploop.domain.task import LeaseLostError, Task, TaskState
from cliploop.domain.template import BUILT_IN_TEMPLATES
from cliploop.domain.timetable import LEASE_MS
from cliploop.testing import InMemoryTasks, InMemoryWorkQueue, SettableClock
from cliploop.testing.in_memory_files import InMemoryFiles
from cliploop.testing.in_memory_web import InMemoryFetchedSources, InMemoryWeb

URL = "https://example.com/a/clip.mp4?key=secret"
CLIP = b"not really a video"
OUTPUTS = outputs_of(BUILT_IN_PROCEDURES["preview"].references, BUILT_IN_TEMPLATES)


@dataclass
class Dock:
    """Where sources arrive, with everything in memory and one task that waits for its own."""

    task: Task
    web: InMemoryWeb = field(default_factory=lambda: InMemoryWeb({URL: CLIP}))
    store: InMemoryFetchedSources = field(default_factory=InMemoryFetchedSources)
    files: InMemoryFiles = field(default_factory=InMemoryFiles)
    tasks: InMemoryTasks = field(default_factory=InMemoryTasks)
    work: InMemoryWorkQueue = field(default_factory=InMemoryWorkQueue)
    clock: SettableClock = field(default_factory=SettableClock)
    most_bytes: int = 1_000

    def __post_init__(self) -> None:
        self.tasks.add(self.task.registered())

    def claim(self) -> Task:
        before = self.row
        self.tasks.replace(before, before.claim(self.clock.now_ms()))
        return self.row

    def fetch(self, task: Task, beat: Callable[[], None] = lambda: None) -> None:
        ports = (self.web, self.store, self.files, self.tasks, self.work, self.clock)
        FetchSource(*ports, self.most_bytes)(task, Deadline.after(5), beat)

    @property
    def row(self) -> Task:
        return self.tasks.rows["p", 1]

    @property
    def file(self) -> SourceFile:
        return self.files.rows["p", self.row.file_id]


def task(**changes: Any) -> Task:
    wanted = Task(
        project_id="p",
        task_id=1,
        file_id=0,
        source=ObjectVersion("uploads", "", ""),
        procedure="preview",
        outputs=OUTPUTS,
        created_ms=SettableClock().now_ms(),
        origin=URL,
        state=TaskState.INIT,
    )
    return replace(wanted, **changes)


def test_a_fetched_source_is_a_file_and_its_task_waits_for_its_images() -> None:
    dock = Dock(task(source_context="from here"))
    dock.fetch(dock.claim())
    source = ObjectVersion("uploads", "cliploop-fetched/p/1/1/clip.mp4", "v1")
    assert dock.store.objects == {source.key: (CLIP, 1)}
    assert (dock.row.state, dock.row.source, dock.row.file_id) == (TaskState.WAITING, source, file_id_of("p", source))
    assert (dock.row.lease_until_ms, dock.row.origin) == (0, "https://example.com/a/clip.mp4")
    assert dock.file == SourceFile(
        project_id="p",
        file_id=dock.row.file_id,
        source=source,
        size=len(CLIP),
        created_ms=dock.clock.now_ms(),
        name="clip.mp4",
        source_context="from here",
        procedure_task_id=1,
    )
    assert dock.files.tasks_of("p", dock.row.file_id, 10) == [1]
    assert dock.work.messages == [("p", 1)]


def test_the_callers_name_is_the_files_name() -> None:
    dock = Dock(task(name="My film"))
    dock.fetch(dock.claim())
    assert dock.file.name == "My film"
    assert dock.row.source.key.endswith("/clip.mp4")


def test_a_task_without_outputs_has_ended_when_its_source_is_there() -> None:
    dock = Dock(task(outputs=(), procedure=""))
    dock.fetch(dock.claim())
    assert dock.row.state is TaskState.SUCCEED
    assert dock.file.procedure_task_id == 0
    assert dock.files.tasks_of("p", dock.row.file_id, 10) == []
    assert dock.work.messages == []


def test_a_source_that_cannot_be_fetched_leaves_no_trace() -> None:
    dock = Dock(task(), most_bytes=len(CLIP) - 1)
    with pytest.raises(CliploopError) as raised:
        dock.fetch(dock.claim())
    assert raised.value.code is ErrorCode.FETCH_TOO_LARGE
    assert (dock.store.objects, dock.files.rows, dock.work.messages) == ({}, {}, [])
    assert dock.row.state is TaskState.INIT


def test_a_heartbeat_that_stops_ends_it() -> None:
    def stop() -> None:
        raise LeaseLostError

    dock = Dock(task())
    with pytest.raises(LeaseLostError):
        dock.fetch(dock.claim(), stop)
    assert (dock.store.objects, dock.files.rows) == ({}, {})


@pytest.mark.parametrize("end", ["canceled", "overtaken"])
def test_whoever_has_lost_his_task_changes_nothing_on_it(end: str) -> None:
    dock = Dock(task())
    held = dock.claim()
    if end == "canceled":
        dock.tasks.replace(dock.row, dock.row.cancel(dock.clock.now_ms()))
    else:
        dock.clock.advance(LEASE_MS)
        dock.claim()
    before = dock.row
    with pytest.raises(LeaseLostError):
        dock.fetch(held)
    assert dock.row == before
    assert dock.work.messages == []


#: Each step of the way that can be the last of a worker, as (port, method).
STEPS = [("store", "store"), ("files", "add"), ("files", "link"), ("tasks", "replace"), ("work", "send")]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("port", "method"), STEPS)
def test_a_worker_that_dies_at_any_step_is_followed_by_one_that_ends_it(
    port: str, method: str, monkeypatch: pytest.MonkeyPatch, *, after: bool
) -> None:
    dock = Dock(task())
    held = dock.claim()
    step = getattr(getattr(dock, port), method)

    def die(*arguments: Any) -> None:
        if after:
            step(*arguments)
        raise KeyboardInterrupt  # as near to SIGKILL as a test in this process comes

    with monkeypatch.context() as patch:
        patch.setattr(getattr(dock, port), method, die)
        with pytest.raises(KeyboardInterrupt):
            dock.fetch(held)
    dock.clock.advance(LEASE_MS)
    if dock.row.state is TaskState.INIT:  # the message comes again, and with it the next attempt
        dock.fetch(dock.claim())
    assert (dock.row.state, dock.row.origin) == (TaskState.WAITING, "https://example.com/a/clip.mp4")
    assert dock.store.objects[dock.row.source.key][0] == CLIP
    assert dock.file.source == dock.row.source
    assert dock.files.tasks_of("p", dock.row.file_id, 10) == [1]
