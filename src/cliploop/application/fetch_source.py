"""A source is fetched from its address: stored, known as a file, and handed on to be worked on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cliploop.application.ports import Clock, Tasks, WorkQueue
from cliploop.application.ports_files import Files
from cliploop.application.ports_web import FetchAddress, FetchedSources, Web
from cliploop.application.update_task import update_task
from cliploop.domain.deadline import Deadline
from cliploop.domain.identity import file_id_of
from cliploop.domain.source_file import SourceFile
from cliploop.domain.task import Task, TaskState


@dataclass(frozen=True)
class FetchSource:
    """Fetches sources of at most ``most_bytes``.

    Whoever dies on the way leaves the task to the next attempt, which fetches anew: an object that was left behind
    is on no task's row. Its file, where that was stored already, was told of and stays known.
    """

    web: Web
    store: FetchedSources
    files: Files
    tasks: Tasks
    work: WorkQueue
    clock: Clock
    most_bytes: int

    def __call__(self, task: Task, deadline: Deadline, beat: Callable[[], None]) -> None:
        """Fetch the source of a task that this attempt holds. ``beat`` keeps the lease, and raises when it is lost.

        Raises:
            LeaseLostError: a later attempt has the task, or it has ended.
            CliploopError: what ``Web`` and ``FetchedSources`` raise; UNAVAILABLE also when the row has changed
                already and only the message is missing.
        """
        file = self._fetch(task, deadline, beat)
        # The row tells the world, so what it names comes first.
        self.files.add(file)
        if task.outputs:
            self.files.link(file.project_id, file.file_id, task.task_id, task.created_ms)
        row = update_task(
            self.tasks,
            task.project_id,
            task.task_id,
            lambda row: row.fetched(task.attempt, file.source, file.file_id, self.clock.now_ms()),
        )
        if row.state is TaskState.WAITING:
            self.work.send(row.project_id, row.task_id)

    def _fetch(self, task: Task, deadline: Deadline, beat: Callable[[], None]) -> SourceFile:
        with self.web.fetch(task.origin, most_bytes=self.most_bytes, deadline=deadline) as source:
            name = source.name
            stored = self.store.store(FetchAddress(task.project_id, task.task_id, task.attempt, name), source, beat)
        return SourceFile(
            project_id=task.project_id,
            file_id=file_id_of(task.project_id, stored.source),
            source=stored.source,
            size=stored.size,
            created_ms=self.clock.now_ms(),
            name=task.name or name,
            source_context=task.source_context,
            procedure_task_id=task.task_id if task.outputs else 0,
        )
