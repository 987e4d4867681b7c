"""What a quality of 1-100 means for WebP: libwebp's own, and how far what is held may be from the source."""

from __future__ import annotations

from dataclasses import dataclass

#: From libwebp's quality to the share of its quantiser's range, and how far it moves a textured macroblock's
#: quantiser (`src/enc/quant_enc.c`, with the usual strength of spatial noise shaping, 50).
_KNEE, _SHAPING, _MOST = 75, 0.0035, 127
#: How far apart flat and textured blocks are on that scale, of 255; measured, as drawn blocks' error in frames that
#: hold much against those that hold nothing.
_FLATNESS = 0.17 * 255


@dataclass(frozen=True)
class Tolerance:
    """By how many codes of 255 a block may be off and still be held.

    Attributes:
        pixel: at its worst pixel, in the worst channel.
        drift: in its mean.
    """

    pixel: int
    drift: int


def tolerance(quality: int) -> Tolerance:
    """What stays, at a quality.

    A little more than libwebp's own animation encoder lets stay. That compares with the frame before and follows no
    drift; this compares with what was drawn, which noise leaves a little more often.
    """
    share = (quality / 100) ** 0.5
    pixel = 1 + round(1.15 * (31 * (1 - share) + share))
    return Tolerance(pixel, max(1, pixel // 2))


def evened(quality: int, held: float) -> float:
    """The quality to ask libwebp for, so that what is drawn has the same quality whatever is held beside it.

    Its quantiser is coarser for a macroblock that has more texture than the average one, and what is held is flat
    under its transparency: the more of it, the coarser is what is drawn.

    Args:
        quality: 1-100.
        held: the share of macroblocks in which nothing is drawn, 0-1.
    """
    compression = _compression(quality) ** (1 / (1 + _SHAPING * min(_MOST, _FLATNESS * held)))
    return _quality(compression)


def _compression(quality: int) -> float:
    linear: float = quality / 150 if quality < _KNEE else quality / 50 - 1
    return float(linear ** (1 / 3))


def _quality(compression: float) -> float:
    linear = compression**3
    return linear * 150 if linear < _KNEE / 150 else (linear + 1) * 50
