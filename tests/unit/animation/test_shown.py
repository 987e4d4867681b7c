"""What of a picture is drawn, given what is shown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cliploop.animation.planes import Box, Planes
from cliploop.animation.shown import Changes, Shown


def plain(luma: int = 100, height: int = 16, width: int = 24) -> Planes:
    half = (height // 2, width // 2)
    return Planes(np.full((height, width), luma, np.uint8), np.full(half, 90, np.uint8), np.full(half, 160, np.uint8))


def drawn(shown: Shown, frame: Planes, *, ends: bool = False) -> Changes | None:
    """Draw what has changed, without an error."""
    changes = shown.changes(frame, ends=ends)
    if changes is not None:
        shown.draw(frame, changes, changes.mask, changes.picture.y)
    return changes


def test_at_first_everything_is_drawn_and_then_nothing() -> None:
    shown = Shown(1.0)
    first = drawn(shown, plain())
    assert first is not None
    assert first.box == Box(0, 0, 24, 16)
    assert first.mask.all()
    assert drawn(shown, plain()) is None


def test_the_box_holds_whole_squares_of_chroma_and_no_more() -> None:
    shown, frame = Shown(1.0), plain()
    drawn(shown, frame)
    frame.y[5, 7] = frame.y[10, 3] = 200
    changes = shown.changes(frame)
    assert changes is not None
    assert changes.box == Box(left=2, top=4, width=6, height=8)
    assert changes.mask.sum() == 2
    assert changes.picture.u.shape == (4, 3)
    assert sorted(divmod(int(pixel), 6) for pixel in changes.pixels) == [(1, 5), (6, 1)]


def test_drift_is_measured_from_what_is_shown() -> None:
    shown = Shown(1.0)
    redrawn = [value for value in range(100, 110) if drawn(shown, plain(value))]
    # One pixel in many is off by just the tolerance of 2 and nothing else is drawn: that is left.
    assert redrawn == [100, 103, 106, 109]


@pytest.mark.parametrize("plane", ["u", "v"])
def test_a_change_of_chroma_is_a_change_of_four_pixels(plane: str) -> None:
    shown, frame = Shown(1.0), plain()
    drawn(shown, frame)
    getattr(frame, plane)[3, 4] += 9
    changes = shown.changes(frame)
    assert changes is not None
    assert changes.box == Box(left=8, top=6, width=2, height=2)
    assert (changes.error == 255).all()  # it is drawn however near its luma is


def test_texture_hides_what_a_plain_area_shows() -> None:
    frame = plain()
    frame.y[:, 12:] = 60 + 70 * (np.arange(12) % 2).astype(np.uint8)
    shown = Shown(1.0)
    drawn(shown, frame)
    brighter = replace(frame, y=frame.y + np.uint8(6))
    changes = shown.changes(brighter)
    assert changes is not None
    assert changes.box.left + changes.box.width <= 16


def test_with_nothing_held_the_smallest_change_is_drawn() -> None:
    shown, frame = Shown(0.0), plain()
    drawn(shown, frame)
    frame.y[0, 0] += 1
    frame.u[7, 11] -= 1
    changes = shown.changes(frame)
    assert changes is not None
    assert changes.mask.sum() == 5


def test_what_has_slowly_drifted_is_drawn_when_a_part_ends() -> None:
    shown = Shown(1.0)
    drawn(shown, plain(99))
    assert shown.changes(plain(101)) is None
    assert shown.changes(plain(101), ends=True) is not None
    redder = replace(plain(99), v=np.full((8, 12), 161, np.uint8))
    assert shown.changes(redder, ends=True) is None  # it has crossed no mark yet: those are multiples of 4


def test_grain_does_not_drift() -> None:
    shown, frame = Shown(1.0), plain(99, 64, 64)
    drawn(shown, frame)
    grain = np.random.default_rng(0).integers(0, 3, frame.y.shape, np.uint8)
    assert shown.changes(replace(frame, y=frame.y - 1 + grain), ends=True) is None


def test_what_another_part_has_drawn_is_not_drawn_again() -> None:
    shown = Shown(1.0)
    shown.prime(plain(100))
    assert shown.changes(plain(101)) is None
    assert shown.changes(plain(120)) is not None


def test_what_is_transparent_is_not_drawn() -> None:
    shown = Shown(1.0)
    opaque = np.zeros((16, 24), np.bool_)
    opaque[4:8, 4:8] = True
    changes = drawn(shown, replace(plain(), opaque=opaque))
    assert changes is not None
    assert changes.box == Box(4, 4, 4, 4)
    opaque[4:8, 8:10] = True
    changes = shown.changes(replace(plain(), opaque=opaque))
    assert changes is not None
    assert changes.box == Box(8, 4, 2, 4)
