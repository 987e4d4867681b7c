"""What is drawn, and in which colours."""

from __future__ import annotations

import numpy as np
import pytest

from cliploop.animation.held import Box, HeldCanvas, bounding_box
from cliploop.animation.palette import Quantizer


def test_the_box_holds_every_pixel_and_no_more() -> None:
    mask = np.zeros((20, 30), np.bool_)
    mask[4, 7] = mask[11, 3] = True
    box = bounding_box(mask)
    assert box == Box(left=3, top=4, width=5, height=8)
    assert box.of(mask).sum() == 2
    assert bounding_box(np.zeros((3, 3), np.bool_)) is None


def test_drift_is_measured_from_what_was_drawn() -> None:
    canvas = HeldCanvas(1, 1, tolerance=2)
    redrawn = []
    for value in range(10):
        frame = np.full((1, 1, 3), value, np.uint8)
        mask = canvas.changed(frame)
        if mask.any():
            canvas.draw(frame, mask)
            redrawn.append(value)
    assert redrawn == [0, 3, 6, 9]


@pytest.mark.parametrize("channel", [0, 1, 2])
def test_a_change_in_one_channel_is_a_change(channel: int) -> None:
    canvas = HeldCanvas(1, 1, tolerance=2)
    dark = np.zeros((1, 1, 3), np.uint8)
    canvas.draw(dark, canvas.changed(dark))
    dark[0, 0, channel] = 3
    assert canvas.changed(dark).all()


def test_few_colours_are_kept_exactly() -> None:
    colors = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [12, 34, 56]], np.uint8)
    pixels = colors[np.random.default_rng(1).integers(0, 4, (40, 60))]
    made = Quantizer(255).quantize(pixels, np.ones((40, 60), np.bool_))
    assert np.abs(made.table[made.indices].astype(int) - pixels).max() <= 2


def test_a_cut_to_another_scene_gets_its_own_colours() -> None:
    quantizer = Quantizer(255)
    drawn = np.ones((64, 64), np.bool_)
    rng = np.random.default_rng(2)
    warm = rng.integers(0, 80, (64, 64, 3), np.uint8) + np.array([170, 90, 0], np.uint8)
    cold = rng.integers(0, 80, (64, 64, 3), np.uint8) + np.array([0, 90, 170], np.uint8)
    fresh = error_of(Quantizer(255), cold, drawn)
    error_of(quantizer, warm, drawn)
    assert error_of(quantizer, cold, drawn) < 1.15 * fresh


def error_of(quantizer: Quantizer, pixels: np.ndarray, drawn: np.ndarray) -> float:
    made = quantizer.quantize(pixels, drawn)
    return float(np.abs(made.table[made.indices].astype(int) - pixels).mean())


def test_a_rare_colour_survives() -> None:
    pixels = np.random.default_rng(3).integers(90, 130, (100, 100, 3)).astype(np.uint8)
    pixels[50:54, 50:54] = (255, 240, 0)
    quantizer, drawn = Quantizer(255), np.ones((100, 100), np.bool_)
    quantizer.quantize(pixels, drawn)
    made = quantizer.quantize(pixels, drawn)
    assert np.abs(made.table[made.indices][51, 51].astype(int) - (255, 240, 0)).max() < 30


@pytest.mark.parametrize("colors", [16, 67, 255])
def test_no_pixel_gets_the_transparent_index(colors: int) -> None:
    pixels = np.random.default_rng(4).integers(0, 255, (50, 50, 3)).astype(np.uint8)
    made = Quantizer(colors).quantize(pixels, np.ones((50, 50), np.bool_))
    assert made.indices.max() < colors
    assert made.table.shape == (256, 3)
