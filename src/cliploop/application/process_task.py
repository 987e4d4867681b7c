"""A task's work, from the claim to the end: fetch; then probe, plan, encode, settle, publish, finish."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from cliploop.application.fetch_source import FetchSource
from cliploop.application.ports import (
    Clock,
    EncodedImage,
    Encoder,
    OutputAddress,
    Outputs,
    Prober,
    ReadableSource,
    Sources,
    Tasks,
)
from cliploop.application.update_task import update_task
from cliploop.domain.deadline import Deadline
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.limits import Limits
from cliploop.domain.media import MediaInfo
from cliploop.domain.output import Output, OutputState, StoredImage
from cliploop.domain.plan import OutputPlan, plan_output
from cliploop.domain.task import LeaseLostError, NotClaimableError, Task, TaskState

_log = logging.getLogger(__name__)

#: How often a worker looks whether its task is still wanted, in milliseconds.
_LOOK_MS = 5_000


class Outcome(StrEnum):
    """What became of one message for a task."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    FETCHED = "fetched"
    NOTHING_TO_DO = "nothing to do"
    OVERTAKEN = "overtaken by a later attempt, or canceled"


@dataclass(frozen=True)
class _Made:
    """An output that was encoded: the plan it followed, the image on disk, and where that belongs."""

    plan: OutputPlan
    image: EncodedImage
    address: OutputAddress
    stored: StoredImage


