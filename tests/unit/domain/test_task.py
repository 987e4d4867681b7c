"""A task's life, by example and by every history that a machine can think of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cliploop.domain.errors import ErrorCode, Failure
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.limits import Limits
from cliploop.domain.media import MediaInfo, VideoStream
from cliploop.domain.output import Output, OutputState, StoredImage, outputs_of
from cliploop.domain.plan import plan_output
from cliploop.domain.procedure import BUILT_IN_PROCEDURES
from cliploop.domain.same_work import is_same_work
from cliploop.domain.task import (
    MAX_ATTEMPTS,
    LeaseLostError,
    NotCancelableError,
    NotClaimableError,
    NotRedrivableError,
    Task,
    TaskState,
)
from cliploop.domain.template import BUILT_IN_TEMPLATES
from cliploop.domain.timetable import (
    LEASE_MS,
    LOOKED_AT_EVERY_MS,
    RETRY_OVERDUE_MS,
    TELLING_OVERDUE_MS,
    WAITING_OVERDUE_MS,
)

NOW = 1_700_000_000_000
PREVIEW = BUILT_IN_PROCEDURES["preview"]
MEDIA = MediaInfo("mov", 10_000, 1, 1, (VideoStream(0, "h264", 640, 360, Fraction(30)),))
BROKEN = Failure(ErrorCode.SOURCE_MALFORMED, "The file is broken.")
NO_TEMPLATE = Failure(ErrorCode.TEMPLATE_NOT_FOUND, "Template 404 does not exist.")
ARRIVED = ObjectVersion("b", "cliploop-fetched/p/1/1/a.mp4", "v2")
IMAGE = StoredImage("b", "k", 1_000, "0" * 32, 480, 270, 60, 5_000)

NEW = Task(
    project_id="p" * 32,
    task_id=1,
    file_id=2,
    source=ObjectVersion("b", "k", "v"),
    procedure="preview",
    outputs=outputs_of(PREVIEW.references, BUILT_IN_TEMPLATES),
    created_ms=NOW,
).registered()
PULLED = replace(
    NEW,
    file_id=0,
    source=ObjectVersion("b", "cliploop-fetched/p/1/a.mp4", ""),
    origin="https://films.example/a.mp4?key=secret",
    state=TaskState.INIT,
).registered()


def made(task: Task) -> list[Output]:
    return [
        output.succeed(plan_output(MEDIA, output.use.template, output.use.section, Limits()), IMAGE)
        for output in task.outputs
    ]


def test_a_life_that_goes_well() -> None:
    claimed = NEW.claim(NOW + 1)
    assert (claimed.state, claimed.attempt, claimed.started_ms) == (TaskState.PROCESSING, 1, NOW + 1)
    settled = claimed.settle(1, MEDIA, made(claimed))
    assert (settled.winner, settled.state) == (1, TaskState.PROCESSING)
    ended = settled.finish(1, NOW + 2)
    assert (ended.state, ended.ended_ms, ended.failure) == (TaskState.SUCCEED, NOW + 2, None)


def test_a_held_task_cannot_be_claimed_until_its_lease_runs_out() -> None:
    claimed = NEW.claim(NOW)
    with pytest.raises(NotClaimableError):
        claimed.claim(NOW + LEASE_MS - 1)
    assert claimed.claim(NOW + LEASE_MS).attempt == 2


def test_a_worker_that_was_overtaken_can_do_nothing() -> None:
    taken_over = NEW.claim(NOW).claim(NOW + LEASE_MS)
    deeds: list[Callable[[], Task]] = [
        lambda: taken_over.renew(1, NOW),
        lambda: taken_over.settle(1, MEDIA, made(taken_over)),
        lambda: taken_over.finish(1, NOW),
        lambda: taken_over.fail(1, BROKEN, NOW),
        lambda: taken_over.release(1, BROKEN, NOW),
    ]
    for late in deeds:
        with pytest.raises(LeaseLostError):
            late()


def test_a_released_task_can_be_claimed_at_once() -> None:
    assert NEW.claim(NOW).release(1, BROKEN, NOW + 5).claim(NOW + 5).attempt == 2


def test_the_last_attempt_ends_failed_and_says_what_the_last_error_was() -> None:
    task = NEW
    for attempt in range(1, MAX_ATTEMPTS + 1):
        task = task.claim(NOW).release(attempt, BROKEN, NOW)
    ended = task.claim(NOW)
    assert ended.state is TaskState.FAILED
    assert ended.failure is not None
    assert ended.failure.code is ErrorCode.ATTEMPTS_EXHAUSTED
    assert BROKEN.message in ended.failure.message


def test_one_failed_output_leaves_the_task_succeeded() -> None:
    claimed = NEW.claim(NOW)
    first, second = made(claimed)
    ended = claimed.settle(1, MEDIA, [first, replace(second).fail(BROKEN)]).finish(1, NOW)
    assert ended.state is TaskState.SUCCEED
    assert [output.state for output in ended.outputs] == [OutputState.SUCCEED, OutputState.FAILED]


def test_a_task_of_which_every_output_failed_is_failed() -> None:
    claimed = NEW.claim(NOW)
    ended = claimed.settle(1, MEDIA, [output.fail(BROKEN) for output in claimed.outputs]).finish(1, NOW)
    assert (ended.state, ended.failure) == (TaskState.FAILED, BROKEN)


def test_a_refused_row_is_born_final() -> None:
    refused = replace(NEW, outputs=()).refuse(BROKEN)
    assert (refused.state, refused.revision, refused.failure) == (TaskState.FAILED, 1, BROKEN)


def test_a_bitrate_counts_the_bits_while_the_image_plays() -> None:
    # The seed's own figures: 121601 bytes from second 2 to 5 are 324271 bit/s within a thousandth.
    assert replace(IMAGE, size=121_601, duration_ms=3_000).bitrate == pytest.approx(324_271, rel=1e-3)


def test_an_output_that_has_failed_from_the_start_stays_failed_and_the_task_waits_for_the_other() -> None:
    first, second = NEW.outputs
    task = replace(NEW, outputs=(first.fail(NO_TEMPLATE), second)).registered()
    assert (task.state, task.failure) == (TaskState.WAITING, None)
    assert [output.failure for output in task.outputs] == [NO_TEMPLATE, None]


def test_a_task_whose_outputs_have_all_failed_from_the_start_is_born_final() -> None:
    task = replace(NEW, outputs=tuple(output.fail(NO_TEMPLATE) for output in NEW.outputs)).registered()
    assert (task.state, task.revision, task.failure) == (TaskState.FAILED, 1, NO_TEMPLATE)
    assert (task.ended_ms, task.due_at_ms) == (NOW, NOW + TELLING_OVERDUE_MS)


def test_a_failed_attempt_leaves_an_earlier_failure_of_an_output_alone() -> None:
    first, second = NEW.outputs
    claimed = replace(NEW, outputs=(first.fail(NO_TEMPLATE), second)).claim(NOW)
    assert [output.failure for output in claimed.fail(1, BROKEN, NOW).outputs] == [NO_TEMPLATE, BROKEN]


def test_a_pulled_tasks_life_that_goes_well() -> None:
    assert (PULLED.state, PULLED.due_at_ms) == (TaskState.INIT, NOW + WAITING_OVERDUE_MS)
    fetching = PULLED.claim(NOW + 1)
    assert (fetching.state, fetching.attempt, fetching.started_ms) == (TaskState.INIT, 1, 0)
    assert (fetching.lease_until_ms, fetching.due_at_ms) == (NOW + 1 + LEASE_MS, NOW + 1 + LEASE_MS)
    waiting = fetching.fetched(1, ARRIVED, 9, NOW + 2)
    assert (waiting.state, waiting.source, waiting.file_id) == (TaskState.WAITING, ARRIVED, 9)
    assert (waiting.lease_until_ms, waiting.due_at_ms) == (0, NOW + 2 + WAITING_OVERDUE_MS)
    claimed = waiting.claim(NOW + 3)
    assert (claimed.state, claimed.attempt) == (TaskState.PROCESSING, 2)
    assert claimed.settle(2, MEDIA, made(claimed)).finish(2, NOW + 4).state is TaskState.SUCCEED


def test_nobody_is_told_that_a_source_is_being_fetched() -> None:
    fetching = PULLED.claim(NOW)
    assert (fetching.row_version, fetching.revision) == (PULLED.row_version, PULLED.revision + 1)
    assert fetching.fetched(1, ARRIVED, 9, NOW).row_version == PULLED.row_version + 1


def test_a_pull_without_outputs_ends_with_its_source() -> None:
    ended = replace(PULLED, outputs=()).claim(NOW).fetched(1, ARRIVED, 9, NOW + 2)
    assert (ended.state, ended.started_ms, ended.ended_ms) == (TaskState.SUCCEED, NOW + 2, NOW + 2)
    assert (ended.file_id, ended.failure) == (9, None)


@pytest.mark.parametrize(
    ("origin", "kept"),
    [
        ("https://films.example/a.mp4?key=secret#t=1", "https://films.example/a.mp4"),
        ("https://films.example/a.mp4#t=1?", "https://films.example/a.mp4"),
        ("https://films.example/a.mp4", "https://films.example/a.mp4"),
    ],
)
def test_an_address_is_kept_without_its_query(origin: str, kept: str) -> None:
    assert replace(PULLED, origin=origin).claim(NOW).fetched(1, ARRIVED, 9, NOW).origin == kept


def test_fetching_can_be_given_up_and_taken_over_as_making_can() -> None:
    fetching = PULLED.claim(NOW)
    with pytest.raises(NotClaimableError):
        fetching.claim(NOW + LEASE_MS - 1)
    later = fetching.claim(NOW + LEASE_MS)
    assert (later.state, later.attempt) == (TaskState.INIT, 2)
    deeds: list[Callable[[], Task]] = [lambda: later.fetched(1, ARRIVED, 9, NOW), lambda: later.renew(1, NOW)]
    for late in deeds:
        with pytest.raises(LeaseLostError):
            late()
    assert later.release(2, BROKEN, NOW + 5).claim(NOW + 5).attempt == 3


def test_a_task_that_had_to_be_fetched_has_twice_the_attempts() -> None:
    task = PULLED
    for attempt in range(1, 2 * MAX_ATTEMPTS + 1):
        task = task.claim(NOW).release(attempt, BROKEN, NOW)
    ended = task.claim(NOW)
    assert (ended.state, ended.attempt) == (TaskState.FAILED, 2 * MAX_ATTEMPTS)


def test_a_failure_on_the_way_is_forgotten_once_the_source_is_there() -> None:
    fetching = PULLED.claim(NOW).release(1, BROKEN, NOW).claim(NOW)
    assert fetching.fetched(2, ARRIVED, 9, NOW).failure is None


@pytest.mark.parametrize(
    "task", [NEW, NEW.claim(NOW), NEW.claim(NOW).release(1, BROKEN, NOW), PULLED, PULLED.claim(NOW)]
)
def test_a_task_is_canceled_before_its_images_are_published(task: Task) -> None:
    first, second = task.outputs
    canceled = replace(task, outputs=(first.fail(BROKEN), second)).cancel(NOW + 7)
    assert (canceled.state, canceled.ended_ms, canceled.lease_until_ms) == (TaskState.CANCELED, NOW + 7, 0)
    assert canceled.due_at_ms == NOW + 7 + TELLING_OVERDUE_MS
    assert (canceled.revision, canceled.row_version) == (task.revision + 1, task.row_version + 1)
    kept, ended = (output.failure for output in canceled.outputs)
    assert canceled.failure is not None
    assert canceled.failure.code is ErrorCode.TASK_CANCELED
    assert (kept, ended) == (BROKEN, canceled.failure)


def test_whoever_works_on_a_canceled_task_has_lost_it() -> None:
    canceled = NEW.claim(NOW).cancel(NOW)
    assert not canceled.is_held_by(1)
    with pytest.raises(LeaseLostError):
        canceled.settle(1, MEDIA, made(canceled))
    with pytest.raises(NotClaimableError):
        canceled.claim(NOW + LEASE_MS)


def test_it_may_be_too_late_to_cancel() -> None:
    claimed = NEW.claim(NOW)
    settled = claimed.settle(1, MEDIA, made(claimed))
    for late in (settled, settled.finish(1, NOW), claimed.fail(1, BROKEN, NOW), NEW.cancel(NOW)):
        with pytest.raises(NotCancelableError):
            late.cancel(NOW)


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({}, True),
        ({"procedure": "another", "created_ms": 1}, True),
        ({"source": ARRIVED}, False),
        ({"project_id": "q" * 32}, False),
        ({"session_id": "s"}, False),
    ],
)
def test_an_upload_is_the_same_work_by_its_object_version(changes: dict[str, object], same: bool) -> None:  # noqa: FBT001  # a table's column
    other = replace(NEW, **changes)  # type: ignore[arg-type]
    assert is_same_work(NEW, other) is is_same_work(other, NEW) is same


@pytest.mark.parametrize(
    ("changes", "same"),
    [({}, True), ({"source": ARRIVED}, True), ({"session_id": "t"}, False), ({"project_id": "q" * 32}, False)],
)
def test_a_call_is_the_same_work_by_its_session(changes: dict[str, object], same: bool) -> None:  # noqa: FBT001  # a table's column
    called = replace(NEW, session_id="s")
    assert is_same_work(called, replace(called, **changes)) is same  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("origin", "same"),
    [
        ("https://films.example/a.mp4?key=secret", True),
        ("https://films.example/a.mp4?key=another", True),
        ("https://films.example/a.mp4", True),
        ("https://films.example/b.mp4?key=secret", False),
        ("https://other.example/a.mp4?key=secret", False),
        ("", False),
    ],
)
def test_a_fetched_source_is_the_same_work_by_its_address_without_the_query(origin: str, same: bool) -> None:  # noqa: FBT001  # a table's column
    claimed = PULLED.claim(NOW)
    fetched = claimed.fetched(1, ARRIVED, 9, NOW)
    other = replace(PULLED, origin=origin)
    for row in (PULLED, fetched, fetched.cancel(NOW)):
        assert is_same_work(row, other) is is_same_work(other, row) is same


def test_a_release_leaves_the_row_to_its_message_for_a_while() -> None:
    released = NEW.claim(NOW).release(1, BROKEN, NOW + 1)
    assert (released.lease_until_ms, released.due_at_ms) == (NOW + 1, NOW + 1 + RETRY_OVERDUE_MS)


def test_a_row_that_stays_overdue_is_looked_at_at_twice_the_distance_each_time() -> None:
    row, distances = NEW, []
    for _ in range(8):
        before_ms = row.due_at_ms
        row = row.looked_at(before_ms)
        distances.append((row.due_at_ms - before_ms) // WAITING_OVERDUE_MS)
    assert distances == [1, 2, 4, 8, 16, 24, 24, 24]
    assert LOOKED_AT_EVERY_MS == 24 * WAITING_OVERDUE_MS


def test_a_look_tells_nobody_and_changes_nothing_else() -> None:
    claimed = NEW.claim(NOW)
    failed = claimed.fail(1, BROKEN, NOW)
    for row, first_ms in ((NEW, WAITING_OVERDUE_MS), (claimed, RETRY_OVERDUE_MS), (failed, TELLING_OVERDUE_MS)):
        looked_at = row.looked_at(NOW + 1)
        assert looked_at == replace(row, due_at_ms=NOW + 1 + first_ms, revision=row.revision + 1)


def test_a_row_is_exhausted_only_when_nobody_holds_its_last_try() -> None:
    row = NEW
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert not row.is_exhausted(NOW)
        row = row.claim(NOW)
        assert not row.is_exhausted(NOW)
        assert row.is_exhausted(NOW + LEASE_MS) is (attempt == MAX_ATTEMPTS)
        row = row.release(attempt, BROKEN, NOW)
    assert row.is_exhausted(NOW)
    assert not row.claim(NOW).is_exhausted(NOW + LEASE_MS)


def test_a_redriven_task_has_all_its_tries_again_and_says_how_many_failed() -> None:
    row = NEW
    for life in (1, 2):
        for _ in range(MAX_ATTEMPTS):
            row = row.claim(NOW)
            assert row.state is TaskState.PROCESSING
            row = row.release(row.attempt, BROKEN, NOW)
        row = row.claim(NOW)
        assert row.failure is not None
        assert (row.state, row.attempt) == (TaskState.FAILED, life * MAX_ATTEMPTS)
        assert f"tried {MAX_ATTEMPTS} times" in row.failure.message
        row = row.redriven(NOW)


def test_a_worker_of_before_is_not_taken_for_one_of_now() -> None:
    first = NEW.claim(NOW)
    again = first.fail(1, BROKEN, NOW).redriven(NOW).claim(NOW)
    assert again.attempt == 2
    with pytest.raises(LeaseLostError):
        again.settle(first.attempt, MEDIA, made(again))


def test_the_query_of_an_address_is_kept_only_for_a_source_that_could_not_be_had() -> None:
    fetching = PULLED.claim(NOW)
    assert fetching.fail(1, BROKEN, NOW).origin == PULLED.origin
    assert fetching.cancel(NOW).origin == "https://films.example/a.mp4"
    assert fetching.fetched(1, ARRIVED, 9, NOW).origin == "https://films.example/a.mp4"


@pytest.mark.parametrize(
    "row", [NEW, NEW.claim(NOW), NEW.cancel(NOW), NEW.claim(NOW).settle(1, MEDIA, made(NEW)).finish(1, NOW)]
)
def test_only_what_has_failed_is_brought_back(row: Task) -> None:
    with pytest.raises(NotRedrivableError):
        row.redriven(NOW)


def test_of_a_pull_whose_procedure_was_missing_nothing_is_brought_back() -> None:
    """It would end well without an image."""
    refused = replace(PULLED, outputs=(), procedure="missing").refuse(BROKEN)
    with pytest.raises(NotRedrivableError):
        refused.redriven(NOW)
    assert replace(refused, procedure="").redriven(NOW).state is TaskState.INIT


class TaskLife(RuleBasedStateMachine):
    """Any history of fetching, claims, renewals, ends and time."""

    MOVES = {
        TaskState.INIT: {TaskState.WAITING, TaskState.FAILED, TaskState.CANCELED},
        TaskState.WAITING: {TaskState.PROCESSING, TaskState.CANCELED},
        TaskState.PROCESSING: {TaskState.PROCESSING, TaskState.SUCCEED, TaskState.FAILED, TaskState.CANCELED},
    }
    #: What the holder of a task may do with it, by its state.
    DEEDS = {
        TaskState.INIT: ["renew", "release", "fetched", "fail"],
        TaskState.PROCESSING: ["renew", "release", "settle", "finish", "fail"],
    }

    @initialize(task=st.sampled_from([NEW, PULLED]))
    def start(self, task: Task) -> None:
        self.now = NOW
        self.task = task
        self.tries = 2 * MAX_ATTEMPTS if task.origin else MAX_ATTEMPTS

    def _become(self, after: Task) -> None:
        before = self.task
        if after.state is not before.state:
            assert after.state in self.MOVES[before.state]
        told = (after.state, after.outputs) != (before.state, before.outputs)
        assert after.revision == before.revision + 1
        if after.state.is_final or after.state is not before.state:
            assert after.row_version == before.row_version + 1
        elif not told:
            assert after.row_version in {before.row_version, before.row_version + 1}
        self.task = after

    @rule(milliseconds=st.integers(0, 2 * LEASE_MS))
    def pass_time(self, milliseconds: int) -> None:
        self.now += milliseconds

    @rule()
    def claim(self) -> None:
        free = self.task.state is TaskState.WAITING or (
            self.task.state in self.DEEDS and self.task.lease_until_ms <= self.now
        )
        try:
            claimed = self.task.claim(self.now)
        except NotClaimableError:
            assert not free
        else:
            assert free
            self._become(claimed)

    @rule()
    def cancel(self) -> None:
        late = self.task.state.is_final or self.task.winner > 0
        try:
            canceled = self.task.cancel(self.now)
        except NotCancelableError:
            assert late
        else:
            assert not late
            self._become(canceled)

    @rule(attempt=st.integers(1, 2 * MAX_ATTEMPTS), data=st.data())
    def act(self, attempt: int, data: st.DataObject) -> None:
        holds = self.task.state in self.DEEDS and self.task.attempt == attempt
        assert self.task.is_held_by(attempt) is holds
        deeds: dict[str, Callable[[], Task]] = {
            "renew": lambda: self.task.renew(attempt, self.now),
            "release": lambda: self.task.release(attempt, BROKEN, self.now),
            "fetched": lambda: self.task.fetched(attempt, ARRIVED, 9, self.now),
            "settle": lambda: self.task.settle(attempt, MEDIA, made(self.task)),
            "finish": lambda: self.task.finish(attempt, self.now),
            "fail": lambda: self.task.fail(attempt, BROKEN, self.now),
        }
        deed = data.draw(st.sampled_from(self.DEEDS.get(self.task.state, sorted(deeds))))
        try:
            after = deeds[deed]()
        except LeaseLostError:
            assert not holds
        else:
            assert holds
            self._become(after)

    @invariant()
    def attempts_are_bounded(self) -> None:
        if hasattr(self, "task"):
            assert self.task.attempt <= self.tries or self.task.winner  # then somebody has to clean up
            assert self.task.winner <= self.task.attempt

    @invariant()
    def a_canceled_task_publishes_nothing(self) -> None:
        if hasattr(self, "task") and self.task.state is TaskState.CANCELED:
            assert self.task.winner == 0
            assert {output.state for output in self.task.outputs} == {OutputState.FAILED}

    @invariant()
    def a_source_is_known_once_somebody_works_with_it(self) -> None:
        if hasattr(self, "task") and self.task.state in {TaskState.WAITING, TaskState.PROCESSING}:
            assert self.task.file_id > 0

    @invariant()
    def somebody_will_look(self) -> None:
        if hasattr(self, "task"):
            assert self.task.due_at_ms > 0


TestTaskLife = TaskLife.TestCase
