from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import pytest

from cliploop.application.fetch_source import FetchSource
from cliploop.application.ports import Beat, EncodedImage, ReadableSource
from cliploop.application.ports_outputs import OutputAddress
from cliploop.application.process_task import Outcome, ProcessTask
from cliploop.domain.deadline import Deadline
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.limits import Limits
from cliploop.domain.media import MediaInfo, VideoStream
from cliploop.domain.output import OutputState, StoredImage, outputs_of
from cliploop.domain.procedure import BUILT_IN_PROCEDURES, TemplateReference
from cliploop.domain.publication import Publication
from cliploop.domain.section import AppliedSection, Section
from cliploop.domain.task import MAX_ATTEMPTS, LeaseLostError, Task, TaskState
from cliploop.domain.template import BUILT_IN_TEMPLATES, ImageFormat
from cliploop.domain.timetable import LEASE_MS, LOOK_MS, RESERVE_S
from cliploop.testing import (
    InMemoryEncoder,
    InMemoryOutputs,
    InMemoryProber,
    InMemorySources,
    InMemoryTasks,
    InMemoryWorkQueue,
    SettableClock,
)
from cliploop.testing.in_memory_files import InMemoryFiles
from cliploop.testing.in_memory_outputs import KeptImage
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

    def work(self, seconds: float = 60, deadline: Deadline | None = None) -> Outcome:
        fetch = FetchSource(
            self.web, self.fetched, InMemoryFiles(), self.tasks, self.work_queue, self.clock, most_bytes=1_000
        )
        process = ProcessTask(
            self.tasks, self.sources, self.prober, self.encoder, self.outputs, self.clock, fetch, self.limits
        )
        return process("p", 1, deadline or Deadline.after(seconds))

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


