from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction

import pytest

from cliploop.application.ports import EncodedImage, OutputAddress
from cliploop.application.process_task import Outcome, ProcessTask
from cliploop.domain.deadline import Deadline
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.limits import Limits
from cliploop.domain.media import MediaInfo, VideoStream
from cliploop.domain.procedure import BUILT_IN_PROCEDURES
from cliploop.domain.section import AppliedSection, Section
from cliploop.domain.task import LEASE_MS, MAX_ATTEMPTS, Output, OutputState, Task, TaskState
from cliploop.domain.template import ImageFormat
from cliploop.testing import (
    InMemoryEncoder,
    InMemoryOutputs,
    InMemoryProber,
    InMemorySources,
    InMemoryTasks,
    SettableClock,
)

MEDIA = MediaInfo("mov", 10_000, 9, 1, (VideoStream(0, "h264", 640, 360, Fraction(30)),))
BUSY = CliploopError(ErrorCode.UNAVAILABLE, "busy", retryable=True)
BROKEN = CliploopError(ErrorCode.SOURCE_MALFORMED, "The file is broken.")


@dataclass
class Shop:
    """A workshop with everything in memory and one task in it."""

    tasks: InMemoryTasks = field(default_factory=InMemoryTasks)
    sources: InMemorySources = field(default_factory=InMemorySources)
    prober: InMemoryProber = field(default_factory=lambda: InMemoryProber(MEDIA))
    encoder: InMemoryEncoder = field(default_factory=InMemoryEncoder)
    outputs: InMemoryOutputs = field(default_factory=InMemoryOutputs)
    clock: SettableClock = field(default_factory=SettableClock)
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        task = Task(
            project_id="p",
            task_id=1,
            file_id=2,
            source=ObjectVersion("uploads", "k", "v"),
            procedure="preview",
            outputs=tuple(Output(use) for use in BUILT_IN_PROCEDURES["preview"].uses),
            created_ms=self.clock.now_ms(),
        )
        self.tasks.add(task.registered())
        self.sources.put(task.source, "unused", 9)

    def work(self, seconds: float = 60) -> Outcome:
        process = ProcessTask(
            self.tasks, self.sources, self.prober, self.encoder, self.outputs, self.clock, self.limits
        )
        return process("p", 1, Deadline.after(seconds))

    @property
    def row(self) -> Task:
        return self.tasks.rows["p", 1]

    def failure_code(self) -> ErrorCode:
        assert self.row.failure is not None
        return self.row.failure.code


def test_a_task_ends_with_its_outputs_published() -> None:
    shop = Shop()
    assert shop.work() is Outcome.SUCCEEDED
    assert shop.row.state is TaskState.SUCCEED
    assert shop.row.media == MEDIA
    for output in shop.row.outputs:
        assert output.image is not None
        assert shop.outputs.images[output.image.key].md5 == output.image.md5


def test_what_was_applied_ends_where_the_file_broke_off() -> None:
    shop = Shop(encoder=InMemoryEncoder(cut_after=6))
    assert shop.work() is Outcome.SUCCEEDED
    for output in shop.row.outputs:
        assert output.use.section == Section(0, 5_000)
        assert output.applied is not None
        assert (output.applied.section, output.applied.frames) == (AppliedSection(0, 500), 6)
        assert output.applied.is_cut


def test_asked_again_after_the_end_nothing_happens() -> None:
    shop = Shop()
    shop.work()
    before = shop.row
    assert shop.work() is Outcome.NOTHING_TO_DO
    assert (shop.row, shop.encoder.runs) == (before, 1)


def test_asked_again_while_somebody_works_nothing_happens() -> None:
    shop = Shop()
    outcomes: list[Outcome] = []
    shop.encoder.during = lambda: outcomes.append(shop.work())
    assert shop.work() is Outcome.SUCCEEDED
    assert outcomes == [Outcome.NOTHING_TO_DO]
    assert shop.encoder.runs == 1


def test_a_task_whose_row_is_gone_is_nobodys() -> None:
    shop = Shop()
    shop.tasks.rows.clear()
    assert shop.work() is Outcome.NOTHING_TO_DO


def test_a_broken_source_fails_the_task_and_every_output_says_why() -> None:
    shop = Shop()
    shop.prober.failure = BROKEN
    assert shop.work() is Outcome.FAILED
    assert shop.row.state is TaskState.FAILED
    assert [output.failure for output in shop.row.outputs] == [BROKEN.failure()] * 2


