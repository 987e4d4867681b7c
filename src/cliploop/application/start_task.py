"""A call starts a task, of a file that is known or of an address that its source is fetched from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from cliploop.application.ports import Catalog, Clock, Tasks, WorkQueue
from cliploop.application.ports_files import Files
from cliploop.application.procedures import find_procedure, outputs_now
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.identity import ObjectVersion, task_id_of_request, task_id_of_session
from cliploop.domain.procedure import NotifyMode, TemplateReference
from cliploop.domain.project import Project
from cliploop.domain.source_file import SourceFile
from cliploop.domain.task import Task, TaskState
from cliploop.domain.upload import FETCHED_PREFIX
from cliploop.domain.web_address import read_web_address

#: For how long a session id serves once, in milliseconds: three days, as for most of Tencent VOD's operations.
SESSION_WINDOW_MS = 3 * 24 * 60 * 60_000
#: Turns of a session that are read at once. The first free one is taken, and rows of one session are days apart: a
#: turn beyond so many empty ones was taken when they were full, which is longer ago than any window.
_TURNS = 8


@dataclass(frozen=True, kw_only=True)
class StartOrder:
    """What a caller asks for.

    Attributes:
        references: the outputs to make; empty where a procedure says it.
        procedure: the name of the procedure to run; empty for none.
        name: what the caller calls the source; empty = as it is called already.
        session_id: serves once in ``session_window_ms``; empty = the call stands for itself.
        token: stands for the call; a repeat of it has the same.
    """

    references: tuple[TemplateReference, ...] = ()
    procedure: str = ""
    name: str = ""
    source_context: str = ""
    session_id: str = ""
    session_window_ms: int = SESSION_WINDOW_MS
    session_context: str = ""
    priority: int = 0
    notify_mode: NotifyMode = NotifyMode.FINISH
    token: str = ""


@dataclass(frozen=True)
class StartTask:
    """Starts tasks. A call that is repeated starts one, and gets it as the answer each time."""

    catalog: Catalog
    files: Files
    tasks: Tasks
    work: WorkQueue
    clock: Clock
    upload_bucket: str

    def of_file(self, project: Project, file_id: int, order: StartOrder) -> Task:
        """Start a task of a file; the row, which is FAILED already where none of its templates exists.

        Raises:
            CliploopError: FILE_NOT_FOUND, PROCEDURE_NOT_FOUND, SESSION_REPEATED, REQUEST_INVALID where there is
                nothing to make, TASK_ID_COLLISION, or UNAVAILABLE.
        """
        file = self._file(project.project_id, file_id)
        references = self._references(project.project_id, order)
        if not references:
            raise CliploopError(
                ErrorCode.REQUEST_INVALID,
                "There is nothing to make; ask for at least one animated image, or name a procedure that has one.",
            )
        task = self._row(
            project.project_id,
            self._task_id(project.project_id, order),
            replace(order, name=order.name or file.name),
            references,
            file_id=file_id,
            source=file.source,
        )
        self.files.link(task.project_id, task.file_id, task.task_id, task.created_ms)
        return self._store(task.registered())

    def of_address(self, project: Project, address: str, order: StartOrder) -> Task:
        """Start a task of what lies at ``address``, which the worker fetches first; without outputs that is all.

        Raises:
            CliploopError: ADDRESS_REFUSED, PROCEDURE_NOT_FOUND, SESSION_REPEATED, TASK_ID_COLLISION, or UNAVAILABLE.
        """
        name = read_web_address(address).name
        references = self._references(project.project_id, order)
        task_id = self._task_id(project.project_id, order)
        task = self._row(
            project.project_id,
            task_id,
            order,
            references,
            file_id=0,
            source=ObjectVersion(self.upload_bucket, f"{FETCHED_PREFIX}{project.project_id}/{task_id}/{name}", ""),
            origin=address,
            state=TaskState.INIT,
        )
        return self._store(task.registered())

    def _file(self, project_id: str, file_id: int) -> SourceFile:
        found = self.files.get_many(project_id, [file_id])
        if not found:
            raise CliploopError(
                ErrorCode.FILE_NOT_FOUND, f"There is no file {file_id}; upload it first, or look at its number."
            )
        return found[0]

    def _references(self, project_id: str, order: StartOrder) -> tuple[TemplateReference, ...]:
        if not order.procedure:
            return order.references
        procedure = find_procedure(self.catalog, project_id, order.procedure)
        if procedure is None:
            raise CliploopError(
                ErrorCode.PROCEDURE_NOT_FOUND,
                f"There is no procedure named {order.procedure!r}; create it, or name another.",
            )
        return procedure.references

    def _row(
        self,
        project_id: str,
        task_id: int,
        order: StartOrder,
        references: Sequence[TemplateReference],
        **source: Any,
    ) -> Task:
        return Task(
            project_id=project_id,
            task_id=task_id,
            procedure=order.procedure,
            outputs=outputs_now(self.catalog, project_id, references),
            created_ms=self.clock.now_ms(),
            session_context=order.session_context,
            session_id=order.session_id,
            priority=order.priority,
            notify_mode=order.notify_mode,
            name=order.name,
            source_context=order.source_context,
            **source,
        )

    def _task_id(self, project_id: str, order: StartOrder) -> int:
        if not order.session_id:
            return task_id_of_request(project_id, order.token)
        # Rows expire, so an early turn may be free again while a later one was taken just now: all are looked at.
        free = 0
        for first in count(step=_TURNS):
            ids = [task_id_of_session(project_id, order.session_id, turn) for turn in range(first, first + _TURNS)]
            rows = self.tasks.get_many(project_id, ids)
            self._must_be_past(rows, order)
            taken = {row.task_id for row in rows}
            free = free or next((task_id for task_id in ids if task_id not in taken), 0)
            if not rows:
                break
        return free

    def _must_be_past(self, rows: Sequence[Task], order: StartOrder) -> None:
        since_ms = self.clock.now_ms() - order.session_window_ms
        for row in rows:
            if row.created_ms > since_ms:
                self._hand_over(row)
                raise _repeated(order.session_id)

    def _store(self, task: Task) -> Task:
        stored = self.tasks.add(task)
        # Once it is fetched, a source is no longer where its row was made with.
        if not (stored.is_same_work_as(task) or (stored.origin and task.origin)):
            raise CliploopError(
                ErrorCode.TASK_ID_COLLISION,
                "Another task has the same id; call again with another session id.",
                log_text=f"{task.source} and {stored.source} share the task id {task.task_id}",
            )
        self._hand_over(stored)
        if task.session_id and stored != task:
            raise _repeated(task.session_id)  # by another call at this very moment
        return stored

    def _hand_over(self, row: Task) -> None:
        """Have it worked on. Also a row that was there: its first call may have died before the message."""
        if row.state in {TaskState.INIT, TaskState.WAITING}:
            self.work.send(row.project_id, row.task_id)


def _repeated(session_id: str) -> CliploopError:
    return CliploopError(
        ErrorCode.SESSION_REPEATED,
        f"The session id {session_id!r} was used a few days ago or less; use another one for another task.",
    )
