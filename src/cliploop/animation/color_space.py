"""What luma and chroma codes mean as red, green and blue."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cliploop.domain.color import Color

Points = NDArray[np.float32]

#: The weights of red and blue in luma, by matrix (ITU-T H.273, table 4).
_WEIGHTS = {
    "bt601": (0.299, 0.114),
    "bt709": (0.2126, 0.0722),
    "bt2020": (0.2627, 0.0593),
    "fcc": (0.30, 0.11),
    "smpte240m": (0.212, 0.087),
}


@dataclass(frozen=True)
class ColorSpace:
    """How 8-bit YUV is read: its matrix, and whether its codes go from 0 to 255 or from 16 to 235 (chroma 240)."""

    matrix: str = "bt601"
    full_range: bool = False

    def to_rgb(self, yuv: Points) -> NDArray[np.uint8]:
        """(n, 3) YUV codes as (n, 3) RGB codes, rounded."""
        red, blue = _WEIGHTS[self.matrix]
        green = 1 - red - blue
        y = (yuv[:, 0] - self._black) * self._luma_gain
        u, v = ((yuv[:, 1:] - 128) * self._chroma_gain).T
        r = y + 2 * (1 - red) * v
        b = y + 2 * (1 - blue) * u
        g = (y - red * r - blue * b) / green
        rgb: NDArray[np.uint8] = np.clip(np.rint(np.stack([r, g, b], axis=1)), 0, 255).astype(np.uint8)
        return rgb

    def from_rgb(self, rgb: NDArray[np.uint8]) -> Points:
        """(..., 3) RGB codes as (..., 3) YUV codes, not rounded."""
        red, blue = _WEIGHTS[self.matrix]
        r, g, b = np.moveaxis(rgb.astype(np.float32), -1, 0)
        y = red * r + (1 - red - blue) * g + blue * b
        u, v = (b - y) / (2 * (1 - blue)), (r - y) / (2 * (1 - red))
        luma = y / self._luma_gain + self._black
        return np.stack([luma, u / self._chroma_gain + 128, v / self._chroma_gain + 128], axis=-1).astype(np.float32)

    @property
    def _black(self) -> int:
        return 0 if self.full_range else 16

    @property
    def _luma_gain(self) -> float:
        return 1.0 if self.full_range else 255 / 219

    @property
    def _chroma_gain(self) -> float:
        return 1.0 if self.full_range else 255 / 224


#: In what pictures that are RGB in their file are carried between decoder and encoder: it loses the least.
CARRIER = ColorSpace("bt601", full_range=True)


def carrying(color: Color, *, alpha: bool) -> ColorSpace:
    """In what a source's pictures reach the encoder: its own space, if they need not be RGB in between."""
    if color.tone_mapped:
        return ColorSpace("bt709")
    if alpha or color.is_rgb:
        return CARRIER
    return ColorSpace(color.matrix, color.full_range)
