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
from cliploop.domain.plan import plan_output
from cliploop.domain.procedure import BUILT_IN_PROCEDURES
from cliploop.domain.task import (
    LEASE_MS,
    MAX_ATTEMPTS,
    LeaseLostError,
    NotClaimableError,
    Output,
    OutputState,
    StoredImage,
    Task,
    TaskState,
)

NOW = 1_700_000_000_000
PREVIEW = BUILT_IN_PROCEDURES["preview"]
MEDIA = MediaInfo("mov", 10_000, 1, 1, (VideoStream(0, "h264", 640, 360, Fraction(30)),))
BROKEN = Failure(ErrorCode.SOURCE_MALFORMED, "The file is broken.")
IMAGE = StoredImage("b", "k", 1_000, "0" * 32, 480, 270, 60, 5_000)

NEW = Task(
    project_id="p" * 32,
    task_id=1,
    file_id=2,
    source=ObjectVersion("b", "k", "v"),
    procedure="preview",
    outputs=tuple(Output(use) for use in PREVIEW.uses),
    created_ms=NOW,
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


class TaskLife(RuleBasedStateMachine):
    """Any history of claims, renewals, ends and time."""

    MOVES = {
        TaskState.WAITING: {TaskState.PROCESSING},
        TaskState.PROCESSING: {TaskState.PROCESSING, TaskState.SUCCEED, TaskState.FAILED},
    }

    @initialize()
    def start(self) -> None:
        self.now = NOW
        self.task = NEW
        self.holders: list[int] = []

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
            self.task.state is TaskState.PROCESSING and self.task.lease_until_ms <= self.now
        )
        try:
            claimed = self.task.claim(self.now)
        except NotClaimableError:
            assert not free
        else:
            assert free
            self._become(claimed)

    @rule(
        attempt=st.integers(1, MAX_ATTEMPTS),
        deed=st.sampled_from(["renew", "release", "settle", "finish", "fail"]),
    )
    def act(self, attempt: int, deed: str) -> None:
        holds = self.task.state is TaskState.PROCESSING and self.task.attempt == attempt
        deeds = {
            "renew": lambda: self.task.renew(attempt, self.now),
            "release": lambda: self.task.release(attempt, BROKEN, self.now),
            "settle": lambda: self.task.settle(attempt, MEDIA, made(self.task)),
            "finish": lambda: self.task.finish(attempt, self.now),
            "fail": lambda: self.task.fail(attempt, BROKEN, self.now),
        }
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
            assert self.task.attempt <= MAX_ATTEMPTS
            assert self.task.winner <= self.task.attempt

    @invariant()
    def somebody_will_look(self) -> None:
        if hasattr(self, "task"):
            assert self.task.due_at_ms > 0


TestTaskLife = TaskLife.TestCase
