"""The colours of one GIF frame, and which of them each pixel gets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cliploop.animation.writer import Frame, Mask

#: The table's last entry stands for "leave what is there".
TRANSPARENT = 255
#: Pixels that a palette is made from; more of them change nothing that is seen, and cost time.
_SAMPLE = 4_000
#: Where in a frame they are taken, 0-1: multiples of the golden ratio lie evenly and in step with nothing.
_SPREAD = np.arange(_SAMPLE) * 0.6180339887498949 % 1
#: Rounds of k-means, and the share of centres that each moves to where the error is largest.
_ROUNDS, _SPLITS = 1, 1 / 16
#: Points that are compared at a time: so few that they stay in the cache, and that OpenBLAS does not wake its other
#: threads, which would spin on the processors that decode.
_ROWS = 256
#: A palette that fits so much worse than it did (in squared codes) belongs to another scene.
_WORSE_BY, _WORSE_FLOOR = 2.0, 12.0
#: A colour that so large a share of the sample has, exactly, is shown exactly, up to so many of them: bars, titles
#: and the edges of a wide film are flat, and the mean of a cluster would lie beside each.
_OWN, _MOST_OWN = 0.01, 24

Points = NDArray[np.float32]


@dataclass(frozen=True)
class Quantized:
    """One frame's pixels as indices into its own colour table.

    Attributes:
        table: (256, 3), RGB.
        indices: (height, width).
    """

    table: NDArray[np.uint8]
    indices: NDArray[np.uint8]


class Quantizer:
    """Gives each frame a palette that grows out of the last one's, so that colours do not jump between frames."""

    def __init__(self, colors: int) -> None:
        """Use at most ``colors`` (16-255) a frame."""
        self._colors = colors
        self._centres: Points | None = None
        self._error = 0.0

    def quantize(self, pixels: Frame, drawn: Mask) -> Quantized:
        """Choose colours for the pixels that are drawn, and give every pixel one of them."""
        sample = _sample(pixels[drawn])
        frequent = _frequent(sample)
        table = _table(_with(frequent, self._adapt(sample)))
        chart = Image.new("P", (1, 1))
        chart.putpalette(table.tobytes())
        image = Image.fromarray(np.ascontiguousarray(pixels))
        mapped = image.quantize(palette=chart, dither=Image.Dither.FLOYDSTEINBERG)
        return Quantized(table, _undithered(np.array(mapped), pixels, table, frequent))

    def _adapt(self, sample: Points) -> Points:
        centres = _median_cut(sample, self._colors) if self._centres is None else self._centres
        nearest, error = _nearest(sample, centres)
        if self._centres is not None and error.mean() > _WORSE_FLOOR + _WORSE_BY * self._error:
            centres = _median_cut(sample, self._colors)
            nearest, error = _nearest(sample, centres)
        for _ in range(_ROUNDS):
            centres = _moved(sample, centres, nearest, error)
            nearest, error = _nearest(sample, centres)
        self._centres, self._error = centres, float(error.mean())
        return centres


def _frequent(sample: Points) -> Points:
    """The colours that are worth an entry of their own, the most frequent first."""
    colors, count = np.unique(_packed(sample.astype(np.uint8)), return_counts=True)
    order = np.argsort(-count)[:_MOST_OWN]
    chosen = colors[order][count[order] >= _OWN * len(sample)]
    return np.stack([chosen >> 16, chosen >> 8 & 255, chosen & 255], axis=1).astype(np.float32)


def _with(frequent: Points, centres: Points) -> Points:
    """The centres with those that are nearest to a frequent colour moved onto it."""
    exact, free = centres.copy(), np.ones(len(centres), np.bool_)
    for color in frequent:
        distance = np.where(free, ((centres - color) ** 2).sum(axis=1), np.inf)
        exact[distance.argmin()] = color
        free[distance.argmin()] = False
    return exact


def _undithered(
    indices: NDArray[np.uint8], pixels: Frame, table: NDArray[np.uint8], frequent: Points
) -> NDArray[np.uint8]:
    """The indices with each pixel of a frequent colour showing that colour, whatever error was carried there."""
    if len(frequent):
        packed, entries = _packed(pixels), _packed(table)
        for color in _packed(frequent.astype(np.uint8)):
            indices[packed == color] = (entries == color).argmax()
    return indices


def _packed(colors: NDArray[np.uint8]) -> NDArray[np.intp]:
    wide = colors.astype(np.intp)
    packed: NDArray[np.intp] = wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]
    return packed


def _sample(pixels: NDArray[np.uint8]) -> Points:
    chosen = pixels if len(pixels) <= _SAMPLE else pixels[(_SPREAD * len(pixels)).astype(np.intp)]
    return chosen.astype(np.float32)


def _median_cut(sample: Points, colors: int) -> Points:
    row = Image.fromarray(sample.astype(np.uint8)[None])
    reduced = row.quantize(colors, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    found = np.array(reduced.getpalette(), np.float32).reshape(-1, 3)[:colors]
    return np.resize(found, (colors, 3))


def _nearest(sample: Points, centres: Points) -> tuple[NDArray[np.intp], Points]:
    """For each point its nearest centre and the squared distance to it."""
    half = (centres * centres).sum(axis=1) / 2
    nearest = np.empty(len(sample), np.intp)
    for start in range(0, len(sample), _ROWS):
        rows = sample[start : start + _ROWS]
        (half - rows @ centres.T).argmin(axis=1, out=nearest[start : start + _ROWS])
    difference = sample - centres[nearest]
    error: Points = (difference * difference).sum(axis=1)
    return nearest, error


def _moved(sample: Points, centres: Points, nearest: NDArray[np.intp], error: Points) -> Points:
    """One round of k-means; the centres that matter least are put where the error is largest."""
    count = np.bincount(nearest, minlength=len(centres))
    sums = [np.bincount(nearest, sample[:, channel], len(centres)) for channel in range(3)]
    means = np.stack(sums, axis=1) / np.maximum(count, 1)[:, None]
    moved = np.where(count[:, None] > 0, means, centres).astype(np.float32)
    worst = np.argsort(error)[-int(len(centres) * _SPLITS) :]
    worst = worst[error[worst] > _WORSE_FLOOR]
    moved[np.argsort(count)[: len(worst)]] = sample[worst]
    return moved


def _table(centres: Points) -> NDArray[np.uint8]:
    colors = np.clip(np.rint(centres), 0, 255).astype(np.uint8)
    # Unused entries repeat the first colour, so that no pixel gets them: the first of equals wins.
    return np.concatenate([colors, np.repeat(colors[:1], 256 - len(colors), axis=0)])
