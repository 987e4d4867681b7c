"""An upload becomes a row and a message (or, for a reason, nothing)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from cliploop.application.ports import Catalog, Clock, Sources, Tasks, WorkQueue
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.identity import file_id_of, task_id_of_upload
from cliploop.domain.procedure import BUILT_IN_PROCEDURES, Procedure, rule_for
from cliploop.domain.project import Project
from cliploop.domain.task import Output, Task, TaskState
from cliploop.domain.upload import UploadedObject, UploadOrder, read_order, reason_to_skip


class Registration(StrEnum):
    """What became of an upload."""

    REGISTERED = "registered"
    DUPLICATE = "duplicate"
    REFUSED = "refused"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Registered:
    """The outcome for the log: ``reason`` says why where no work follows."""

    outcome: Registration
    task_id: int = 0
    reason: str = ""


@dataclass(frozen=True)
class RegisterUpload:
    """Registers uploads of one project; with an empty ``default_procedure`` only those that ask are processed."""

    project: Project
    default_procedure: str
    sources: Sources
    catalog: Catalog
    tasks: Tasks
    work: WorkQueue
    clock: Clock

    def __call__(self, upload: UploadedObject) -> Registered:
        """Register one upload, however often it is delivered.

        Raises:
            CliploopError: retryable ones, and TASK_ID_COLLISION; a wrong order is a FAILED row instead.
        """
        if reason := reason_to_skip(upload, {}):
            return Registered(Registration.SKIPPED, reason=reason)
        try:
            metadata = self.sources.metadata(upload.source)
        except CliploopError as error:
            if error.code is not ErrorCode.SOURCE_NOT_FOUND:
                raise
            return Registered(Registration.SKIPPED, reason="the object version is gone")
        if reason := reason_to_skip(upload, metadata):
            return Registered(Registration.SKIPPED, reason=reason)
        task = self._ordered(upload, metadata)
        if task is None:
            return Registered(Registration.SKIPPED, reason="no procedure applies to the key and there is no default")
        return self._store(task)

    def _ordered(self, upload: UploadedObject, metadata: Mapping[str, str]) -> Task | None:
        try:
            order = read_order(metadata)
        except CliploopError as error:
            return self._task(upload, UploadOrder(), Procedure("", ())).refuse(error.failure())
        name = order.procedure if order.procedure is not None else self._procedure_name(upload.source.key)
        if not name:
            return None
        try:
            procedure = self._procedure(name)
        except CliploopError as error:
            if error.retryable:
                raise
            return self._task(upload, order, Procedure(name, ())).refuse(error.failure())
        if order.section is not None:
            procedure = procedure.with_section(order.section)
        return self._task(upload, order, procedure).registered()

    def _procedure_name(self, key: str) -> str:
        rule = rule_for(key, self.catalog.prefix_rules(self.project.project_id))
        return self.default_procedure if rule is None else rule.procedure

    def _procedure(self, name: str) -> Procedure:
        stored = self.catalog.procedure(self.project.project_id, name) or BUILT_IN_PROCEDURES.get(name)
        if stored is None:
            raise CliploopError(
                ErrorCode.PROCEDURE_NOT_FOUND,
                f"There is no procedure named {name!r}; create it, or name another in x-amz-meta-procedure.",
            )
        return stored

    def _task(self, upload: UploadedObject, order: UploadOrder, procedure: Procedure) -> Task:
        return Task(
            project_id=self.project.project_id,
            task_id=task_id_of_upload(self.project.project_id, upload.source),
            file_id=file_id_of(self.project.project_id, upload.source),
            source=upload.source,
            procedure=procedure.name,
            outputs=tuple(Output(use) for use in procedure.uses),
            created_ms=self.clock.now_ms(),
            session_context=order.session_context,
            priority=order.priority,
        )

    def _store(self, task: Task) -> Registered:
        stored = self.tasks.add(task)
        if not stored.is_same_work_as(task):
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
