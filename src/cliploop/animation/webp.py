"""Frames in, animated WebP out, in one pass: one still WebP of what changed, framed as an ANMF chunk, per frame.

libwebp's own animation encoder merges equal frames (an animation that stands still becomes a still picture) and keeps
the whole file in memory until its end. Writing the container ourselves has neither effect, and gives durations that
are exact to the millisecond.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO, ClassVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image

from cliploop.animation.held import Box, HeldCanvas, bounding_box
from cliploop.animation.writer import BoundedFile, Frame, Mask, Settings

#: libwebp's effort, 0-6. 5 and 6 cost many times the time for a few hundredths of the bytes.
_METHOD = 4
#: A macroblock of VP8; what changes is decided by the block, since a block is what costs bits.
_BLOCK = 16
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
        self._held = HeldCanvas(settings.height, settings.width, _tolerance(settings.quality))
        self._file.write(_header(settings))

    def add(self, frame: Frame, delay: int) -> None:
        """Append a picture that stands for ``delay`` milliseconds."""
        mask = _whole_blocks(self._held.changed(frame))
        box = bounding_box(mask)
        if box is None:
            self._file.write(_chunk(b"ANMF", _frame_header(_NOTHING, delay, _BLEND) + _invisible()))
            return
        self._held.draw(frame, mask)
        drawn = box.of(mask)
        blend = _NO_BLEND if drawn.all() else _BLEND
        image = _still(box.of(frame), drawn, self._quality)
        self._file.write(_chunk(b"ANMF", _frame_header(box, delay, blend) + image))

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


def _whole_blocks(mask: Mask, reach: int = 0) -> Mask:
    """Every block in which a pixel is set, whole, and as many blocks around it as ``reach`` says.

    Blocks are counted from the corner of the mask; their edges are even, as the container wants them.
    """
    height, width = mask.shape
    rows, columns = -(-height // _BLOCK), -(-width // _BLOCK)
    padded = np.zeros((rows * _BLOCK, columns * _BLOCK), np.bool_)
    padded[:height, :width] = mask
    blocks: Mask = np.pad(np.asarray(padded.reshape(rows, _BLOCK, columns, _BLOCK).any(axis=(1, 3))), reach)
    if reach:
        blocks = np.asarray(sliding_window_view(blocks, (2 * reach + 1, 2 * reach + 1)).any(axis=(2, 3)))
    whole: Mask = blocks.repeat(_BLOCK, axis=0).repeat(_BLOCK, axis=1)[:height, :width]
    return whole


def _still(pixels: Frame, drawn: Mask, quality: int) -> bytes:
    """The image chunks (``ALPH`` where some of it is not drawn, ``VP8 ``) of one still WebP."""
    if drawn.all():
        image = Image.fromarray(np.ascontiguousarray(pixels))
    else:
        image = Image.fromarray(np.dstack([_cheap_where_hidden(pixels, drawn), drawn.astype(np.uint8) * 255]))
    file = BytesIO()
    image.save(file, "WEBP", quality=quality, method=_METHOD, alpha_quality=100, exact=True)
    wanted = (b"ALPH", b"VP8 ", b"VP8L")
    return b"".join(_chunk(name, body) for name, body in _chunks(file.getvalue()) if name in wanted)


def _cheap_where_hidden(pixels: Frame, drawn: Mask) -> Frame:
    """The picture with one colour a block where nothing is drawn.

    Blocks beside a drawn one stay: the codec's deblocking and its smoothing of chroma would carry another colour over
    the edge, which shows as a grid of thin lines.
    """
    height, width = drawn.shape
    small = Image.fromarray(np.ascontiguousarray(pixels)).reduce(_BLOCK)
    large = small.resize((small.width * _BLOCK, small.height * _BLOCK), Image.Resampling.NEAREST)
    flat = np.asarray(large)[:height, :width]
    return np.where(_whole_blocks(drawn, reach=1)[..., None], pixels, flat)


def _invisible() -> bytes:
    return _still(np.zeros((2, 2, 3), np.uint8), np.zeros((2, 2), np.bool_), 1)


def _header(settings: Settings) -> bytes:
    canvas = _u24(settings.width - 1) + _u24(settings.height - 1)
    features = _chunk(b"VP8X", bytes([_ANIMATED | _ALPHA, 0, 0, 0]) + canvas)
    # Background black and opaque (blue, green, red, alpha); it is never seen.
    animation = _chunk(b"ANIM", b"\x00\x00\x00\xff" + struct.pack("<H", settings.loop))
    return b"RIFF\x00\x00\x00\x00WEBP" + features + animation


def _frame_header(box: Box, delay: int, blend: int) -> bytes:
    place = _u24(box.left // 2) + _u24(box.top // 2)
    size = _u24(box.width - 1) + _u24(box.height - 1)
    return place + size + _u24(delay) + bytes([blend])


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\x00" * (len(body) % 2)


def _chunks(file: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The chunks of a WebP file: name and body."""
    at = 12
    while at + 8 <= len(file):
        size = int.from_bytes(file[at + 4 : at + 8], "little")
        yield file[at : at + 4], file[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def _u24(number: int) -> bytes:
    return number.to_bytes(3, "little")
