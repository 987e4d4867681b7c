from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import pytest

from cliploop.application.fetch_source import FetchSource
from cliploop.application.ports import EncodedImage, OutputAddress
from cliploop.application.process_task import Outcome, ProcessTask
from cliploop.domain.deadline import Deadline
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.limits import Limits
from cliploop.domain.media import MediaInfo, VideoStream
from cliploop.domain.output import OutputState, outputs_of
from cliploop.domain.procedure import BUILT_IN_PROCEDURES, TemplateReference
from cliploop.domain.publication import Publication
from cliploop.domain.section import AppliedSection, Section
from cliploop.domain.task import LEASE_MS, MAX_ATTEMPTS, Task, TaskState
from cliploop.domain.template import BUILT_IN_TEMPLATES, ImageFormat
from cliploop.testing import (
    InMemoryEncoder,
    InMemoryOutputs,
    InMemoryProber,
    InMemorySources,
    InMemoryTasks,
    InMemoryWorkQueue,
    SettableClock,
)
from cliploop.testing.in_memory import KeptImage
from cliploop.testing.in_memory_files import InMemoryFiles
from cliploop.testing.in_memory_web import InMemoryFetchedSources, InMemoryWeb

MEDIA = MediaInfo("mov", 10_000, 9, 1, (VideoStream(0, "h264", 640, 360, Fraction(30)),))
BUSY = CliploopError(ErrorCode.UNAVAILABLE, "busy", retryable=True)
BROKEN = CliploopError(ErrorCode.SOURCE_MALFORMED, "The file is broken.")
URL = "https://example.com/clip.mp4"


@dataclass
class Shop:
    """A workshop with everything in memory and one task in it."""

    tasks: InMemoryTasks = field(default_factory=InMemoryTasks)
    sources: InMemorySources = field(default_factory=InMemorySources)
    prober: InMemoryProber = field(default_factory=lambda: InMemoryProber(MEDIA))
    encoder: InMemoryEncoder = field(default_factory=InMemoryEncoder)
    outputs: InMemoryOutputs = field(default_factory=InMemoryOutputs)
    clock: SettableClock = field(default_factory=SettableClock)
    web: InMemoryWeb = field(default_factory=lambda: InMemoryWeb({URL: b"not really a video"}))
    fetched: InMemoryFetchedSources = field(default_factory=InMemoryFetchedSources)
    work_queue: InMemoryWorkQueue = field(default_factory=InMemoryWorkQueue)
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        task = Task(
            project_id="p",
            task_id=1,
            file_id=2,
            source=ObjectVersion("uploads", "k", "v"),
            procedure="preview",
            outputs=outputs_of(BUILT_IN_PROCEDURES["preview"].references, BUILT_IN_TEMPLATES),
            created_ms=self.clock.now_ms(),
        )
        self.tasks.add(task.registered())
        self.sources.put(task.source, "unused", 9)

    def work(self, seconds: float = 60) -> Outcome:
        fetch = FetchSource(
            self.web, self.fetched, InMemoryFiles(), self.tasks, self.work_queue, self.clock, most_bytes=1_000
        )
        process = ProcessTask(
            self.tasks, self.sources, self.prober, self.encoder, self.outputs, self.clock, fetch, self.limits
        )
        return process("p", 1, Deadline.after(seconds))

    def change(self, **changes: Any) -> None:
        """Have the row as it would be in another story."""
        self.tasks.rows["p", 1] = replace(self.row, **changes)

    def cancel(self) -> None:
        """What a caller does while somebody works."""
        self.tasks.replace(self.row, self.row.cancel(self.clock.now_ms()))

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
        assert shop.outputs.images[output.image.key].by == Publication(1, shop.row.created_ms, 1, output.image.md5)


def test_an_image_is_stored_where_its_caller_chose() -> None:
    shop = Shop()
    gif, webp = shop.row.outputs
    shop.change(outputs=(replace(gif, destination="mine.gif"), webp))
    assert shop.work() is Outcome.SUCCEEDED
    assert list(shop.outputs.images) == ["mine.gif", "p/1/2.f21001.webp"]
    assert [output.image.key for output in shop.row.outputs if output.image] == list(shop.outputs.images)
    assert [output.destination for output in shop.row.outputs] == ["mine.gif", ""]


