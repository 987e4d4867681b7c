"""Which blocks of a frame a WebP draws anew, given what it shows already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cliploop.animation.webp_quality import Tolerance
from cliploop.animation.writer import Frame

#: What is drawn or held is decided for this many pixels each way: half a macroblock of VP8, which codes luma and
#: chroma in just such pieces, so that a held half costs the drawn one nothing.
BLOCK = 8

#: (rows, columns) of blocks.
Blocks = NDArray[np.bool_]
PerBlock = TypeVar("PerBlock", bound=NDArray[Any])


@dataclass(frozen=True)
class Box:
    """A rectangle of blocks."""

    top: int
    left: int
    bottom: int
    right: int

    def of(self, blocks: PerBlock) -> PerBlock:
        """This part of what there is for each block of a frame, without a copy."""
        return cast("PerBlock", blocks[self.top : self.bottom, self.left : self.right])


@dataclass(frozen=True)
class Tiled:
    """A frame in whole blocks; a copy, that nobody changes.

    Attributes:
        pixels: beyond the frame's edge, its last row and column are repeated.
        image: the same.
        means: (rows, columns, channels), each block's.
        width: pixels of the frame.
        height: likewise.
    """

    pixels: Frame
    image: Image.Image
    means: Frame
    width: int
    height: int

    @classmethod
    def of(cls, frame: Frame) -> Tiled:
        """Copy a frame."""
        height, width, channels = frame.shape
        rows, columns = -(-height // BLOCK), -(-width // BLOCK)
        pixels = np.empty((rows * BLOCK, columns * BLOCK, channels), np.uint8)
        pixels[:height, :width] = frame
        pixels[height:, :width] = frame[-1:]
        pixels[:, width:] = pixels[:, width - 1 : width]
        image = Image.fromarray(pixels)
        return cls(pixels, image, np.asarray(image.reduce(BLOCK)), width, height)


class HeldBlocks:
    """Remembers each block as it was in the source when it was last drawn.

    Comparing with the source and not with what is shown keeps the codec's error from causing a redraw of what stands
    still. Noise within the tolerance stands still too; what drifts moves a block's mean, and is drawn long before.
    """

    def __init__(self, tolerance: Tolerance) -> None:
        self._tolerance = tolerance
        #: Pixels and means; none of the two is ever changed in place, for stills are made of them on other threads.
        self._drawn: tuple[Frame, Frame] | None = None

    def start(self, frame: Tiled) -> None:
        """Take note that just this is shown."""
        self._drawn = frame.pixels, frame.means

    def changed(self, frame: Tiled, *, ends: bool = False) -> Blocks:
        """Which blocks have to be drawn.

        Args:
            frame: the next one.
            ends: whether what follows will be told no more than this frame, and take it for what is shown. Then a
                drift that stays below the tolerance in each part would never be drawn. So it is drawn as well where
                it crosses one of the marks that stand that far apart on the scale of codes, the same for all parts.
        """
        if self._drawn is None:
            return np.ones(frame.means.shape[:2], np.bool_)
        pixels, means = self._drawn
        blocks: Blocks = _apart(frame.means, means).max(axis=2) > self._tolerance.drift
        blocks |= _worst(frame.pixels, pixels) > self._tolerance.pixel
        if ends:
            marks = self._tolerance.drift + 1
            blocks |= (frame.means // marks != means // marks).any(axis=2)
        return blocks

    def draw(self, frame: Tiled, blocks: Blocks) -> None:
        """Take note that these blocks are now shown as in ``frame``."""
        if self._drawn is None or blocks.all():
            self.start(frame)
            return
        pixels, means = self._drawn
        self._drawn = _chosen(blocks, frame.pixels, pixels), np.where(blocks[..., None], frame.means, means)


def bounding_box(blocks: Blocks) -> Box | None:
    """The smallest rectangle that holds every set block, or None where none is set."""
    rows, columns = np.flatnonzero(blocks.any(axis=1)), np.flatnonzero(blocks.any(axis=0))
    if not rows.size:
        return None
    return Box(int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1)


def _apart(one: Frame, other: Frame) -> Frame:
    difference: Frame = np.maximum(one, other)
    difference -= np.minimum(one, other)
    return difference


def _worst(one: Frame, other: Frame) -> NDArray[np.uint8]:
    """By how much each block's worst pixel is off in its worst channel."""
    height, width, channels = one.shape
    lines = _apart(one, other).reshape(height // BLOCK, BLOCK, width * channels).max(axis=1)
    worst: NDArray[np.uint8] = lines.reshape(height // BLOCK, width // BLOCK, BLOCK * channels).max(axis=2)
    return worst


def _chosen(blocks: Blocks, one: Frame, other: Frame) -> Frame:
    """The blocks of one picture, and the rest of the other."""
    height, width, channels = one.shape
    # A block's row is as many words of eight bytes as there are channels, which is much quicker than bytes.
    shape = (height // BLOCK, BLOCK, width // BLOCK * channels)
    mask = blocks.repeat(channels, axis=1)[:, None, :]
    words = [picture.reshape(height, width * channels).view(np.uint64).reshape(shape) for picture in (one, other)]
    chosen: Frame = np.where(mask, *words).view(np.uint8).reshape(one.shape)
    return chosen
