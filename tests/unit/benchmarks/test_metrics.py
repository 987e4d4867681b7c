from __future__ import annotations

import numpy as np
import pytest

from benchmarks.encoders.metrics import Frame, Plane, blemishes, block_error, unrest


def plane(height: int, width: int, value: int = 128) -> Plane:
    return np.full((height, width), value, np.uint8)


def frame(luma: int = 128, blue: int = 128, red: int = 128) -> Frame:
    return plane(32, 48, luma), plane(16, 24, blue), plane(16, 24, red)


def test_a_copy_has_no_blemish() -> None:
    chance = np.random.default_rng(3)
    noise = [(chance.integers(0, 256, (32, 48), np.uint8), plane(16, 24), plane(16, 24)) for _ in range(3)]
    found = blemishes((each, each) for each in noise)
    assert found.blocks == (0, 0, 0)
    # A copy keeps the steps of 1 that count as standing still.
    assert found.flicker <= 1


def test_a_shift_of_colour_is_told_by_plane() -> None:
    found = blemishes([(frame(), frame(luma=126, blue=133, red=128))] * 2)
    assert found.blocks == pytest.approx((2, 5, 0))
    assert found.flicker == 0


def test_dither_around_the_right_mean_is_no_error_of_blocks() -> None:
    checks = np.indices((32, 48)).sum(axis=0) % 2
    dithered = (120 + 16 * checks).astype(np.uint8)
    assert block_error(plane(32, 48, 128), dithered) == 0


def test_what_does_not_fill_a_block_is_left_out() -> None:
    candidate = plane(19, 20)
    candidate[16:] = 0
    candidate[:, 16:] = 0
    assert block_error(plane(19, 20), candidate) == 0


def test_flicker_counts_only_where_the_source_stands_still() -> None:
    source, moved = plane(8, 8), plane(8, 8)
    moved[:, :4] = 200  # moves: whatever happens there is no flicker
    moved[:, 4:] = 129  # as still as a decoder leaves it
    shown, flickered = plane(8, 8), plane(8, 8)
    flickered[:, :4] = 10
    flickered[:, 4:] = 134
    assert unrest((source, shown), (moved, flickered)) == (32 * 6, 32)


def test_a_known_flicker() -> None:
    pairs = [(frame(), frame(luma=128 + 3 * (number % 2))) for number in range(6)]
    assert blemishes(pairs).flicker == pytest.approx(3)


def test_nothing_that_stands_still_cannot_flicker() -> None:
    pairs = [(frame(luma=40 * number), frame(luma=9 * number)) for number in range(4)]
    assert blemishes(pairs).flicker == 0
