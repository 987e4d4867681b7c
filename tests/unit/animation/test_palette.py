"""Which colours a frame gets."""

from __future__ import annotations

import numpy as np
import pytest

from cliploop.animation.cells import CellMaker, Cells
from cliploop.animation.matching import nearest
from cliploop.animation.palette import PaletteMaker
from cliploop.animation.planes import Plane, Planes


def cells_of(y: Plane, u: Plane, v: Plane) -> Cells:
    every = np.ones(y.shape, np.bool_)
    return CellMaker().cells(Planes(y, u, v), every, np.arange(y.size))


def noise(seed: int, height: int = 60, width: int = 80) -> list[Plane]:
    chance = np.random.default_rng(seed)
    return [chance.integers(16, 236, (height, width), np.uint8) for _ in range(3)]


def test_every_pixel_lies_in_the_cell_of_its_colour() -> None:
    y, u, v = (np.arange(6, dtype=np.uint8).reshape(2, 3) * 9 + start for start in (20, 100, 150))
    cells = cells_of(y, u, v)
    assert cells.count.sum() == 6
    found = cells.points[np.searchsorted(cells.used, cells.of_pixel)]
    assert (found == np.stack([y.ravel(), u.ravel(), v.ravel()], axis=1)).all()


def test_cells_grow_coarser_where_there_are_many_colours() -> None:
    few = cells_of(*(plane // 32 * 32 for plane in noise(0)))
    assert np.unique(few.points % 1).tolist() == [0.0]  # whole codes
    many = cells_of(*noise(0, 200, 200))
    assert len(np.unique(many.points[:, 1:], axis=0)) <= 2048


def test_few_colours_are_shown_exactly() -> None:
    cells = cells_of(*(plane // 64 * 64 for plane in noise(1)))
    assert len(cells.points) <= 64
    assert (PaletteMaker(255).palette(cells) == cells.points).all()


def test_flat_colours_are_exact_among_many_that_are_near() -> None:
    # Sixteen bars of one colour each, a tenth of each noisy, 1,500 colours for 255 places.
    y, u, v = noise(2, 90, 160)
    flat = np.random.default_rng(3).integers(16, 236, (3, 16), np.uint8)
    for plane, codes in zip((y, u, v), flat, strict=True):
        plane[:81] = codes.repeat(10)
    cells = cells_of(y, u, v)
    palette = PaletteMaker(255).palette(cells)
    for color in flat.T.astype(np.float32):
        own = np.flatnonzero((cells.points == color).all(axis=1))
        assert (palette[nearest(cells.points[own], palette)[0]] == color).all()


@pytest.mark.parametrize("spread", [5, 60, 110])
def test_the_nearest_is_the_nearest_of_all(spread: int) -> None:
    """Only entries of about the same luma are looked at first; colours far from all others need the whole table."""
    chance = np.random.default_rng(spread)
    points = (128 + chance.normal(0, spread, (5000, 3))).astype(np.float32)
    points = points[np.argsort(points[:, 0])]
    palette = (128 + chance.normal(0, 30, (255, 3))).astype(np.float32)
    weight = np.array([1, 1, 1.4], np.float32)
    distance = ((points[:, None] - palette) ** 2 * weight).sum(axis=2)
    found, error = nearest(points, palette)
    best = distance.min(axis=1)
    assert np.allclose(distance[np.arange(len(points)), found], best, rtol=1e-3, atol=0.5)
    assert np.allclose(error, best, rtol=1e-3, atol=0.5)


def test_a_palette_goes_on_while_the_scene_does() -> None:
    maker, cells = PaletteMaker(32), cells_of(*noise(4))
    first = maker.palette(cells)
    second = maker.palette(cells)
    moved = np.abs(first[:, None] - second).max(axis=2).min(axis=1)
    assert np.median(moved) < 8


def test_another_scene_gets_another_palette() -> None:
    maker = PaletteMaker(32)
    maker.palette(cells_of(*(plane // 8 + 16 for plane in noise(5))))
    bright = cells_of(*(plane // 8 + 200 for plane in noise(6)))
    palette = maker.palette(bright)
    error = np.abs(bright.points - palette[nearest(bright.points, palette)[0]]).mean()
    assert error < 3


def test_a_rare_colour_survives() -> None:
    y, u, v = (plane // 6 + 100 for plane in noise(7, 100, 100))
    y[50:54, 50:54], u[50:54, 50:54], v[50:54, 50:54] = 210, 16, 146
    maker, cells = PaletteMaker(255), cells_of(y, u, v)
    for _ in range(3):
        palette = maker.palette(cells)
        maker.learn(cells, *nearest(cells.points, palette))
    palette = maker.palette(cells)
    assert np.abs(palette - (210, 16, 146)).max(axis=1).min() < 8


def test_a_ground_keeps_its_colour_when_little_of_it_is_drawn() -> None:
    """Behind what moves through a drawing, a few pixels of the ground come back among many other colours."""
    ground = (120, 90, 60)
    maker = PaletteMaker(32)
    planes = [plane // 24 * 24 for plane in noise(8)]
    for plane, code in zip(planes, ground, strict=True):
        plane[:30] = code
    maker.palette(cells_of(*planes))
    later = [plane // 24 * 24 for plane in noise(9)]
    for plane, code in zip(later, ground, strict=True):
        plane[0, :6] = code
    assert (maker.palette(cells_of(*later)) == ground).all(axis=1).any()
    assert not (PaletteMaker(32).palette(cells_of(*later)) == ground).all(axis=1).any()
