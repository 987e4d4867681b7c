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
from cliploop.animation.writer import BoundedFile, Frame, Mask, Settings

_TABLE_BITS = 8
#: What becomes of a frame when its time is over.
_LEAVE, _CLEAR = 1, 2
#: From this alpha on, a pixel is shown.
_OPAQUE = 128
_TRAILER = b"\x3b"
#: A colour table of two entries and one pixel of the first: the least that a frame can be.
_ONE_PIXEL = b"\x00" * 6 + b"\x02\x02\x44\x01\x00"


class GifWriter:
    """Writes a GIF in which each frame stays, and the next draws over it what has changed."""

    longest_delay: ClassVar[int] = 0xFFFF  # the field has 16 bits

    def __init__(self, file: BinaryIO, settings: Settings) -> None:
        self._file = BoundedFile(file, settings.max_bytes)
        self._held = HeldCanvas(settings.height, settings.width, _tolerance(settings.quality), alpha=settings.alpha)
        self._quantizer = Quantizer(_colors(settings.quality))
        self._file.write(_header(settings))

    def add(self, frame: Frame, delay: int) -> None:
        """Append a picture that stands for ``delay`` hundredths of a second."""
        mask = self._held.changed(frame)
        box = bounding_box(mask)
        if box is None:
            self._file.write(_control(delay, 0) + _descriptor(Box(0, 0, 1, 1), 1) + _ONE_PIXEL)
            return
        self._draw(frame, mask, box, delay)

    def close(self) -> None:
        """Write the trailer."""
        self._file.write(_TRAILER)

    def _draw(self, frame: Frame, mask: Mask, box: Box, delay: int, disposal: int = _LEAVE) -> None:
        self._held.draw(frame, mask)
        drawn = box.of(mask)
        quantized = self._quantizer.quantize(box.of(frame)[..., :3], drawn)
        control = _control(delay, TRANSPARENT, disposal)
        self._file.write(control + _descriptor(box, _TABLE_BITS) + _pixels(quantized, drawn))


class AlphaGifWriter(GifWriter):
    """Writes frames with alpha, of which a GIF can hold one bit.

    Nothing that is drawn makes a pixel transparent again; only a frame that takes itself away at its end does. So
    each waits for the next one: where that one uncovers something, it is drawn whole, and cleared at its end.
    """

    def __init__(self, file: BinaryIO, settings: Settings) -> None:
        super().__init__(file, settings)
        self._waiting: tuple[Frame, int] | None = None

    def add(self, frame: Frame, delay: int) -> None:
        """See ``GifWriter.add``."""
        opaque = frame[..., 3:] >= _OPAQUE
        binary = np.where(opaque, frame, np.uint8(0))
        binary[..., 3:] = opaque * np.uint8(255)
        self._pass_on(binary[..., 3] == 0)
        self._waiting = binary, delay

    def close(self) -> None:
        """Write the last frame and the trailer."""
        self._pass_on(None)
        super().close()

    def _pass_on(self, uncovered: Mask | None) -> None:
        if self._waiting is None:
            return
        frame, delay = self._waiting
        covered: Mask = frame[..., 3] > 0
        if uncovered is None or not (covered & uncovered).any():
            super().add(frame, delay)
            return
        height, width = covered.shape
        self._draw(frame, covered, Box(0, 0, width, height), delay, _CLEAR)
        self._held.clear()


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


def _control(delay: int, transparent: int, disposal: int = _LEAVE) -> bytes:
    # The lowest bit: one index is transparent.
    return struct.pack("<BBBBHBB", 0x21, 0xF9, 4, disposal << 2 | 1, delay, transparent, 0)


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
