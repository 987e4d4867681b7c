"""One decoded picture as its planes of luma and chroma, which is how a decoder holds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from cliploop.animation.color_space import ColorSpace

Plane = NDArray[np.uint8]
Truth = NDArray[np.bool_]
Value = TypeVar("Value", bound=np.generic)

#: From this alpha on, a pixel is shown where one bit has to do.
OPAQUE = 128


@dataclass(frozen=True)
class Box:
    """A rectangle of the picture, in pixels."""

    left: int
    top: int
    width: int
    height: int

    def of(self, plane: NDArray[Value]) -> NDArray[Value]:
        """This part of a plane that has a value for each pixel, without a copy."""
        return plane[self.top : self.top + self.height, self.left : self.left + self.width]


@dataclass(frozen=True)
class Planes:
    """A picture in YUV; its code values mean colours by the ``ColorSpace`` that goes with them.

    Attributes:
        y: (height, width) luma.
        u: blue-difference chroma, of the same size (4:4:4) or of half the height and width (4:2:0).
        v: red-difference chroma, likewise.
        opaque: (height, width), whether a pixel is seen; None where all are.
    """

    y: Plane
    u: Plane
    v: Plane
    opaque: Truth | None = None

    @property
    def is_subsampled(self) -> bool:
        """Whether four pixels share one value of each chroma."""
        return self.u.shape != self.y.shape

    def chroma_box(self, box: Box) -> Box:
        """Where a box lies in the planes of chroma; its numbers are even where they are subsampled."""
        if not self.is_subsampled:
            return box
        return Box(box.left // 2, box.top // 2, box.width // 2, box.height // 2)

    def within(self, box: Box) -> Planes:
        """A part of the picture, contiguous in memory."""
        chroma = self.chroma_box(box)
        y, u, v = (np.ascontiguousarray(part) for part in (box.of(self.y), chroma.of(self.u), chroma.of(self.v)))
        return Planes(y, u, v)

    @classmethod
    def of_rgb(cls, pixels: NDArray[np.uint8], space: ColorSpace) -> Planes:
        """A picture of (height, width, 3) RGB, or 4 with alpha, of which one bit is kept."""
        y, u, v = np.moveaxis(np.clip(np.rint(space.from_rgb(pixels[..., :3])), 0, 255).astype(np.uint8), -1, 0)
        has_alpha = pixels.shape[2] > 3  # noqa: PLR2004  # red, green, blue
        opaque = np.asarray(pixels[..., 3] >= OPAQUE) if has_alpha else None
        return cls(np.ascontiguousarray(y), np.ascontiguousarray(u), np.ascontiguousarray(v), opaque)

    def copy(self) -> Planes:
        """The same picture in memory of its own."""
        opaque = None if self.opaque is None else self.opaque.copy()
        return Planes(self.y.copy(), self.u.copy(), self.v.copy(), opaque)


def difference(one: Plane, other: Plane) -> Plane:
    """How far apart, regardless of the direction."""
    found = np.maximum(one, other)
    found -= np.minimum(one, other)
    return found


def spread(plane: Plane, height: int) -> Plane:
    """A plane of chroma, viewed at luma's height and width; (rows, 1 or 2, width) so that it broadcasts over rows.

    The view fits beside ``rows(luma, ...)``.
    """
    if plane.shape[0] == height:
        return plane[:, None]
    wide = plane.astype(np.uint16)
    wide *= 0x101
    return wide.view(np.uint8)[:, None]


def rows(plane: Plane, chroma_rows: int) -> Plane:
    """A plane of luma as (rows of chroma, rows of luma in each, width), without a copy."""
    height, width = plane.shape
    return plane.reshape(chroma_rows, height // chroma_rows, width)


def any_of_four(mask: Truth) -> Truth:
    """For each 2x2 pixels whether one of them is set."""
    upright = mask[::2] | mask[1::2]
    return upright[:, ::2] | upright[:, 1::2]
