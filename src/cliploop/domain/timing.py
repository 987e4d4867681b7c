"""When frames are shown: which rates a format can play, and how long each frame stands."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from cliploop.domain.template import ImageFormat

#: GIF counts in hundredths of a second, and browsers play a delay under 2 of them as 10 (Chromium, WebKit, Gecko).
GIF_TICKS_PER_SECOND = 100
GIF_MIN_DELAY = 2
#: WebP counts in milliseconds.
WEBP_TICKS_PER_SECOND = 1000
#: Browsers play 10 ms and less as 100 ms, whatever the format (WebKit: under 0.011 s; Chromium and Gecko likewise).
WEBP_MIN_DELAY = 11

TICKS_PER_SECOND = {ImageFormat.GIF: GIF_TICKS_PER_SECOND, ImageFormat.WEBP: WEBP_TICKS_PER_SECOND}
MIN_DELAY = {ImageFormat.GIF: GIF_MIN_DELAY, ImageFormat.WEBP: WEBP_MIN_DELAY}


def playable_rate(format_: ImageFormat, asked: Fraction, source: Fraction) -> Fraction:
    """Frames a second to encode: never more than players show, nor more than the source has to give."""
    fastest = Fraction(TICKS_PER_SECOND[format_], MIN_DELAY[format_])
    return min(asked, fastest, source) if source > 0 else min(asked, fastest)


def frame_count(format_: ImageFormat, duration_ms: int, rate: Fraction) -> int:
    """Frames that a section of ``duration_ms`` has at ``rate``: at least one, the last as long as players allow."""
    frames = max(1, round(duration_ms * rate / 1000))
    end = _tick(format_, Fraction(duration_ms, 1000))
    while frames > 1 and end - _tick(format_, (frames - 1) / rate) < MIN_DELAY[format_]:
        frames -= 1
    return frames


def delays(format_: ImageFormat, duration_ms: int, rate: Fraction, frames: int) -> Iterator[int]:
    """How long each of ``frames`` frames stands, in the format's ticks.

    Each frame starts at the nearest tick to where it should, so rounding never adds up; the last one stands until the
    section ends, so that together they are the section's duration to the nearest tick.
    """
    starts = [_tick(format_, number / rate) for number in range(frames)]
    ends = [*starts[1:], _tick(format_, Fraction(duration_ms, 1000))]
    return (max(MIN_DELAY[format_], end - start) for start, end in zip(starts, ends, strict=True))


def _tick(format_: ImageFormat, seconds: Fraction) -> int:
    return round(seconds * TICKS_PER_SECOND[format_])
