"""What ``quality`` means for a GIF."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

#: A table has 256 entries, and one stands for "leave what is there".
MOST_COLORS = 255
_USUAL = 75


@dataclass(frozen=True)
class GifQuality:
    """What a GIF keeps of the picture.

    Attributes:
        colors: at most so many a frame, 2-255.
        hold: how readily a pixel is left as it stands: 0 = only where nothing changed, 1 = where the change is hardly
            seen (2 codes of 255 on plain areas, more in texture), 2 = twice that, and so on.
        dither: from how many codes of colour error on (0-255) two colours are mixed in a checkerboard; None = never.
    """

    colors: int = MOST_COLORS
    hold: float = 1.0
    dither: float | None = 2.5

    @classmethod
    def of(cls, quality: int) -> Self:
        """What a quality of 1-100 stands for; a higher one never means a smaller file of the same picture.

        75 is what the benchmark chose. 100 leaves only what did not change at all.
        """
        below = max(0, _USUAL - quality) / (_USUAL - 1)
        if quality >= _USUAL:
            return cls(hold=(100 - quality) / (100 - _USUAL))
        return cls(colors=round(MOST_COLORS - 191 * below), hold=1 + 7 * below)