def test_an_image_whose_name_a_later_task_has_is_a_failed_task() -> None:
    shop = Shop()
    (gif, _) = shop.row.outputs
    shop.change(outputs=(replace(gif, destination="mine.gif"),))
    theirs = KeptImage(b"theirs", Publication(2, shop.row.created_ms + 1, 1, "0" * 32))
    shop.outputs.images["mine.gif"] = theirs
    assert shop.work() is Outcome.FAILED
    assert shop.failure_code() is ErrorCode.OUTPUT_NAME_TAKEN
    assert shop.outputs.images == {"mine.gif": theirs}


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
    assert {image.by.attempt for image in shop.outputs.images.values() if image.by} == {2}


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
    assert {image.by.attempt for image in shop.outputs.images.values() if image.by} == {2}


# -- canceling ---------------------------------------------------------------------------------------


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of rows that were read."""
    read: list[int] = []
    get = InMemoryTasks.get

    def counting(tasks: InMemoryTasks, project_id: str, task_id: int) -> Task | None:
        read.append(task_id)
        return get(tasks, project_id, task_id)

    monkeypatch.setattr(InMemoryTasks, "get", counting)
    return read


def test_a_task_that_is_canceled_while_it_is_encoded_stays_so_and_publishes_nothing() -> None:
    shop = Shop()

    def cancel_and_go_on() -> None:
        shop.cancel()
        shop.clock.advance(5_000)

    shop.encoder.during = cancel_and_go_on
    settled: list[Any] = []
    shop.outputs.locate = settled.append  # type: ignore[assignment,method-assign]  # the first thing after encoding
    assert shop.work() is Outcome.OVERTAKEN
    assert (shop.row.state, shop.failure_code()) == (TaskState.CANCELED, ErrorCode.TASK_CANCELED)
    assert (shop.outputs.images, settled) == ({}, [])


def test_a_task_that_is_canceled_just_before_its_images_are_settled_publishes_nothing() -> None:
    shop = Shop()
    shop.encoder.during = shop.cancel
    assert shop.work() is Outcome.OVERTAKEN
    assert (shop.row.state, shop.outputs.images) == (TaskState.CANCELED, {})


def test_a_failure_of_a_canceled_task_changes_nothing() -> None:
    for failure in (BUSY, BROKEN):
        shop = Shop()

        def fail(source: Any, deadline: Deadline, shop: Shop = shop, failure: CliploopError = failure) -> MediaInfo:
            shop.cancel()
            raise failure

        shop.prober.probe = fail  # type: ignore[method-assign]
        assert shop.work() is Outcome.OVERTAKEN
        assert shop.row.state is TaskState.CANCELED


def test_the_row_is_looked_at_every_five_seconds_and_not_more_often(watched: list[int]) -> None:
    reads: list[int] = []

    def wait(milliseconds: int) -> Callable[[], None]:
        def during() -> None:
            watched.clear()
            shop.clock.advance(milliseconds)

        return during

    for milliseconds in (0, 4_999, 5_000, 39_000):
        shop = Shop()
        shop.encoder.during = wait(milliseconds)
        locate = shop.outputs.locate

        def count(address: OutputAddress, image: EncodedImage, locate: Any = locate) -> Any:
            reads.append(len(watched))
            return locate(address, image)

        shop.outputs.locate = count  # type: ignore[method-assign]
        assert shop.work() is Outcome.SUCCEEDED
    assert reads[::2] == [0, 0, 1, 1]


def test_a_row_that_is_gone_while_it_is_worked_on_is_nobodys() -> None:
    for milliseconds in (0, 5_000, LEASE_MS):
        shop = Shop()

        def expire(shop: Shop = shop, milliseconds: int = milliseconds) -> None:
            shop.tasks.rows.clear()
            shop.clock.advance(milliseconds)

        shop.encoder.during = expire
        assert shop.work() is Outcome.OVERTAKEN
        assert (shop.tasks.rows, shop.outputs.images) == ({}, {})


# -- templates that are missing ----------------------------------------------------------------------


def shop_with_a_missing_template() -> Shop:
    references = (TemplateReference(999), *BUILT_IN_PROCEDURES["preview"].references)
    shop = Shop()
    shop.change(outputs=outputs_of(references, BUILT_IN_TEMPLATES))
    return shop


def test_an_output_without_its_template_stays_failed_and_the_others_are_made() -> None:
    shop = shop_with_a_missing_template()
    missing = shop.row.outputs[0]
    assert shop.work() is Outcome.SUCCEEDED
    assert shop.row.outputs[0] == missing
    assert [output.state for output in shop.row.outputs[1:]] == [OutputState.SUCCEED] * 2
    assert sorted(key.rpartition("/")[2] for key in shop.outputs.images) == ["2.f21000.gif", "3.f21001.webp"]


def test_an_output_without_its_template_keeps_its_reason_when_the_task_fails() -> None:
    shop = shop_with_a_missing_template()
    shop.prober.failure = BROKEN
    assert shop.work() is Outcome.FAILED
    codes = [output.failure and output.failure.code for output in shop.row.outputs]
    assert codes == [ErrorCode.TEMPLATE_NOT_FOUND, ErrorCode.SOURCE_MALFORMED, ErrorCode.SOURCE_MALFORMED]


# -- sources that are fetched ------------------------------------------------------------------------


def shop_with_an_address() -> Shop:
    shop = Shop()
    shop.change(origin=URL, state=TaskState.INIT, file_id=0, source=ObjectVersion("uploads", "", ""))
    return shop


def test_a_source_is_fetched_in_one_turn_and_made_into_images_in_the_next() -> None:
    shop = shop_with_an_address()
    assert shop.work() is Outcome.FETCHED
    assert (shop.row.state, shop.work_queue.messages, shop.encoder.runs) == (TaskState.WAITING, [("p", 1)], 0)
    shop.sources.put(shop.row.source, "unused", 9)
    assert shop.work() is Outcome.SUCCEEDED
    assert len(shop.outputs.images) == 2


def test_an_address_that_fails_for_good_fails_the_task() -> None:
    shop = shop_with_an_address()
    shop.web.files.clear()
    assert shop.work() is Outcome.FAILED
    assert [output.failure for output in shop.row.outputs] == [shop.row.failure] * 2
    assert shop.failure_code() is ErrorCode.FETCH_FAILED


def test_an_address_that_fails_for_now_is_asked_again_six_times_in_all() -> None:
    shop = shop_with_an_address()
    shop.web.failures[URL] = CliploopError(ErrorCode.FETCH_FAILED, "It is busy.", retryable=True)
    for _ in range(2 * MAX_ATTEMPTS):
        with pytest.raises(CliploopError, match="busy"):
            shop.work()
        assert (shop.row.state, shop.row.lease_until_ms) == (TaskState.INIT, shop.clock.now_ms())
    assert shop.work() is Outcome.FAILED
    assert shop.failure_code() is ErrorCode.ATTEMPTS_EXHAUSTED


def test_a_task_that_is_canceled_while_it_is_fetched_stays_so() -> None:
    shop = shop_with_an_address()
    store = shop.fetched.store

    def cancel_and_store(address: Any, source: Any, beat: Callable[[], None]) -> Any:
        shop.cancel()
        shop.clock.advance(5_000)
        return store(address, source, beat)

    shop.fetched.store = cancel_and_store  # type: ignore[method-assign]
    assert shop.work() is Outcome.OVERTAKEN
    assert (shop.row.state, shop.fetched.objects, shop.work_queue.messages) == (TaskState.CANCELED, {}, [])


def test_a_long_fetch_keeps_its_lease() -> None:
    shop = shop_with_an_address()
    store = shop.fetched.store
    until: list[int] = []

    def take_long(address: Any, source: Any, beat: Callable[[], None]) -> Any:
        for _ in range(3):
            shop.clock.advance(LEASE_MS // 2)
            beat()
            until.append(shop.row.lease_until_ms - shop.clock.now_ms())
        return store(address, source, beat)

    shop.fetched.store = take_long  # type: ignore[method-assign]
    assert shop.work() is Outcome.FETCHED
    assert until == [LEASE_MS] * 3


@pytest.mark.parametrize("lost", ["the message", "the answer of the table"])
def test_a_source_that_is_there_without_a_message_brings_its_message_back(
    lost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody else would look at the row for a quarter of an hour."""
    shop = shop_with_an_address()
    port = shop.work_queue if lost == "the message" else shop.tasks
    method = "send" if lost == "the message" else "replace"
    step = getattr(port, method)

    def fail(*arguments: Any) -> None:
        if lost == "the message":
            raise BUSY
        step(*arguments)
        if shop.row.state is TaskState.WAITING:
            raise BUSY

    with monkeypatch.context() as patch:
        patch.setattr(port, method, fail)
        with pytest.raises(CliploopError):
            shop.work()
    assert shop.row.state is TaskState.WAITING
    shop.sources.put(shop.row.source, "unused", 9)
    assert shop.work() is Outcome.SUCCEEDED
