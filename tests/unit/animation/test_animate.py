"""Frames meet a plan's timing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from cliploop.animation.animate import animate
from cliploop.animation.verify import ImageFacts, verify
from cliploop.animation.writer import Frame
from cliploop.domain.plan import OutputPlan
from cliploop.domain.section import AppliedSection
from cliploop.domain.template import ImageFormat

PLAN = OutputPlan(
    format=ImageFormat.GIF,
    stream_index=0,
    section=AppliedSection(0, 1000),
    width=8,
    height=8,
    rate=Fraction(12),
    frames=12,
    quality=75,
    loop=0,
    max_bytes=1 << 20,
)
FORMATS = pytest.mark.parametrize("format_", list(ImageFormat))


def frames(count: int) -> Iterator[Frame]:
    """Two buffers by turns, as a pipe's reader has them."""
    pair = [np.zeros((8, 8, 3), np.uint8) for _ in range(2)]
    for number in range(count):
        pair[number % 2][:] = number * 20
        yield pair[number % 2]


def made(plan: OutputPlan, count: int, folder: Path) -> ImageFacts | None:
    path = folder / "image"
    written = animate(frames(count), plan, path, lambda: None)
    return verify(path, plan.format, written.settings, written.delays) if written else None


@FORMATS
def test_as_many_as_planned(tmp_path: Path, format_: ImageFormat) -> None:
    facts = made(replace(PLAN, format=format_), 12, tmp_path)
    assert facts is not None
    assert (facts.frames, facts.duration_ms) == (12, 1000)


@FORMATS
@pytest.mark.parametrize("count", [1, 5, 11])
def test_the_last_frame_stands_in_for_those_that_did_not_come(
    tmp_path: Path, format_: ImageFormat, count: int
) -> None:
    facts = made(replace(PLAN, format=format_), count, tmp_path)
    assert facts is not None
    assert (facts.frames, facts.duration_ms) == (count, 1000)
    assert facts.durations_ms[-1] == max(facts.durations_ms)


@FORMATS
def test_more_than_planned_are_left_over(tmp_path: Path, format_: ImageFormat) -> None:
    facts = made(replace(PLAN, format=format_), 40, tmp_path)
    assert facts is not None
    assert (facts.frames, facts.duration_ms) == (12, 1000)


def test_none_makes_nothing(tmp_path: Path) -> None:
    assert made(PLAN, 0, tmp_path) is None


def test_a_frame_that_stands_longer_than_the_format_can_say_is_repeated(tmp_path: Path) -> None:
    plan = replace(PLAN, section=AppliedSection(0, 3_600_000), rate=Fraction(1, 3600), frames=1)
    facts = made(plan, 1, tmp_path)
    assert facts is not None
    assert facts.duration_ms == 3_600_000
    assert min(facts.durations_ms) > 1000


def test_a_check_that_raises_ends_it(tmp_path: Path) -> None:
    calls = []

    def check() -> None:
        calls.append(1)
        if len(calls) == 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        animate(frames(12), PLAN, tmp_path / "image", check)
    assert len(calls) == 3
