"""What stays, what is drawn, and what is asked of libwebp for it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cliploop.animation.webp_hold import Box, HeldBlocks, Tiled, bounding_box
from cliploop.animation.webp_quality import Tolerance, evened, tolerance
from cliploop.animation.writer import Frame

TOLERANCE = Tolerance(pixel=7, drift=3)


def plain(value: int, height: int = 20, width: int = 30) -> Frame:
    return np.full((height, width, 3), value, np.uint8)


def held(frame: Frame) -> HeldBlocks:
    canvas = HeldBlocks(TOLERANCE)
    canvas.start(Tiled.of(frame))
    return canvas


def test_a_tiled_frame_is_whole_blocks_and_repeats_its_edge() -> None:
    frame = np.random.default_rng(1).integers(0, 255, (20, 30, 3), np.uint8)
    tiled = Tiled.of(frame)
    assert tiled.pixels.shape == (24, 32, 3)
    assert np.array_equal(tiled.pixels[:20, :30], frame)
    assert np.array_equal(tiled.pixels[23, :30], frame[19])
    assert np.array_equal(tiled.pixels[:20, 31], frame[:, 29])
    assert np.abs(tiled.means[0, 0].astype(float) - frame[:8, :8].mean(axis=(0, 1))).max() <= 1


def test_the_box_holds_every_block_and_no_more() -> None:
    blocks = np.zeros((6, 9), np.bool_)
    blocks[2, 7] = blocks[4, 3] = True
    box = bounding_box(blocks)
    assert box == Box(top=2, left=3, bottom=5, right=8)
    assert box.of(blocks).sum() == 2
    assert bounding_box(np.zeros((3, 3), np.bool_)) is None


def test_at_first_everything_is_drawn() -> None:
    assert HeldBlocks(TOLERANCE).changed(Tiled.of(plain(0))).all()


@pytest.mark.parametrize("channel", [0, 1, 2])
def test_one_pixel_that_changes_draws_its_block(channel: int) -> None:
    frame = plain(100)
    frame[9, 17, channel] = 108
    blocks = held(plain(100)).changed(Tiled.of(frame))
    assert blocks.sum() == 1
    assert blocks[1, 2]


def test_noise_stays_and_drift_does_not() -> None:
    noise = plain(100)
    noise[::2, ::2], noise[1::2, 1::2] = 94, 106
    assert not held(plain(100)).changed(Tiled.of(noise)).any()
    assert held(plain(100)).changed(Tiled.of(plain(104))).all()


def test_drift_is_measured_from_what_was_drawn() -> None:
    canvas, redrawn = held(plain(0)), []
    for value in range(1, 13):
        frame = Tiled.of(plain(value))
        blocks = canvas.changed(frame)
        if blocks.any():
            canvas.draw(frame, blocks)
            redrawn.append(value)
    assert redrawn == [4, 8, 12]


def test_where_a_part_ends_no_drift_passes_a_mark() -> None:
    canvas = held(plain(98))
    assert not canvas.changed(Tiled.of(plain(99)), ends=True).any()
    assert not canvas.changed(Tiled.of(plain(100))).any()
    assert canvas.changed(Tiled.of(plain(100)), ends=True).all()


def test_what_is_not_drawn_is_remembered_as_it_was() -> None:
    canvas = held(plain(100))
    frame = plain(100)
    frame[:8] = 200
    frame[8:] = 103
    tiled = Tiled.of(frame)
    blocks = canvas.changed(tiled)
    assert blocks.sum() == 4
    canvas.draw(tiled, blocks)
    assert not canvas.changed(tiled).any()
    frame[8:] = 104
    assert canvas.changed(Tiled.of(frame)).sum() == 8


@given(quality=st.integers(1, 100), held_share=st.floats(0, 1))
def test_libwebp_is_asked_for_more_the_more_is_held(quality: int, held_share: float) -> None:
    assert evened(quality, 0) == pytest.approx(quality)
    assert quality - 1e-6 <= evened(quality, held_share) <= 100 + 1e-6
    assert evened(quality, held_share) <= evened(quality, 1) + 1e-9


def test_a_higher_quality_holds_no_more() -> None:
    found = [(limit.pixel, limit.drift) for limit in map(tolerance, range(1, 101))]
    assert found == sorted(found, reverse=True)
    assert found[-1] == (2, 1)
