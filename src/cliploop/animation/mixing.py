"""Two palette entries for each cell, whose mixture comes nearer to its colour than either."""

from __future__ import annotations

import numpy as np

from cliploop.animation.cells import Cells, Numbers
from cliploop.animation.color_space import Points
from cliploop.animation.matching import Choice, nearest
from cliploop.animation.planes import Box, Truth

#: The mean error of chroma that a palette of 255 leaves of most films. One that leaves more has entries so far apart
#: that their steps are seen as patches, so smaller errors are mixed, too.
_USUAL = 1.35


def every_other(box: Box) -> Truth:
    """(height, width) of a box, true on the dark fields of a chessboard that covers the whole picture."""
    rows, columns = np.arange(box.height, dtype=np.uint8), np.arange(box.width, dtype=np.uint8)
    fields = (rows[:, None] + columns + np.uint8((box.left + box.top) & 1)) & np.uint8(1)
    return fields.view(np.bool_)


def second_choices(cells: Cells, palette: Points, first: Choice, mixed: Numbers, from_error: float) -> Choice:
    """For each cell the entry that makes up for what the first one lacks in chroma.

    Luma is not mixed: its steps are small, and a chessboard of luma is seen. (After Thomas Knoll's pattern
    dithering, with two entries and the error of chroma alone.)

    Args:
        cells: the cells.
        palette: (colours, 3) as they will be shown.
        first: the entry of each cell.
        mixed: the numbers of the cells for which it is needed, any number of times; the others keep their first.
        from_error: a smaller error of chroma, in codes, is left; less where most are large.
    """
    needed = np.zeros(cells.space, np.bool_)
    needed[mixed] = True
    candidates = np.flatnonzero(needed.take(cells.used))
    wanted = cells.points.take(candidates, axis=0)
    lacking = wanted - palette.take(first.take(candidates), axis=0)
    off_by = np.maximum(np.abs(lacking[:, 1]), np.abs(lacking[:, 2]))
    pixels = cells.count.take(candidates)
    mean = float((off_by * pixels).sum()) / max(1.0, float(pixels.sum()))
    is_off = off_by > from_error / max(1.0, mean / _USUAL)
    off, wanted = candidates[is_off], wanted[is_off]
    wanted[:, 1:] += lacking[is_off, 1:]
    second = first.copy()
    second[off], _ = nearest(wanted, palette)
    return second