def test_the_log_says_what_the_caller_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    shop = Shop()
    shop.prober.failure = CliploopError(
        ErrorCode.SOURCE_MALFORMED, "The file is broken.", log_text="moov atom not found"
    )
    shop.work()
    assert "moov atom not found" in caplog.text
    assert "moov" not in str(shop.row)


def test_a_passing_fault_gives_the_lease_back_and_is_raised_for_the_queue() -> None:
    shop = Shop()
    shop.prober.failure = BUSY
    with pytest.raises(CliploopError):
        shop.work()
    assert (shop.row.state, shop.row.lease_until_ms) == (TaskState.PROCESSING, shop.clock.now_ms())
    shop.prober.failure = None
    assert shop.work() is Outcome.SUCCEEDED
    assert (shop.row.attempt, shop.row.failure) == (2, None)


def test_a_bug_is_tried_again_and_ends_failed_after_the_last_attempt() -> None:
    shop = Shop()
    shop.prober.failure = ZeroDivisionError()
    for _ in range(MAX_ATTEMPTS):
        with pytest.raises(CliploopError):
            shop.work()
    assert shop.work() is Outcome.FAILED
    assert shop.failure_code() is ErrorCode.ATTEMPTS_EXHAUSTED


def test_one_bad_output_leaves_the_other() -> None:
    shop = Shop()
    shop.encoder.failures[ImageFormat.WEBP] = BROKEN
    assert shop.work() is Outcome.SUCCEEDED
    assert [output.state for output in shop.row.outputs] == [OutputState.SUCCEED, OutputState.FAILED]
    assert len(shop.outputs.images) == 1


def test_outputs_that_cannot_be_planned_keep_their_own_error() -> None:
    shop = Shop()
    gif, webp = shop.row.outputs
    late = replace(webp, use=replace(webp.use, section=Section(20_000, 30_000)))
    shop.tasks.rows["p", 1] = replace(shop.row, outputs=(gif, late))
    assert shop.work() is Outcome.SUCCEEDED
    assert shop.row.outputs[1].failure is not None
    assert shop.row.outputs[1].failure.code is ErrorCode.SECTION_INVALID


def test_a_task_of_which_nothing_can_be_planned_fails_without_encoding() -> None:
    shop = Shop(limits=Limits(frames=10))
    assert shop.work() is Outcome.FAILED
    assert (shop.failure_code(), shop.encoder.runs) == (ErrorCode.LIMIT_EXCEEDED, 0)


def test_long_work_keeps_its_lease() -> None:
    shop = Shop()
    shop.encoder.during = lambda: shop.clock.advance(LEASE_MS // 2)
    until: list[int] = []
    shop.outputs.publish = lambda address, image: until.append(shop.row.lease_until_ms)  # type: ignore[method-assign]
    shop.work()
    assert until[0] == shop.clock.now_ms() + LEASE_MS


def test_a_worker_that_was_overtaken_publishes_nothing() -> None:
    shop = Shop()

    def oversleep() -> None:
        shop.encoder.during = lambda: None
        shop.clock.advance(LEASE_MS)
        assert shop.work() is Outcome.SUCCEEDED

    shop.encoder.during = oversleep
    assert shop.work() is Outcome.OVERTAKEN
    assert (shop.row.state, shop.row.winner) == (TaskState.SUCCEED, 2)
    assert {image.attempt for image in shop.outputs.images.values()} == {2}


def test_a_missed_deadline_fails_the_task_before_the_function_is_killed() -> None:
    shop = Shop()
    assert shop.work(seconds=0) is Outcome.FAILED
    assert shop.failure_code() is ErrorCode.DEADLINE_EXCEEDED


def test_a_crash_between_settling_and_the_end_is_repaired_by_the_successor() -> None:
    shop = Shop()
    killed: list[bool] = []
    publish = shop.outputs.publish

    def die_once(address: OutputAddress, image: EncodedImage) -> None:
        if not killed:
            killed.append(True)
            raise KeyboardInterrupt  # as near to SIGKILL as a test in this process comes: nothing of ours catches it
        publish(address, image)

    shop.outputs.publish = die_once  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        shop.work()
    assert shop.work() is Outcome.NOTHING_TO_DO
    shop.clock.advance(LEASE_MS)
    assert shop.work() is Outcome.SUCCEEDED
    assert {image.attempt for image in shop.outputs.images.values()} == {2}
