"""A file that is in the bucket becomes known, and a task if one was ordered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from cliploop.application.ports import Catalog, Clock, Tasks, WorkQueue
from cliploop.application.ports_files import Files
from cliploop.application.procedures import find_procedure, outputs_now
from cliploop.domain.errors import CliploopError, ErrorCode, Failure
from cliploop.domain.identity import file_id_of, task_id_of_upload
from cliploop.domain.procedure import TemplateReference
from cliploop.domain.project import Project
from cliploop.domain.quota import NO_QUOTA, Quota
from cliploop.domain.same_work import is_same_work
from cliploop.domain.source_file import SourceFile
from cliploop.domain.task import Task, TaskState
from cliploop.domain.upload import NO_PROCEDURE, UploadedObject, UploadOrder


class Registration(StrEnum):
    """What became of an upload."""

    REGISTERED = "registered"
    DUPLICATE = "duplicate"
    REFUSED = "refused"
    FILED = "filed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Registered:
    """The outcome: ``reason`` says, for the log, why where no work follows. Ids are 0 where there is none."""

    outcome: Registration
    task_id: int = 0
    reason: str = ""
    file_id: int = 0


@dataclass(frozen=True)
class RegisterFile:
    """Registers files, each with the task that its order asks for. However often it is asked, it happens once."""

    catalog: Catalog
    files: Files
    tasks: Tasks
    work: WorkQueue
    clock: Clock
    quota: Quota = NO_QUOTA

    def __call__(
        self, project: Project, upload: UploadedObject, order: UploadOrder, refusal: Failure | None = None
    ) -> Registered:
        """Register ``upload``; a ``refusal`` makes its task FAILED from the start.

        Raises:
            CliploopError: retryable ones, and TASK_ID_COLLISION; a wrong order is a FAILED row instead, and so is
                one that the project's quota has no room for.
        """
        task = self._task(project, upload, order, refusal)
        file = self.files.add(self._file(project, upload, order, task))
        if task is None:
            return Registered(Registration.FILED, reason="no procedure was asked for", file_id=file.file_id)
        return replace(self._store(task, file.created_ms), file_id=file.file_id)

    def _file(self, project: Project, upload: UploadedObject, order: UploadOrder, task: Task | None) -> SourceFile:
        return SourceFile(
            project_id=project.project_id,
            file_id=file_id_of(project.project_id, upload.source),
            source=upload.source,
            size=upload.size,
            created_ms=self.clock.now_ms(),
            name=order.name,
            source_context=order.source_context,
            procedure_task_id=task.task_id if task else 0,
        )

    def _task(
        self, project: Project, upload: UploadedObject, order: UploadOrder, refusal: Failure | None
    ) -> Task | None:
        if refusal:
            return self._row(project, upload, order, ()).refuse(refusal)
        if not order.procedure or order.procedure.lower() == NO_PROCEDURE:
            return None
        try:
            references = find_procedure(self.catalog, project.project_id, order.procedure).references
        except CliploopError as missing:
            if missing.retryable:
                raise
            return self._row(project, upload, order, ()).refuse(missing.failure())
        if order.section is not None:
            references = tuple(replace(each, section=order.section) for each in references)
        return self._row(project, upload, order, references).registered().under(self.quota)

    def _row(
        self, project: Project, upload: UploadedObject, order: UploadOrder, references: tuple[TemplateReference, ...]
    ) -> Task:
        return Task(
            project_id=project.project_id,
            task_id=task_id_of_upload(project.project_id, upload.source),
            file_id=file_id_of(project.project_id, upload.source),
            source=upload.source,
            procedure=order.procedure or "",
            outputs=outputs_now(self.catalog, project.project_id, references),
            created_ms=self.clock.now_ms(),
            session_context=order.session_context,
            priority=order.priority,
            notify_mode=order.notify_mode,
            name=order.name,
        )

    def _store(self, task: Task, created_ms: int) -> Registered:
        # By the file's own time, so that an upload that is delivered again gets the same link.
        self.files.link(task.project_id, task.file_id, task.task_id, created_ms)
        task, stored = self._add(task)
        if not is_same_work(stored, task):
            raise CliploopError(
                ErrorCode.TASK_ID_COLLISION,
                "Another object version has the same task id; upload the object again to get another version.",
                log_text=f"{task.source} and {stored.source} share the task id {task.task_id}",
            )
        if stored.state is TaskState.WAITING:
            # Also for a duplicate: the first delivery may have died between the row and the message.
            self.work.send(stored.project_id, stored.task_id)
        if stored != task:
            return Registered(Registration.DUPLICATE, task.task_id)
        if task.failure:
            return Registered(Registration.REFUSED, task.task_id, task.failure.message)
        return Registered(Registration.REGISTERED, task.task_id)

    def _add(self, task: Task) -> tuple[Task, Task]:
        """The row that is to be, FAILED where the quota has no room for it, and the one that is stored now."""
        try:
            return task, self.tasks.add(task, self.quota)
        except CliploopError as error:
            if error.code is not ErrorCode.QUOTA_EXCEEDED:
                raise
            refused = task.refuse(error.failure())
            return refused, self.tasks.add(refused)
