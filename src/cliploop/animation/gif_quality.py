"""What ``quality`` means for a GIF."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from cliploop.domain.template import GifTuning

#: A table has 256 entries, and one stands for "leave what is there".
MOST_COLORS = 255
#: The quality that the benchmark chose, where everything is at 1.
_USUAL = 75
#: What is left at the lowest quality: colours, and how readily a pixel is left as it stands.
_FEWEST_COLORS, _MOST_HOLD = 64, 8.0
#: At the highest: below that hold, noise is redrawn in colours that fit no better than those that stand.
_LEAST_HOLD, _MOST_SEARCH = 0.5, 3.0
#: In codes. Below 3, noise is mixed for noise.
_DITHER = 3.0


@dataclass(frozen=True)
class GifQuality:
    """What a GIF keeps of the picture.

    Attributes:
        colors: at most so many a frame, 2-255.
        hold: how readily a pixel is left as it stands: 0 = only where nothing changed, 1 = where the change is hardly
            seen (2 codes of 255 on plain areas, more in texture), 2 = twice that, and so on.
        dither: from how many codes of colour error on two colours are mixed in a chessboard; None = never.
        search: how long colours are looked for; 1 is usual, 3 the longest that brings anything.
    """

    colors: int = MOST_COLORS
    hold: float = 1.0
    dither: float | None = _DITHER
    search: float = 1.0

    @classmethod
    def of(cls, quality: int, tuning: GifTuning | None = None) -> Self:
        """What a quality of 1-100 stands for, where ``tuning`` does not say otherwise.

        A higher one means a larger file of the same film. Below 75 more is held and there are fewer colours;
        above, less is held and colours are looked for longer.
        """
        low, high = max(0, _USUAL - quality) / (_USUAL - 1), max(0, quality - _USUAL) / (100 - _USUAL)
        colors = round(MOST_COLORS - (MOST_COLORS - _FEWEST_COLORS) * low)
        hold = 1 + (_MOST_HOLD - 1) * low - (1 - _LEAST_HOLD) * high
        asked = tuning or GifTuning()
        dither = _DITHER if asked.dither is None else float(asked.dither) or None
        return cls(
            colors=colors if asked.colors is None else asked.colors,
            hold=hold if asked.hold is None else asked.hold / 100,
            dither=dither,
            search=1 + (_MOST_SEARCH - 1) * high,
        )
