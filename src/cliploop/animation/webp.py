"""Frames in, animated WebP out, in one pass: one still WebP of what changed, framed as an ANMF chunk, per frame.

libwebp's own animation encoder merges equal frames (an animation that stands still becomes a still picture) and keeps
the whole file in memory until its end. Writing the container ourselves has neither effect, and gives durations that
are exact to the millisecond.
"""

from __future__ import annotations

import struct
from typing import BinaryIO, ClassVar

import numpy as np

from cliploop.animation.held import Box, HeldCanvas, bounding_box
from cliploop.animation.webp_still import chunk, still, whole_blocks
from cliploop.animation.writer import BoundedFile, Frame, Mask, Settings

_ANIMATED, _ALPHA = 0x02, 0x10
_NO_BLEND, _BLEND = 0x02, 0x00
_NOTHING = Box(0, 0, 2, 2)


class WebpWriter:
    """Writes an animated WebP in which each frame stays, and the next draws over it the blocks that have changed."""

    longest_delay: ClassVar[int] = 0xFFFFFF  # the field has 24 bits

    def __init__(self, file: BinaryIO, settings: Settings) -> None:
        self._raw, self._start = file, file.tell()
        self._file = BoundedFile(file, settings.max_bytes)
        self._quality = settings.quality
        self._held = HeldCanvas(settings.height, settings.width, _tolerance(settings.quality), alpha=settings.alpha)
        self._file.write(_header(settings))

    def add(self, frame: Frame, delay: int) -> None:
        """Append a picture that stands for ``delay`` milliseconds."""
        mask = whole_blocks(self._held.changed(frame))
        box = bounding_box(mask)
        if box is None:
            self._file.write(chunk(b"ANMF", _frame_header(_NOTHING, delay, _BLEND) + _invisible()))
            return
        if _lets_through(frame, mask):
            box.of(mask)[:] = True  # blending could not make anything more transparent, so the whole box is replaced
        self._held.draw(frame, mask)
        drawn = box.of(mask)
        blend = _NO_BLEND if drawn.all() else _BLEND
        image = still(box.of(frame), drawn, self._quality)
        self._file.write(chunk(b"ANMF", _frame_header(box, delay, blend) + image))

    def close(self) -> None:
        """Write the file's length where it belongs."""
        end = self._raw.tell()
        self._raw.seek(self._start + 4)
        self._raw.write(struct.pack("<I", end - self._start - 8))
        self._raw.seek(end)


def _tolerance(quality: int) -> int:
    # Codes of 255 by which one pixel of a block may be off before the block is drawn anew: 4 at the usual quality of
    # 75, where the codec's own error is about as large.
    return 1 + (100 - quality) // 8


def _lets_through(frame: Frame, mask: Mask) -> bool:
    """Whether something of what is drawn is not opaque."""
    return frame.shape[2] > 3 and bool((frame[..., 3][mask] < 255).any())  # noqa: PLR2004  # red, green, blue


def _invisible() -> bytes:
    return still(np.zeros((2, 2, 3), np.uint8), np.zeros((2, 2), np.bool_), 1)


def _header(settings: Settings) -> bytes:
    canvas = _u24(settings.width - 1) + _u24(settings.height - 1)
    features = chunk(b"VP8X", bytes([_ANIMATED | _ALPHA, 0, 0, 0]) + canvas)
    # Background black and opaque (blue, green, red, alpha); it is never seen.
    animation = chunk(b"ANIM", b"\x00\x00\x00\xff" + struct.pack("<H", settings.loop))
    return b"RIFF\x00\x00\x00\x00WEBP" + features + animation


def _frame_header(box: Box, delay: int, blend: int) -> bytes:
    place = _u24(box.left // 2) + _u24(box.top // 2)
    size = _u24(box.width - 1) + _u24(box.height - 1)
    return place + size + _u24(delay) + bytes([blend])


def _u24(number: int) -> bytes:
    return number.to_bytes(3, "little")
