"""A call starts a task: of a file that is known, of an object, or of an address that its source is fetched from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from cliploop.application.ports import Catalog, Clock, Tasks, WorkQueue
from cliploop.application.ports_files import Files
from cliploop.application.ports_uploads import UploadedVersions
from cliploop.application.procedures import find_procedure, outputs_now
from cliploop.domain.destination import Destination, is_possible_key
from cliploop.domain.errors import CliploopError, ErrorCode, InvalidRequestError
from cliploop.domain.identity import ObjectVersion, file_id_of, task_id_of_request, task_id_of_session
from cliploop.domain.output import Output
from cliploop.domain.procedure import NotifyMode, TemplateReference, TemplateUse
from cliploop.domain.project import Project
from cliploop.domain.quota import NO_QUOTA, Quota
from cliploop.domain.same_work import is_same_work
from cliploop.domain.source_file import SourceFile
from cliploop.domain.task import Task, TaskState
from cliploop.domain.upload import FETCHED_PREFIX
from cliploop.domain.web_address import AllowedTargets, WebAddress, literal_is_refused, read_web_address

#: For how long a session id serves once, in milliseconds: three days, as for most of Tencent VOD's operations.
SESSION_WINDOW_MS = 3 * 24 * 60 * 60_000
#: Turns of a session that are read at once. The first free one is taken, and rows of one session are days apart: a
#: turn beyond so many empty ones was taken when they were full, which is longer ago than any window.
_TURNS = 8


@dataclass(frozen=True, kw_only=True)
class StartOrder:
    """What a caller asks for.

    Attributes:
        references: outputs to make by templates of the catalog; empty where a procedure says it.
        uses: outputs to make by templates that the caller wrote out; after the others.
        procedure: the name of the procedure to run; empty for none.
        destination: where the caller wants the image; only for a task of exactly one.
        name: what the caller calls the source; empty = as it is called already.
        session_id: serves once in ``session_window_ms``; empty = the call stands for itself.
        application: which of the project's applications the task is for; empty = none was named.
        callback_url: who is told of the task's end, besides the project's subscribers; empty = nobody.
        token: stands for the call; a repeat of it has the same.
        exact_id: whether the task's id must be one that floating-point numbers hold; without a session id only.

    Raises:
        ValueError: ``exact_id`` together with a session id, whose ids are longer.
    """

    references: tuple[TemplateReference, ...] = ()
    uses: tuple[TemplateUse, ...] = ()
    procedure: str = ""
    destination: Destination | None = None
    name: str = ""
    source_context: str = ""
    session_id: str = ""
    session_window_ms: int = SESSION_WINDOW_MS
    session_context: str = ""
    priority: int = 0
    notify_mode: NotifyMode = NotifyMode.FINISH
    application: str = ""
    callback_url: str = ""
    token: str = ""
    exact_id: bool = False

    def __post_init__(self) -> None:
        if self.exact_id and self.session_id:
            raise ValueError("the id of a session's task has 63 bits")


@dataclass(frozen=True)
class _Wanted:
    """What is going to be made, under which id."""

    task_id: int
    outputs: tuple[Output, ...]


@dataclass(frozen=True)
class StartTask:
    """Starts tasks. A call that is repeated starts one, and gets it as the answer each time.

    Each way to start one raises, besides what it says itself, as a CliploopError: PROCEDURE_NOT_FOUND,
    BUCKET_UNKNOWN where the destination is in another bucket than the images, REQUEST_INVALID (an
    InvalidRequestError where the destination cannot be one), ADDRESS_REFUSED for the address of the callback,
    SESSION_REPEATED, TASK_ID_COLLISION, QUOTA_EXCEEDED, or UNAVAILABLE (retryable).

    Attributes:
        upload_bucket: where sources are, and are fetched to.
        output_bucket: where images go.
        allowed: hosts that may be fetched from, and told, although they are not public.
    """

    catalog: Catalog
    files: Files
    tasks: Tasks
    work: WorkQueue
    clock: Clock
    upload_bucket: str
    output_bucket: str
    versions: UploadedVersions
    allowed: AllowedTargets
    quota: Quota = NO_QUOTA

    def of_file(self, project: Project, file_id: int, order: StartOrder) -> Task:
        """Start a task of a file; the row, which is FAILED already where none of its templates exists.

        Raises:
            CliploopError: FILE_NOT_FOUND, or REQUEST_INVALID where there is nothing to make.
        """
        file = self._file(project.project_id, file_id)
        return self._of_known(file, self._images(project.project_id, order), order)

    def of_object(self, project: Project, bucket: str, key: str, order: StartOrder) -> Task:
        """Start a task of the newest version of an object, which is known as a file from then on.

        Its upload may make it known as well, before or after: the file that is known first stays as it is.

        Raises:
            CliploopError: BUCKET_UNKNOWN, SOURCE_NOT_FOUND, or REQUEST_INVALID where there is nothing to make.
        """
        _must_be("Sources are read from", bucket, self.upload_bucket)
        found = self._newest(project.project_id, key)
        wanted = self._images(project.project_id, order)
        return self._of_known(self.files.add(found), wanted, order)

    def of_address(self, project: Project, address: str, order: StartOrder) -> Task:
        """Start a task of what lies at ``address``, which the worker fetches first; without outputs that is all.

        Raises:
            CliploopError: ADDRESS_REFUSED, also for the address itself.
        """
        name = self._public(address, "The address is not one of the public internet; upload the file instead.").name
        wanted = self._wanted(project.project_id, order)
        task = self._row(
            project.project_id,
            wanted,
            order,
            file_id=0,
            source=ObjectVersion(
                self.upload_bucket, f"{FETCHED_PREFIX}{project.project_id}/{wanted.task_id}/{name}", ""
            ),
            origin=address,
            state=TaskState.INIT,
        )
        return self._store(task.registered())

    def _of_known(self, file: SourceFile, wanted: _Wanted, order: StartOrder) -> Task:
        order = replace(order, name=order.name or file.name)
        task = self._row(file.project_id, wanted, order, file_id=file.file_id, source=file.source)
        link = (task.project_id, task.file_id, task.task_id, task.created_ms)
        self.files.link(*link)
        try:
            return self._store(task.registered())
        except CliploopError as error:
            if error.code is ErrorCode.QUOTA_EXCEEDED:
                self.files.unlink(*link)  # there is no row, and calls may be refused by the thousand
            raise

    def _file(self, project_id: str, file_id: int) -> SourceFile:
        found = self.files.get_many(project_id, [file_id])
        if not found:
            raise CliploopError(
                ErrorCode.FILE_NOT_FOUND, f"There is no file {file_id}; upload it first, or look at its number."
            )
        return found[0]

    def _newest(self, project_id: str, key: str) -> SourceFile:
        upload = self.versions.latest(self.upload_bucket, key) if is_possible_key(key) else None
        if upload is None or not upload.size:
            raise CliploopError(
                ErrorCode.SOURCE_NOT_FOUND,
                "There is no such object in the upload bucket, or it is empty; upload it first, or look at its name.",
            )
        return SourceFile(
            project_id=project_id,
            file_id=file_id_of(project_id, upload.source),
            source=upload.source,
            size=upload.size,
            created_ms=self.clock.now_ms(),
        )

    def _public(self, address: str, otherwise: str) -> WebAddress:
        """The address, as far as that can be told without looking up its host's name."""
        there = read_web_address(address)
        if literal_is_refused(there, self.allowed):
            raise CliploopError(ErrorCode.ADDRESS_REFUSED, otherwise)
        return there

    def _images(self, project_id: str, order: StartOrder) -> _Wanted:
        wanted = self._wanted(project_id, order)
        if not wanted.outputs:
            raise CliploopError(
                ErrorCode.REQUEST_INVALID,
                "There is nothing to make; ask for at least one animated image, or name a procedure that has one.",
            )
        return wanted

    def _wanted(self, project_id: str, order: StartOrder) -> _Wanted:
        if order.callback_url:
            self._public(
                order.callback_url,
                "The address of the callback is not a public one; name one that everybody reaches.",
            )
        references = order.references
        if order.procedure:
            references = find_procedure(self.catalog, project_id, order.procedure).references
        outputs = outputs_now(self.catalog, project_id, references)
        outputs += tuple(Output(use) for use in order.uses)
        task_id = self._task_id(project_id, order)
        if order.destination:
            outputs = (self._placed(order.destination, project_id, task_id, outputs),)
        return _Wanted(task_id, outputs)

    def _placed(self, destination: Destination, project_id: str, task_id: int, outputs: Sequence[Output]) -> Output:
        """The one output with its place."""
        if destination.bucket:
            _must_be("Images are stored in", destination.bucket, self.output_bucket)
        if len(outputs) != 1:
            raise InvalidRequestError(
                "output", f"One place was named for {len(outputs)} images; ask for one, or name no place."
            )
        (output,) = outputs
        return replace(output, destination=destination.key_of(project_id, task_id, output.use.template.format))

    def _row(self, project_id: str, wanted: _Wanted, order: StartOrder, **source: Any) -> Task:
        return Task(
            project_id=project_id,
            task_id=wanted.task_id,
            procedure=order.procedure,
            outputs=wanted.outputs,
            created_ms=self.clock.now_ms(),
            session_context=order.session_context,
            session_id=order.session_id,
            priority=order.priority,
            notify_mode=order.notify_mode,
            name=order.name,
            source_context=order.source_context,
            application=order.application,
            callback_url=order.callback_url,
            **source,
        )

    def _task_id(self, project_id: str, order: StartOrder) -> int:
        if not order.session_id:
            return task_id_of_request(project_id, order.token, exact=order.exact_id)
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
        task = task.under(self.quota)
        stored = self.tasks.add(task, self.quota)
        if not is_same_work(stored, task):
            raise CliploopError(
                ErrorCode.TASK_ID_COLLISION,
                "Another task has the same id; call again, with another session id if the call has one.",
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


def _must_be(doing: str, bucket: str, ours: str) -> None:
    if bucket != ours:
        text = f"{doing} the bucket {ours} only, not {bucket!r}; name that bucket."
        raise CliploopError(ErrorCode.BUCKET_UNKNOWN, text)
