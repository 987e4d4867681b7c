"""Which of some colours is nearest to each of many: where half of a GIF's time goes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cliploop.animation.color_space import Points

#: How far codes of luma, u and v count, squared: an error in v shows most, that is, in what is red or green.
WEIGHT = np.sqrt(np.array([1.0, 1.0, 1.4], np.float32))
#: Points that are compared at a time, and the products of points and colours: they stay in the cache, and BLAS does
#: not wake its other threads, which would spin on the processors that decode (OpenBLAS stays on one thread up to
#: 262,144 multiplications, of which a product takes four).
_ROWS, _PRODUCTS = 1024, 65_536
#: Colours whose luma is further away than this are not looked at unless the nearest found is further away still.
_WINDOW = 16
#: NumPy finds the least of a row in steps of 16 numbers, from 64 on; of 60 it takes three times as long as of 64.
_LEAST_WIDTH, _LANES = 64, 16
Choice = NDArray[np.uint8]


def nearest(points: Points, palette: Points) -> tuple[Choice, Points]:
    """For each point the entry that looks most like it, and the squared difference.

    Args:
        points: (n, 3) YUV codes, in the order of luma.
        palette: (at most 256, 3) YUV codes.
    """
    return _Table(palette * WEIGHT).nearest(points * WEIGHT)


class _Table:
    """A palette, ready to be searched."""

    def __init__(self, colors: Points) -> None:
        # |p - c|^2 less |p|^2, halved, as one product: (p, 1) . (-c, |c|^2 / 2).
        order = np.argsort(colors[:, 0])
        self._entries, self._colors = order.astype(np.uint8), colors[order]
        self._luma = self._colors[:, 0].copy()
        self._score = np.empty((4, len(colors)), np.float32)
        self._score[:3] = -self._colors.T
        self._score[3] = (self._colors * self._colors).sum(axis=1) / 2

    def nearest(self, points: Points) -> tuple[Choice, Points]:
        """Points come in the order of luma, so that only colours of about their luma are compared with a block.

        Where one outside might be nearer, all are.
        """
        extended = np.ones((len(points), 4), np.float32)
        extended[:, :3] = points
        found = self._in_window(extended)
        error = self._error(points, found)
        far = np.flatnonzero(error > _WINDOW**2)
        for start in range(0, len(far), _PRODUCTS // 256):
            some = far[start : start + _PRODUCTS // 256]
            found[some] = (extended[some] @ self._score).argmin(axis=1)
        error[far] = self._error(points[far], found[far])
        return self._entries.take(found), error

    def _in_window(self, extended: Points) -> NDArray[np.intp]:
        found = np.empty(len(extended), np.intp)
        start = 0
        while start < len(found):
            end = min(len(found), start + _ROWS)
            low, high = self._window(extended[start, 0], extended[end - 1, 0])
            end = min(end, start + _PRODUCTS // (high - low))
            (extended[start:end] @ self._score[:, low:high]).argmin(axis=1, out=found[start:end])
            found[start:end] += low
            start = end
        return found

    def _window(self, darkest: float, brightest: float) -> tuple[int, int]:
        """From which colour to which those lie whose luma is near, and some more where that is quicker."""
        low, high = self._luma.searchsorted((darkest - _WINDOW, brightest + _WINDOW))
        width = max(_LEAST_WIDTH, -(-(high - low) // _LANES) * _LANES)
        low = max(0, min(low - (width - (high - low)) // 2, len(self._luma) - width))
        return low, min(low + width, len(self._luma))

    def _error(self, points: Points, found: NDArray[np.intp]) -> Points:
        apart = points - self._colors.take(found, axis=0)
        error: Points = np.einsum("ij,ij->i", apart, apart)
        return error
