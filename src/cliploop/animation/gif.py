"""Frames in, GIF out, in one pass: what has not visibly changed stays, the rest gets a palette of its own."""

from __future__ import annotations

import struct
from io import BytesIO
from typing import BinaryIO, ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from cliploop.animation.held import Box, HeldCanvas, bounding_box
from cliploop.animation.palette import TRANSPARENT, Quantized, Quantizer
from cliploop.animation.writer import BoundedFile, Frame, Settings

_TABLE_BITS = 8
_TRAILER = b"\x3b"
#: A colour table of two entries and one pixel of the first: the least that a frame can be.
_ONE_PIXEL = b"\x00" * 6 + b"\x02\x02\x44\x01\x00"


class GifWriter:
    """Writes a GIF in which each frame stays, and the next draws over it what has changed."""

    longest_delay: ClassVar[int] = 0xFFFF  # the field has 16 bits

    def __init__(self, file: BinaryIO, settings: Settings) -> None:
        self._file = BoundedFile(file, settings.max_bytes)
        self._held = HeldCanvas(settings.height, settings.width, _tolerance(settings.quality))
        self._quantizer = Quantizer(_colors(settings.quality))
        self._file.write(_header(settings))

    def add(self, frame: Frame, delay: int) -> None:
        """Append a picture that stands for ``delay`` hundredths of a second."""
        mask = self._held.changed(frame)
        box = bounding_box(mask)
        if box is None:
            self._file.write(_control(delay, 0) + _descriptor(Box(0, 0, 1, 1), 1) + _ONE_PIXEL)
            return
        self._held.draw(frame, mask)
        drawn = box.of(mask)
        quantized = self._quantizer.quantize(box.of(frame), drawn)
        self._file.write(_control(delay, TRANSPARENT) + _descriptor(box, _TABLE_BITS) + _pixels(quantized, drawn))

    def close(self) -> None:
        """Write the trailer."""
        self._file.write(_TRAILER)


def _tolerance(quality: int) -> int:
    # Codes of 255 by which a channel may be off before the pixel is drawn anew; 2 at the usual quality of 75, which
    # is less than the error of a palette.
    return 1 + (100 - quality) // 20


def _colors(quality: int) -> int:
    return min(255, 64 + quality * 3)


def _header(settings: Settings) -> bytes:
    # No colour table for all, background 0, pixels square.
    screen = b"GIF89a" + struct.pack("<HHBBB", settings.width, settings.height, 0x70, 0, 0)
    if settings.loop == 1:
        return screen
    # The block counts repetitions, that is, showings after the first; 0 is for ever.
    return screen + b"\x21\xff\x0bNETSCAPE2.0\x03\x01" + struct.pack("<HB", max(0, settings.loop - 1), 0)


def _control(delay: int, transparent: int) -> bytes:
    # 0b101: leave the frame when it ends, and one index is transparent.
    return struct.pack("<BBBBHBB", 0x21, 0xF9, 4, 0b0000_0101, delay, transparent, 0)


def _descriptor(box: Box, table_bits: int) -> bytes:
    return struct.pack("<BHHHHB", 0x2C, box.left, box.top, box.width, box.height, 0x80 | (table_bits - 1))


def _pixels(quantized: Quantized, drawn: NDArray[np.bool_]) -> bytes:
    """Colour table and compressed indices, those that are not drawn being transparent."""
    indices = np.where(drawn, quantized.indices, np.uint8(TRANSPARENT))
    image = Image.fromarray(indices)
    data = BytesIO()
    # Pillow's own plug-ins write through this function; without it, its compressor only makes whole files.
    ImageFile._save(image, data, [ImageFile._Tile("gif", (0, 0, *image.size), 0, "L")])  # noqa: SLF001
    return quantized.table.tobytes() + bytes([_TABLE_BITS]) + data.getvalue() + b"\x00"
