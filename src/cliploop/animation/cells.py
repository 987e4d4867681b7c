"""The colours of a picture, in cells so small that all of one can be given the same place in a palette."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cliploop.animation.color_space import Points
from cliploop.animation.planes import Plane, Planes, Truth, any_of_four

#: So many different pairs of chroma are told apart; where there are more, neighbours are taken together.
_MOST_PAIRS, _ALL_PAIRS = 2048, 1 << 16
#: From so many cells on, two neighbouring codes of luma are taken together; below so many no longer.
_MANY, _FEW = 16_000, 7_000

Numbers = NDArray[np.intp]
Classes = NDArray[np.uint16]


@dataclass(frozen=True)
class Cells:
    """The cells in which pixels lie.

    Attributes:
        of_pixel: (pixels,) the number of the cell of each pixel, in 0 .. ``space`` - 1.
        space: so many numbers there are, used or not.
        used: (cells,) the numbers of those in which there is a pixel, ascending.
        count: (cells,) how many pixels.
        points: (cells, 3) the colour in their middle, as YUV codes.
    """

    of_pixel: Numbers
    space: int
    used: Numbers
    count: NDArray[np.float32]
    points: Points

    @property
    def is_exact(self) -> bool:
        """Whether each cell is one colour; the middle of a coarser one lies between two codes."""
        return not (self.points[:1] % 1).any()

    def by_number(self, values: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Values of the used cells as a table over all numbers."""
        table = np.empty(self.space, np.uint8)
        table[self.used] = values
        return table


class CellMaker:
    """Divides pictures into cells: as fine as the codes where there are few colours, coarser where there are many."""

    def __init__(self) -> None:
        self._luma_shift = self._chroma_shift = 0

    def cells(self, picture: Planes, mask: Truth, pixels: Numbers) -> Cells:
        """The cells of those pixels of a picture that the mask and the numbers name."""
        classes, pairs = self._chroma_classes(picture, mask)
        numbers = _numbers(picture.y, classes, pixels, len(pairs), self._luma_shift)
        space = len(pairs) << (8 - self._luma_shift)
        counts = np.bincount(numbers, minlength=space)
        used = np.flatnonzero(counts > 0)
        luma, pair = np.divmod(used, len(pairs))
        half = ((1 << self._luma_shift) - 1) / 2
        points = np.empty((len(used), 3), np.float32)
        points[:, 0] = (luma << self._luma_shift) + half
        points[:, 1:] = pairs.take(pair, axis=0)
        if len(used) > _MANY or len(used) < _FEW:
            self._luma_shift = int(len(used) > _MANY)
        return Cells(numbers, space, used, counts[used].astype(np.float32), points)

    def _chroma_classes(self, picture: Planes, mask: Truth) -> tuple[Classes, Points]:
        """For each pixel of chroma the number of its pair, and (pairs, 2) what they are."""
        wide_u, wide_v = picture.u.astype(np.uint16), picture.v.astype(np.uint16)
        chroma_pixels = np.flatnonzero(any_of_four(mask) if picture.is_subsampled else mask)
        shift = self._chroma_shift
        while len(pairs := _pairs(code := _codes(wide_u, wide_v, shift), chroma_pixels)) > _MOST_PAIRS:
            shift += 1
        # The next picture begins where this one ended, or one finer where there is room for it.
        self._chroma_shift = max(0, shift - 1) if len(pairs) < _MOST_PAIRS // 4 else shift
        numbers = np.zeros(_ALL_PAIRS, np.uint16)
        numbers[pairs] = np.arange(len(pairs), dtype=np.uint16)
        bits, half = 8 - shift, ((1 << shift) - 1) / 2
        middle = np.stack([pairs >> bits << shift, (pairs & (1 << bits) - 1) << shift], axis=1) + half
        return numbers.take(code), middle.astype(np.float32)


def _codes(u: Classes, v: Classes, shift: int) -> Classes:
    """A pair of chroma as one number, less its lowest bits."""
    codes: Classes = (u >> np.uint16(shift) << np.uint16(8 - shift)) | v >> np.uint16(shift)
    return codes


def _pairs(codes: Classes, pixels: Numbers) -> Numbers:
    """The codes that these pixels have, ascending."""
    seen = np.zeros(_ALL_PAIRS, np.bool_)
    seen[codes.ravel().take(pixels)] = True
    return np.flatnonzero(seen)


def _numbers(y: Plane, classes: Classes, pixels: Numbers, pairs: int, luma_shift: int) -> Numbers:
    """For each pixel the number of its cell: luma is the slow digit, so that cells of like luma lie together."""
    numbers = (y.ravel().take(pixels) >> np.uint8(luma_shift)).astype(np.intp)
    numbers *= pairs
    numbers += _of_pixels(classes, y.shape).ravel().take(pixels)
    return numbers


def _of_pixels(classes: Classes, shape: tuple[int, ...]) -> Classes:
    """What holds for each value of chroma, for each pixel."""
    if classes.shape == shape:
        return classes
    # Two of 16 bits are written as one of 32, many times as fast as one after the other.
    pairs = classes.astype(np.uint32)
    pairs *= 0x1_0001
    return pairs.view(np.uint16).repeat(2, axis=0)
