"""What SSIM does not see, reckoned on planes of 8-bit samples. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]
#: One frame: luma, and two chroma planes of half the size.
Frame = tuple[Plane, Plane, Plane]
BLOCK = 8
#: The source stands still where its luma changes by no more than this; decoders and scalers alone cause as much.
STILL = 1


@dataclass(frozen=True)
class Blemishes:
    """Means over a clip, in steps of 1/255.

    Attributes:
        blocks: by how much the mean of an 8x8 block is off, in Y, U and V: banding, ghosts, tints.
        flicker: by how much luma changes from frame to frame where the source's does not.
    """

    blocks: tuple[float, float, float]
    flicker: float


def blemishes(pairs: Iterable[tuple[Frame, Frame]]) -> Blemishes:
    """Compare frames (the source's, the candidate's) one after the other."""
    off: list[tuple[float, ...]] = []
    changed = still = 0.0
    before: tuple[Plane, Plane] | None = None
    for source, candidate in pairs:
        off.append(tuple(block_error(*planes) for planes in zip(source, candidate, strict=True)))
        if before is not None:
            changes, places = unrest(before, (source[0], candidate[0]))
            changed, still = changed + changes, still + places
        before = source[0], candidate[0]
    luma, blue, red = (float(mean) for mean in np.mean(off, axis=0))
    return Blemishes((luma, blue, red), changed / still if still else 0.0)


def block_error(source: Plane, candidate: Plane) -> float:
    """The mean difference of the means of blocks; what is left at the edges is left out."""
    return float(np.abs(_block_means(source) - _block_means(candidate)).mean())


def unrest(before: tuple[Plane, Plane], now: tuple[Plane, Plane]) -> tuple[float, int]:
    """The candidate's change of luma, summed over the places where the source stands still, and their number.

    Args:
        before: the source's and the candidate's luma in the frame before.
        now: the same in this one.
    """
    is_still = np.abs(np.subtract(now[0], before[0], dtype=np.int16)) <= STILL
    change = np.abs(np.subtract(now[1], before[1], dtype=np.int16))
    return float(change[is_still].sum()), int(is_still.sum())


def _block_means(plane: Plane) -> NDArray[np.float32]:
    height, width = (side // BLOCK * BLOCK for side in plane.shape)
    blocks = plane[:height, :width].reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK)
    means: NDArray[np.float32] = blocks.mean(axis=(1, 3), dtype=np.float32)
    return means
