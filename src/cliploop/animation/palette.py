"""The colours of one GIF frame: chosen where they serve most pixels, grown out of the last frame's."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cliploop.animation.cells import Cells
from cliploop.animation.color_space import Points
from cliploop.animation.matching import WEIGHT, Choice, nearest

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
#: A colour that so large a share of the pixels has is shown exactly, up to a quarter of the palette: backgrounds,
#: titles and bars are flat, and the mean of a cluster would lie beside each.
_OWN, _SHARE_OWN = 0.004, 4
#: Likewise so many pixels of a colour that was so frequent before; so many of those are remembered.
_OWN_PIXELS, _MOST_GROUNDS = 4, 128


class PaletteMaker:
    """Gives each frame a palette that grows out of the last one's, so that colours do not jump between frames."""

    def __init__(self, colors: int, search: float = 1.0) -> None:
        """Use at most ``colors`` (2-255) a frame; ``search`` longer than 1 for a better fit."""
        self._colors, self._rounds, self._size = colors, round(_ROUNDS * search), round(_SAMPLE * search)
        self._centres: Points | None = None
        self._error = 0.0
        self._turn = 0
        self._grounds = np.empty(0, np.int32)

    def palette(self, cells: Cells) -> Points:
        """(colours, 3) YUV codes."""
        if len(cells.points) <= self._colors:
            return cells.points
        # What a cell of one pixel holds is worth showing, too.
        weight = cells.count + np.float32(0.25)
        if self._centres is None or not self._goes_on(cells.points, weight):
            self._begin(cells.points, weight)
        own = self._own(cells)
        return _with(cells.points[own], cast("Points", self._centres))

    def learn(self, cells: Cells, found: Choice, error: Points) -> None:
        """Take note of how the palette served: which entry each cell got, and how far off it is, squared.

        The next palette begins with the entries that are missed least moved to the cells that were served worst.
        """
        if self._centres is None or len(cells.points) <= self._colors:
            return
        self._centres = _moved(cells.points, cells.count, self._centres, found, error)

    def _own(self, cells: Cells) -> NDArray[np.intp]:
        """The cells whose colour is to be shown exactly, the most frequent first.

        In a drawing or on a screen, a colour that was frequent once stays one: later little of it is drawn at a time,
        and in a colour that is only near, that would show as a smudge. In a film it would cost entries.
        """
        frequent = cells.count >= _OWN * cells.count.sum()
        if cells.is_exact:
            packed = _packed(cells.points)
            seen_before = np.isin(packed, self._grounds) & (cells.count >= _OWN_PIXELS)
            before = self._grounds[~np.isin(self._grounds, packed[frequent])]
            self._grounds = np.concatenate([packed[frequent], before])[:_MOST_GROUNDS]
            frequent |= seen_before
        found = np.flatnonzero(frequent)
        return found[np.argsort(-cells.count[found])[: self._colors // _SHARE_OWN]]

    def _goes_on(self, points: Points, weight: Points) -> bool:
        """Adapt the last frame's palette to this one; False where that is another scene."""
        centres = cast("Points", self._centres)
        usual = self._error
        for _ in range(self._rounds):
            some, weights = self._sample(points, weight, self._size)
            found, error = nearest(some, centres)
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
            found, error = nearest(some, centres)
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


def _moved(points: Points, weight: Points, centres: Points, found: Choice, error: Points) -> Points:
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
    weighted = centres * WEIGHT
    square = np.einsum("ij,ij->i", weighted, weighted)
    apart = square[:, None] + square - 2 * (weighted @ weighted.T)
    np.fill_diagonal(apart, np.inf)
    nearest_other: Points = apart.min(axis=1)
    return nearest_other


def _means(points: Points, weight: Points, centres: Points, found: Choice) -> Points:
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


def _with(colors: Points, centres: Points) -> Points:
    """The centres with the nearest to each of some colours moved onto it."""
    exact = centres.copy()
    apart = ((centres - colors[:, None]) ** 2).sum(axis=2)
    for color, distance in zip(colors, apart, strict=True):
        entry = distance.argmin()
        exact[entry] = color
        apart[:, entry] = np.inf
    return exact


def _packed(points: Points) -> NDArray[np.int32]:
    """Each colour, in whole codes, as one number."""
    codes = points.astype(np.int32)
    packed: NDArray[np.int32] = codes[:, 0] << 16 | codes[:, 1] << 8 | codes[:, 2]
    return packed