def test_every_stage_keeps_the_lease() -> None:
    """Two thirds of a lease go by in each: whoever sent it a message meanwhile would find it held."""
    shop = Shop()
    seen: list[Outcome] = []

    def dawdle(beat: Beat) -> None:
        shop.clock.advance(LEASE_MS * 2 // 3)
        beat()
        seen.append(shop.work())

    probe, publish = shop.prober.probe, shop.outputs.publish

    def slow_probe(source: ReadableSource, deadline: Deadline, beat: Beat) -> MediaInfo:
        dawdle(beat)
        return probe(source, deadline, beat)

    def slow_publish(address: OutputAddress, image: EncodedImage, beat: Beat) -> None:
        dawdle(beat)
        publish(address, image, beat)

    shop.prober.probe = slow_probe  # type: ignore[method-assign,assignment]
    shop.encoder.pulses = 4
    shop.encoder.during = lambda: shop.clock.advance(LEASE_MS * 2 // 3)
    shop.outputs.publish = slow_publish  # type: ignore[method-assign,assignment]
    assert shop.work() is Outcome.SUCCEEDED
    assert seen == [Outcome.NOTHING_TO_DO] * 3
    assert shop.row.attempt == 1


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


@pytest.mark.parametrize("stage", ["probe", "encode", "publish"])
def test_a_missed_deadline_fails_the_task_before_the_function_is_killed(stage: str) -> None:
    shop = Shop()
    deadline = Deadline.after(60)

    def run_out() -> None:
        object.__setattr__(deadline, "at_s", 0.0)  # nobody waits for it in a test

    probe, locate = shop.prober.probe, shop.outputs.locate

    def late_probe(source: ReadableSource, deadline: Deadline, beat: Beat) -> MediaInfo:
        run_out()
        return probe(source, deadline, beat)

    def late_locate(address: OutputAddress, image: EncodedImage) -> StoredImage:
        run_out()
        return locate(address, image)

    if stage == "probe":
        shop.prober.probe = late_probe  # type: ignore[method-assign,assignment]
    elif stage == "encode":
        shop.encoder.during = run_out
    else:
        shop.outputs.locate = late_locate  # type: ignore[method-assign]
    assert shop.work(deadline=deadline) is Outcome.FAILED
    assert shop.failure_code() is ErrorCode.DEADLINE_EXCEEDED
    assert shop.outputs.images == {}


def test_with_too_little_time_left_the_message_comes_back_and_no_try_is_used_up() -> None:
    shop = Shop()
    before = shop.row
    with pytest.raises(CliploopError) as raised:
        shop.work(seconds=RESERVE_S - 1)
    assert (raised.value.code, raised.value.retryable) == (ErrorCode.UNAVAILABLE, True)
    assert shop.row == before
    assert shop.work(seconds=RESERVE_S + 1) is Outcome.SUCCEEDED


def test_a_crash_between_settling_and_the_end_is_repaired_by_the_successor() -> None:
    shop = Shop()
    killed: list[bool] = []
    publish = shop.outputs.publish

    def die_once(address: OutputAddress, image: EncodedImage, beat: Beat) -> None:
        if not killed:
            killed.append(True)
            raise KeyboardInterrupt  # as near to SIGKILL as a test in this process comes: nothing of ours catches it
        publish(address, image, beat)

    shop.outputs.publish = die_once  # type: ignore[method-assign,assignment]
    with pytest.raises(KeyboardInterrupt):
        shop.work()
    assert shop.work() is Outcome.NOTHING_TO_DO
    shop.clock.advance(LEASE_MS)
    assert shop.work() is Outcome.SUCCEEDED
    assert {image.by.attempt for image in shop.outputs.images.values() if image.by} == {2}


# -- what a task that failed has stored -----------------------------------------------------------------


def die_while_publishing(shop: Shop, stored: int) -> None:
    """Be killed when ``stored`` images are out, and leave the lease to run out."""
    publish, left = shop.outputs.publish, [stored]

    def die(address: OutputAddress, image: EncodedImage, beat: Beat) -> None:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        publish(address, image, beat)

    shop.outputs.publish = die  # type: ignore[method-assign,assignment]
    with pytest.raises(KeyboardInterrupt):
        shop.work()
    shop.outputs.publish = publish  # type: ignore[method-assign]
    shop.clock.advance(LEASE_MS)


def test_a_task_that_fails_after_a_crash_leaves_no_image_behind() -> None:
    shop = Shop()
    die_while_publishing(shop, stored=1)
    assert len(shop.outputs.images) == 1
    shop.prober.failure = BROKEN
    assert shop.work() is Outcome.FAILED
    assert shop.outputs.images == {}


def test_a_task_whose_tries_are_used_up_leaves_no_image_behind() -> None:
    shop = Shop()
    for _ in range(MAX_ATTEMPTS):
        die_while_publishing(shop, stored=1)
    assert shop.work() is Outcome.FAILED
    assert (shop.failure_code(), shop.outputs.images) == (ErrorCode.ATTEMPTS_EXHAUSTED, {})


def test_an_output_that_failed_this_time_leaves_no_image_of_the_last_time() -> None:
    shop = Shop()
    die_while_publishing(shop, stored=1)
    shop.encoder.failures[ImageFormat.GIF] = BROKEN
    assert shop.work() is Outcome.SUCCEEDED
    assert [key.rpartition(".")[2] for key in shop.outputs.images] == ["webp"]


def test_a_late_worker_takes_back_what_it_stored_after_the_end() -> None:
    shop = Shop()
    publish = shop.outputs.publish

    def oversleep(address: OutputAddress, image: EncodedImage, beat: Beat) -> None:
        shop.clock.advance(LEASE_MS)
        if shop.row.state is TaskState.PROCESSING:
            shop.change(**vars(shop.row.fail(1, BROKEN.failure(), shop.clock.now_ms())))
        publish(address, image)

    shop.outputs.publish = oversleep  # type: ignore[method-assign,assignment]
    assert shop.work() is Outcome.OVERTAKEN
    assert (shop.row.state, shop.outputs.images) == (TaskState.FAILED, {})


def test_a_stalled_worker_cannot_finish_while_its_images_are_being_removed() -> None:
    """Its tries are used up, so nobody would claim the task any more; but it would still hold it."""
    shop = Shop()
    for _ in range(MAX_ATTEMPTS - 1):
        die_while_publishing(shop, stored=0)
    finished: list[Outcome] = []
    publish, withdraw = shop.outputs.publish, shop.outputs.withdraw
    last: list[Task] = []

    def stall(address: OutputAddress, image: EncodedImage, beat: Beat) -> None:
        publish(address, image)
        last.append(shop.row)
        shop.clock.advance(LEASE_MS)
        finished.append(shop.work())  # somebody else finds it exhausted

    def wake_up(address: OutputAddress) -> None:
        with pytest.raises(LeaseLostError):
            shop.row.finish(last[0].attempt, shop.clock.now_ms())
        withdraw(address)

    shop.outputs.publish = stall  # type: ignore[method-assign,assignment]
    shop.outputs.withdraw = wake_up  # type: ignore[method-assign]
    assert shop.work() is Outcome.OVERTAKEN
    assert finished[0] is Outcome.FAILED
    assert (shop.row.state, shop.outputs.images) == (TaskState.FAILED, {})


def test_what_a_stalled_worker_stores_while_the_end_is_written_is_removed_as_well() -> None:
    shop = Shop()
    die_while_publishing(shop, stored=1)
    shop.prober.failure = BROKEN
    kept, replace_row = dict(shop.outputs.images), shop.tasks.replace

    def cross(before: Task, after: Task) -> None:
        replace_row(before, after)
        if after.state is TaskState.FAILED:
            shop.outputs.images |= kept

    shop.tasks.replace = cross  # type: ignore[method-assign]
    assert shop.work() is Outcome.FAILED
    assert shop.outputs.images == {}


def test_who_dies_while_he_removes_images_leaves_that_to_the_next_one() -> None:
    shop = Shop()
    for _ in range(MAX_ATTEMPTS):
        die_while_publishing(shop, stored=1)
    withdraw = shop.outputs.withdraw

    def die(address: OutputAddress) -> None:
        raise KeyboardInterrupt

    shop.outputs.withdraw = die  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        shop.work()
    shop.outputs.withdraw = withdraw  # type: ignore[method-assign]
    assert shop.work() is Outcome.NOTHING_TO_DO
    shop.clock.advance(LEASE_MS)
    assert shop.work() is Outcome.FAILED
    assert shop.outputs.images == {}
    assert shop.row.failure is not None
    assert f"tried {MAX_ATTEMPTS} times" in shop.row.failure.message


def test_what_cannot_be_removed_for_now_keeps_the_task_open() -> None:
    shop = Shop()
    die_while_publishing(shop, stored=1)
    shop.prober.failure = BROKEN
    withdraw = shop.outputs.withdraw

    def busy(address: OutputAddress) -> None:
        raise BUSY

    shop.outputs.withdraw = busy  # type: ignore[method-assign]
    with pytest.raises(CliploopError):
        shop.work()
    assert shop.row.state is TaskState.PROCESSING
    shop.outputs.withdraw = withdraw  # type: ignore[method-assign]
    assert shop.work() is Outcome.FAILED
    assert shop.outputs.images == {}


def test_what_can_never_be_removed_keeps_no_task_from_its_end() -> None:
    shop = Shop()
    die_while_publishing(shop, stored=1)
    shop.prober.failure = BROKEN

    def forbidden(address: OutputAddress) -> None:
        raise CliploopError(ErrorCode.INTERNAL, "not allowed")

    shop.outputs.withdraw = forbidden  # type: ignore[method-assign]
    assert shop.work() is Outcome.FAILED


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
        shop.clock.advance(LOOK_MS)

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

        def fail(
            source: Any, deadline: Deadline, beat: Beat, shop: Shop = shop, failure: CliploopError = failure
        ) -> MediaInfo:
            shop.cancel()
            raise failure

        shop.prober.probe = fail  # type: ignore[method-assign,assignment]
        assert shop.work() is Outcome.OVERTAKEN
        assert shop.row.state is TaskState.CANCELED


def test_the_row_is_looked_at_every_second_and_not_more_often(watched: list[int]) -> None:
    reads: list[int] = []

    def wait(milliseconds: int) -> Callable[[], None]:
        def during() -> None:
            watched.clear()
            shop.clock.advance(milliseconds)

        return during

    for milliseconds in (0, LOOK_MS - 1, LOOK_MS, LEASE_MS // 4):
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
    for milliseconds in (0, LOOK_MS, LEASE_MS):
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
        shop.clock.advance(LOOK_MS)
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
