"""A task's work, from the claim to the end: fetch; then probe, plan, encode, settle, publish, finish."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NoReturn

from cliploop.application.end_without_images import EndWithoutImages
from cliploop.application.fetch_source import FetchSource
from cliploop.application.heartbeat import Heartbeat
from cliploop.application.ports import (
    Beat,
    Clock,
    EncodedImage,
    Encoder,
    Prober,
    ReadableSource,
    Sources,
    Tasks,
)
from cliploop.application.ports_outputs import OutputAddress, Outputs
from cliploop.application.update_task import update_task
from cliploop.domain.deadline import Deadline
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.limits import Limits
from cliploop.domain.media import MediaInfo
from cliploop.domain.output import Output, OutputState, StoredImage
from cliploop.domain.plan import OutputPlan, plan_output
from cliploop.domain.task import LeaseLostError, NotClaimableError, Task, TaskState
from cliploop.domain.timetable import RESERVE_S

_log = logging.getLogger(__name__)


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
            CliploopError: a retryable failure, after the lease was released so that the next try can claim; or too
                little time is left to begin.
        """
        if deadline.remaining_s() < RESERVE_S:
            raise _no_time()
        try:
            task = self._update(project_id, task_id, lambda row: row.claim(self.clock.now_ms()))
            if task.is_past_its_tries:
                task = self._end.exhausted(task)
        except (NotClaimableError, LeaseLostError):
            return Outcome.NOTHING_TO_DO
        if task.state.is_final:
            return Outcome.FAILED
        try:
            return self._fetch(task, deadline) if task.state is TaskState.INIT else self._attempt(task, deadline)
        except (LeaseLostError, NotClaimableError):
            self._leave_nothing(task)
            return Outcome.OVERTAKEN
        except CliploopError as error:
            return self._give_up(task, error)
        except Exception as error:  # noqa: BLE001  # a bug of ours must not keep the lease; the attempts bound the tries
            return self._give_up(task, _unexpected(error))

    def _fetch(self, task: Task, deadline: Deadline) -> Outcome:
        self.fetch(task, deadline, self._heartbeat(task))
        return Outcome.FETCHED

    def _attempt(self, task: Task, deadline: Deadline) -> Outcome:
        beat = self._heartbeat(task)
        with tempfile.TemporaryDirectory(prefix="cliploop-") as scratch:
            source = self.sources.open(task.source)
            media = self.prober.probe(source, deadline, beat)
            plans = self._plan(task, media)
            results = self._encode(task, source, media, plans, Path(scratch), deadline, beat)
            self._settle(task, media, results)
            self._publish(task, results, deadline, beat)
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
        beat: Beat,
    ) -> list[_Made | CliploopError]:
        wanted = [plan for plan in plans if isinstance(plan, OutputPlan)]
        if not wanted:
            return [plan for plan in plans if isinstance(plan, CliploopError)]
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
        address = OutputAddress.of(task, ordinal)
        applied = plan if image.cut_after is None else plan.cut_to(image.cut_after)
        return _Made(applied, image, address, self.outputs.locate(address, image))

    def _settle(self, task: Task, media: MediaInfo, results: Sequence[_Made | CliploopError]) -> None:
        outputs = [_ended(output, result) for output, result in zip(task.outputs, results, strict=True)]
        self._update(task.project_id, task.task_id, lambda row: row.settle(task.attempt, media, outputs))

    def _publish(self, task: Task, results: Sequence[_Made | CliploopError], deadline: Deadline, beat: Beat) -> None:
        def beat_in_time() -> None:
            deadline.check()
            beat()

        for ordinal, result in enumerate(results, start=1):
            beat_in_time()
            if isinstance(result, _Made):
                self.outputs.publish(result.address, result.image, beat_in_time)
            elif task.winner:  # an attempt that died on its way has had more luck with this one
                self.outputs.withdraw(OutputAddress.of(task, ordinal))

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
        try:
            if error.retryable:
                self._release(task, error)
            else:
                self._fail(task, error)
        except (LeaseLostError, NotClaimableError):
            if error.retryable and task.state is TaskState.INIT:
                raise error from None  # it may be fetched and without a message: then this one must come again
            self._leave_nothing(task)
            return Outcome.OVERTAKEN
        return Outcome.FAILED

    def _release(self, task: Task, error: CliploopError) -> NoReturn:
        now_ms, failure = self.clock.now_ms(), error.failure()
        self._update(task.project_id, task.task_id, lambda row: row.release(task.attempt, failure, now_ms))
        raise error

    def _fail(self, task: Task, error: CliploopError) -> None:
        now_ms, failure = self.clock.now_ms(), error.failure()
        try:
            self._end(task, lambda row: row.fail(task.attempt, failure, now_ms))
        except CliploopError as kept:
            self._release(task, kept)

    def _leave_nothing(self, task: Task) -> None:
        """Remove what this attempt may have stored after the task had failed without it."""
        row = self.tasks.get(task.project_id, task.task_id)
        if row is not None and row.state is TaskState.FAILED:
            self._end.withdraw(row)

    @property
    def _end(self) -> EndWithoutImages:
        return EndWithoutImages(self.tasks, self.outputs, self.clock)

    def _heartbeat(self, task: Task) -> Beat:
        return Heartbeat(self.tasks, self.clock, task)

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


def _no_time() -> CliploopError:
    return CliploopError(
        ErrorCode.UNAVAILABLE,
        "The work could not begin in time; it is tried again.",
        log_text=f"less than {RESERVE_S} s were left, which is too little to begin an attempt with",
        retryable=True,
    )


def _unexpected(error: Exception) -> CliploopError:
    unexpected = CliploopError(
        ErrorCode.INTERNAL,
        "Something went wrong inside cliploop; the operator finds it in the log.",
        log_text=f"{type(error).__name__}: {error}",
        retryable=True,
    )
    unexpected.__cause__ = error
    return unexpected