@dataclass(frozen=True)
class ProcessTask:
    """Processes tasks. Each stage takes values and returns values; only the row remembers."""

    tasks: Tasks
    sources: Sources
    prober: Prober
    encoder: Encoder
    outputs: Outputs
    clock: Clock
    fetch: FetchSource
    limits: Limits = Limits()

    def __call__(self, project_id: str, task_id: int, deadline: Deadline) -> Outcome:
        """Process one task, however often it is asked for.

        Raises:
            CliploopError: a retryable failure, after the lease was released so that the next try can claim.
        """
        try:
            task = self._update(project_id, task_id, lambda row: row.claim(self.clock.now_ms()))
        except NotClaimableError:
            return Outcome.NOTHING_TO_DO
        if task.state.is_final:
            return Outcome.FAILED
        try:
            return self._fetch(task, deadline) if task.state is TaskState.INIT else self._attempt(task, deadline)
        except (LeaseLostError, NotClaimableError):
            return Outcome.OVERTAKEN
        except CliploopError as error:
            return self._give_up(task, error)
        except Exception as error:  # noqa: BLE001  # a bug of ours must not keep the lease; the attempts bound the tries
            return self._give_up(task, _unexpected(error))

    def _fetch(self, task: Task, deadline: Deadline) -> Outcome:
        self.fetch(task, deadline, self._heartbeat(task))
        return Outcome.FETCHED

    def _attempt(self, task: Task, deadline: Deadline) -> Outcome:
        with tempfile.TemporaryDirectory(prefix="cliploop-") as scratch:
            source = self.sources.open(task.source)
            media = self.prober.probe(source, deadline)
            plans = self._plan(task, media)
            results = self._encode(task, source, media, plans, Path(scratch), deadline)
            self._settle(task, media, results)
            self._publish(results)
        return self._finish(task)

    def _plan(self, task: Task, media: MediaInfo) -> list[OutputPlan | CliploopError]:
        return [_planned(media, output, self.limits) for output in task.outputs]

    def _encode(
        self,
        task: Task,
        source: ReadableSource,
        media: MediaInfo,
        plans: Sequence[OutputPlan | CliploopError],
        scratch: Path,
        deadline: Deadline,
    ) -> list[_Made | CliploopError]:
        wanted = [plan for plan in plans if isinstance(plan, OutputPlan)]
        if not wanted:
            return [plan for plan in plans if isinstance(plan, CliploopError)]
        beat = self._heartbeat(task)
        made = self.encoder.encode(
            source, media, wanted, scratch=scratch, deadline=deadline, pulse=lambda _progress: beat()
        )
        images = iter(made)
        return [
            plan if isinstance(plan, CliploopError) else self._made(task, ordinal, plan, next(images))
            for ordinal, plan in enumerate(plans, start=1)
        ]

    def _made(
        self, task: Task, ordinal: int, plan: OutputPlan, image: EncodedImage | CliploopError
    ) -> _Made | CliploopError:
        if isinstance(image, CliploopError):
            return image
        output = task.outputs[ordinal - 1]
        address = OutputAddress(
            project_id=task.project_id,
            task_id=task.task_id,
            ordinal=ordinal,
            definition=output.use.template.definition,
            format=plan.format,
            attempt=task.attempt,
            created_ms=task.created_ms,
            destination=output.destination,
        )
        applied = plan if image.cut_after is None else plan.cut_to(image.cut_after)
        return _Made(applied, image, address, self.outputs.locate(address, image))

    def _settle(self, task: Task, media: MediaInfo, results: Sequence[_Made | CliploopError]) -> None:
        outputs = [_ended(output, result) for output, result in zip(task.outputs, results, strict=True)]
        self._update(task.project_id, task.task_id, lambda row: row.settle(task.attempt, media, outputs))

    def _publish(self, results: Sequence[_Made | CliploopError]) -> None:
        for result in results:
            if isinstance(result, _Made):
                self.outputs.publish(result.address, result.image)

    def _finish(self, task: Task) -> Outcome:
        ended = self._update(task.project_id, task.task_id, lambda row: row.finish(task.attempt, self.clock.now_ms()))
        made = any(output.state is OutputState.SUCCEED for output in ended.outputs)
        return Outcome.SUCCEEDED if made else Outcome.FAILED

    def _give_up(self, task: Task, error: CliploopError) -> Outcome:
        _log.warning(
            "attempt %d at task %d failed (%s): %s",
            task.attempt,
            task.task_id,
            error.code,
            error.log_text,
            exc_info=error.__cause__ if error.code is ErrorCode.INTERNAL else None,  # a bug: where it is
        )
        now = self.clock.now_ms()
        change: Callable[[Task], Task]
        if error.retryable:
            change = lambda row: row.release(task.attempt, error.failure(), now)  # noqa: E731
        else:
            change = lambda row: row.fail(task.attempt, error.failure(), now)  # noqa: E731
        try:
            self._update(task.project_id, task.task_id, change)
        except (LeaseLostError, NotClaimableError):
            if error.retryable and task.state is TaskState.INIT:
                raise error from None  # it may be fetched and without a message: then this one must come again
            return Outcome.OVERTAKEN
        if error.retryable:
            raise error
        return Outcome.FAILED

    def _heartbeat(self, task: Task) -> Callable[[], None]:
        """Renews the lease in good time, and stops the work soon after it is no longer ours."""
        latest, looked_ms = task, self.clock.now_ms()

        def beat() -> None:
            nonlocal latest, looked_ms
            now = self.clock.now_ms()
            if now - looked_ms < _LOOK_MS:
                return
            looked_ms = now
            if latest.lease_needs_renewal(now):
                latest = self._update(task.project_id, task.task_id, lambda row: row.renew(task.attempt, now))
                return
            row = self.tasks.get(task.project_id, task.task_id)
            if row is None or not row.is_held_by(task.attempt):
                raise LeaseLostError

        return beat

    def _update(self, project_id: str, task_id: int, change: Callable[[Task], Task]) -> Task:
        return update_task(self.tasks, project_id, task_id, change)


def _planned(media: MediaInfo, output: Output, limits: Limits) -> OutputPlan | CliploopError:
    if output.failure and output.failure.code is ErrorCode.TEMPLATE_NOT_FOUND:
        return CliploopError(output.failure.code, output.failure.message)  # since it was registered, and for good
    try:
        return plan_output(media, output.use.template, output.use.section, limits)
    except CliploopError as error:
        return error


def _ended(output: Output, result: _Made | CliploopError) -> Output:
    if isinstance(result, CliploopError):
        _log.warning("output %d failed (%s): %s", output.use.template.definition, result.code, result.log_text)
        return output.fail(result.failure())
    return output.succeed(result.plan, result.stored)


def _unexpected(error: Exception) -> CliploopError:
    unexpected = CliploopError(
        ErrorCode.INTERNAL,
        "Something went wrong inside cliploop; the operator finds it in the log.",
        log_text=f"{type(error).__name__}: {error}",
        retryable=True,
    )
    unexpected.__cause__ = error
    return unexpected
