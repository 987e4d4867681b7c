"""Which part of a frame has to be drawn, given what is shown already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from cliploop.animation.writer import Frame, Mask

Picture = TypeVar("Picture", bound=NDArray[Any])


@dataclass(frozen=True)
class Box:
    """A rectangle of the canvas, in pixels."""

    left: int
    top: int
    width: int
    height: int

    def of(self, picture: Picture) -> Picture:
        """This part of a picture, without a copy."""
        rows, columns = slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)
        return cast("Picture", picture[rows, columns])


class HeldCanvas:
    """Remembers each pixel as it was in the source when it was last drawn.

    Comparing with the source and not with the shown colour keeps a palette's or a codec's error from causing a
    redraw of what stands still, and what drifts slowly is drawn as soon as it has drifted beyond the tolerance.
    """

    def __init__(self, height: int, width: int, tolerance: int, *, alpha: bool = False) -> None:
        """With ``alpha``, pictures have it as a fourth channel, and at first everything is transparent."""
        self._drawn = np.zeros((height, width, 4 if alpha else 3), np.uint8)
        self._tolerance = tolerance
        self._empty = not alpha

    def changed(self, frame: Frame) -> Mask:
        """Which pixels differ from what is shown by more than the tolerance in some channel."""
        if self._empty:
            return np.ones(frame.shape[:2], np.bool_)
        difference = np.maximum(frame, self._drawn)
        difference -= np.minimum(frame, self._drawn)
        over = difference > self._tolerance
        changed: Mask = over[..., 0] | over[..., 1] | over[..., 2]
        return changed | over[..., 3] if over.shape[2] > 3 else changed  # noqa: PLR2004  # red, green, blue

    def draw(self, frame: Frame, mask: Mask) -> None:
        """Take note that these pixels are now shown as in ``frame``."""
        self._empty = False
        np.copyto(self._drawn, frame, where=mask[..., None])

    def clear(self) -> None:
        """Take note that everything is transparent again."""
        self._drawn[:] = 0


def bounding_box(mask: Mask) -> Box | None:
    """The smallest rectangle that holds every set pixel, or None where none is set."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return None
    left, top = int(columns[0]), int(rows[0])
    return Box(left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top)
