"""Two palette entries for each cell, whose mixture comes nearer to its colour than either."""

from __future__ import annotations

import numpy as np

from cliploop.animation.cells import Cells, Numbers
from cliploop.animation.color_space import Points
from cliploop.animation.matching import Choice, nearest
from cliploop.animation.planes import Box, Truth


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
        from_error: a smaller error of chroma, in codes, is left.
    """
    needed = np.zeros(cells.space, np.bool_)
    needed[mixed] = True
    candidates = np.flatnonzero(needed.take(cells.used))
    wanted = cells.points.take(candidates, axis=0)
    lacking = wanted - palette.take(first.take(candidates), axis=0)
    is_off = np.maximum(np.abs(lacking[:, 1]), np.abs(lacking[:, 2])) > from_error
    off, wanted = candidates[is_off], wanted[is_off]
    wanted[:, 1:] += lacking[is_off, 1:]
    second = first.copy()
    second[off], _ = nearest(wanted, palette)
    return second
