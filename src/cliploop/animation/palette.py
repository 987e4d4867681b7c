"""The colours of one GIF frame: chosen where they serve most pixels, grown out of the last frame's."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cliploop.animation.cells import Cells
from cliploop.animation.color_space import Points

#: How far codes of luma, u and v count, squared: an error in v shows most, that is, in what is red or green.
_WEIGHT = np.sqrt(np.array([1.0, 1.0, 1.4], np.float32))
#: Cells that the palette is fitted to in each round; the next round takes others.
_SAMPLE = 4_000
#: Rounds of k-means for a palette that begins, with so many times the sample, and for one that goes on.
_FIRST_ROUNDS, _FIRST_SAMPLE, _ROUNDS = 8, 4, 2
#: So many entries that are missed least are moved to where the error is largest, before the next frame, and in the
#: first rounds of a palette that begins.
_MOVED, _MOVING_ROUNDS = 16, 5
#: How a cell's pixels count there: less than in proportion, lest small things of a colour of their own lose it.
_COUNTS = 0.75
_GOLDEN = 0.6180339887498949
#: A palette that fits so much worse than the last one did (in squared codes) belongs to another scene.
_WORSE_BY, _WORSE_FLOOR = 2.0, 12.0
#: A colour that so large a share of the pixels has is shown exactly, up to so many of them: backgrounds, titles and
#: bars are flat, and the mean of a cluster would lie beside each.
_OWN, _MOST_OWN = 0.004, 64
#: Points that are compared at a time: they stay in the cache, and BLAS does not wake its other threads, which would
#: spin on the processors that decode (OpenBLAS stays on one thread up to 262,144 multiplications).
_PRODUCTS = 65_536
_ROWS, _FEW_ROWS = 1024, 256
_WINDOW = 16
_AROUND = np.array([-_WINDOW, _WINDOW], np.float32)

Choice = NDArray[np.uint8]


class PaletteMaker:
    """Gives each frame a palette that grows out of the last one's, so that colours do not jump between frames."""

    def __init__(self, colors: int) -> None:
        """Use at most ``colors`` (2-255) a frame."""
        self._colors = colors
        self._centres: Points | None = None
        self._error = 0.0
        self._turn = 0

    def palette(self, cells: Cells) -> Points:
        """(colours, 3) YUV codes."""
        if len(cells.points) <= self._colors:
            return cells.points
        # What a cell of one pixel holds is worth showing, too.
        weight = cells.count + np.float32(0.25)
        if self._centres is None or not self._goes_on(cells.points, weight):
            self._begin(cells.points, weight)
        return _with_own(cast("Points", self._centres), cells)

    def learn(self, cells: Cells, found: Choice, error: Points) -> None:
        """Take note of how the palette served: which entry each cell got, and how far off it is, squared.

        The next palette begins with the entries that served least moved to the cells that were served worst.
        """
        if self._centres is None or len(cells.points) <= self._colors:
            return
        self._centres = _moved(cells.points, cells.count, self._centres, found, error)

    def _goes_on(self, points: Points, weight: Points) -> bool:
        """Adapt the last frame's palette to this one; False where that is another scene."""
        centres = cast("Points", self._centres)
        usual = self._error
        for _ in range(_ROUNDS):
            some, weights = self._sample(points, weight, _SAMPLE)
            found, error = _closest(some * _WEIGHT, centres * _WEIGHT)
            self._error = float((error * weights).sum() / weights.sum())
            if self._error > _WORSE_FLOOR + _WORSE_BY * usual:
                return False
            centres = _means(some, weights, centres, found)
        self._centres = centres
        return True

    def _begin(self, points: Points, weight: Points) -> None:
        centres = _median_cut(*self._sample(points, weight, _SAMPLE), self._colors)
        some, weights = self._sample(points, weight, _FIRST_SAMPLE * _SAMPLE)
        for round_ in range(_FIRST_ROUNDS):
            found, error = _closest(some * _WEIGHT, centres * _WEIGHT)
            self._error = float((error * weights).sum() / weights.sum())
            centres = _means(some, weights, centres, found)
            if round_ < _MOVING_ROUNDS:
                centres = _moved(some, weights, centres, found, error)
        self._centres = centres

    def _sample(self, points: Points, weight: Points, size: int) -> tuple[Points, Points]:
        # Multiples of the golden ratio fall evenly on every step and are in step with nothing, so every cell's turn
        # comes.
        step = -(-len(points) // size)
        self._turn += 1
        chosen = slice(int(self._turn * _GOLDEN % 1 * step), None, step)
        return points[chosen], weight[chosen]


def nearest(points: Points, palette: Points) -> tuple[Choice, Points]:
    """For each point, in the order of luma, the entry that looks most like it, and the squared difference."""
    found, error = _closest(points * _WEIGHT, palette * _WEIGHT)
    return found.astype(np.uint8), error


def _closest(points: Points, centres: Points) -> tuple[NDArray[np.intp], Points]:
    """For each point the nearest centre and the squared distance to it.

    Points come in the order of luma, so that those of one block lie within a few codes of it, and only centres of
    about that luma are compared; where one outside might be nearer, all are.
    """
    order = np.argsort(centres[:, 0])
    luma = centres[order, 0]
    score = _score(centres)
    sorted_score = score[:, order]
    extended = np.ones((len(points), 4), np.float32)
    extended[:, :3] = points
    found = np.empty(len(points), np.intp)
    start = 0
    while start < len(points):
        end = min(len(points), start + _ROWS)
        low, high = luma.searchsorted(points[[start, end - 1], 0] + _AROUND)
        low, high = min(low, len(luma) - 1), max(high, low + 1)
        end = min(end, start + _PRODUCTS // (high - low))
        (extended[start:end] @ sorted_score[:, low:high]).argmin(axis=1, out=found[start:end])
        found[start:end] += low
        start = end
    found = order.take(found)
    apart = points - centres.take(found, axis=0)
    error: Points = np.einsum("ij,ij->i", apart, apart)
    far = np.flatnonzero(error > _WINDOW**2)
    for start in range(0, len(far), _FEW_ROWS):
        some = far[start : start + _FEW_ROWS]
        found[some] = (extended[some] @ score).argmin(axis=1)
        error[some] = ((points[some] - centres[found[some]]) ** 2).sum(axis=1)
    return found, error


def _score(centres: Points) -> Points:
    # |p - c|^2 less |p|^2, halved, as one product: (p, 1) . (-c, |c|^2 / 2).
    score = np.empty((4, len(centres)), np.float32)
    score[:3] = -centres.T
    score[3] = (centres * centres).sum(axis=1) / 2
    return score


def _moved(points: Points, weight: Points, centres: Points, found: NDArray[np.integer[Any]], error: Points) -> Points:
    """The centres with those that are missed least put where the error is largest, as far as that is a gain."""
    count = min(_MOVED, len(centres) // 8, len(points) - 1)
    want = error * weight**_COUNTS
    worst = np.argpartition(want, -count)[-count:]
    worst = worst[np.argsort(-want[worst])]
    missed = np.bincount(found, weight, len(centres)) ** _COUNTS * _to_the_next(centres)
    least = np.argpartition(missed, count)[:count]
    least = least[np.argsort(missed[least])]
    gains = want[worst] > missed[least]
    moved = centres.copy()
    moved[least[gains]] = points[worst[gains]]
    return moved


def _to_the_next(centres: Points) -> Points:
    """The squared distance from each centre to the nearest other one."""
    weighted = centres * _WEIGHT
    square = np.einsum("ij,ij->i", weighted, weighted)
    apart = square[:, None] + square - 2 * (weighted @ weighted.T)
    np.fill_diagonal(apart, np.inf)
    nearest_other: Points = apart.min(axis=1)
    return nearest_other


def _means(points: Points, weight: Points, centres: Points, found: NDArray[np.intp]) -> Points:
    """One round of k-means: each centre goes to the middle of its points."""
    serves = np.bincount(found, weight, len(centres))
    sums = [np.bincount(found, weight * points[:, channel], len(centres)) for channel in range(3)]
    means = np.stack(sums, axis=1) / np.maximum(serves, 1e-9)[:, None]
    return np.where(serves[:, None] > 0, means, centres).astype(np.float32)


def _median_cut(points: Points, weight: Points, colors: int) -> Points:
    times = np.clip(weight * (20_000 / weight.sum()), 1, 500).astype(np.intp)
    row = np.clip(np.rint(points), 0, 255).astype(np.uint8).repeat(times, axis=0)[None]
    reduced = Image.fromarray(row).quantize(colors, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    found = np.array(reduced.getpalette(), np.float32).reshape(-1, 3)[:colors]
    return np.resize(found, (colors, 3))


def _with_own(centres: Points, cells: Cells) -> Points:
    """The centres with the nearest to each frequent colour moved onto it."""
    least = _OWN * cells.count.sum()
    frequent = np.flatnonzero(cells.count >= least)
    frequent = frequent[np.argsort(-cells.count[frequent])[:_MOST_OWN]]
    exact = centres.copy()
    apart = ((centres - cells.points[frequent][:, None]) ** 2).sum(axis=2)
    for color, distance in zip(frequent, apart, strict=True):
        entry = distance.argmin()
        exact[entry] = cells.points[color]
        apart[:, entry] = np.inf
    return exact
