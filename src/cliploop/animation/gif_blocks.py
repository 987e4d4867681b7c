"""The blocks that a GIF file consists of (GIF89a, W3C)."""

from __future__ import annotations

import struct
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageFile

from cliploop.animation.planes import Box, Plane

#: The colour index that stands for "leave what is there".
TRANSPARENT = 255
#: What becomes of a frame when its time is over.
LEAVE, CLEAR = 1, 2
TRAILER = b"\x3b"
#: Bits of an index: at most, and the fewest that the format's compression knows.
_TABLE_BITS, _FEWEST_BITS = 8, 2
#: A colour table of two entries and one pixel of the first: the least that a frame can be.
_ONE_PIXEL = b"\x00" * 6 + b"\x02\x02\x44\x01\x00"


def header(width: int, height: int, loop: int) -> bytes:
    """What comes before the first frame; ``loop`` = times to play, 0 = for ever."""
    # No colour table for all, background 0, pixels square.
    screen = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x70, 0, 0)
    if loop == 1:
        return screen
    # The block counts repetitions, that is, showings after the first; 0 is for ever.
    return screen + b"\x21\xff\x0bNETSCAPE2.0\x03\x01" + struct.pack("<HB", max(0, loop - 1), 0)


def nothing(delay: int) -> bytes:
    """A frame that changes nothing and stands for ``delay`` hundredths of a second."""
    return _control(delay, 0, LEAVE) + _descriptor(Box(0, 0, 1, 1), 1) + _ONE_PIXEL


def image(file: BinaryIO, indices: Plane, table: Plane, box: Box, delay: int, disposal: int = LEAVE) -> None:
    """Write a frame.

    Args:
        file: where to; with a descriptor of its own, unbuffered, the pixels are compressed without Python's lock.
        indices: (height, width) of the box, into the table; ``TRANSPARENT`` where nothing is drawn.
        table: (n, 3) RGB, n <= 255.
        box: where on the canvas.
        delay: how long it stands, in hundredths of a second.
        disposal: ``LEAVE`` or ``CLEAR``.
    """
    picture, table, bits = _in_few_bits(Image.fromarray(indices), table)
    colors = np.zeros((1 << bits, 3), np.uint8)
    colors[: len(table)] = table
    place = _control(delay, (1 << bits) - 1, disposal) + _descriptor(box, bits)
    file.write(place + colors.tobytes() + bytes([bits]))
    # Pillow's own plug-ins write through this function; without it, its compressor only makes whole files.
    ImageFile._save(picture, file, [ImageFile._Tile("gif", (0, 0, *picture.size), 0, ("L", bits))])  # noqa: SLF001
    file.write(b"\x00")


def _in_few_bits(picture: Image.Image, table: Plane) -> tuple[Image.Image, Plane, int]:
    """The same picture with no more colours in its table than it uses; the last place stays for transparency."""
    used = np.flatnonzero(picture.histogram()[:TRANSPARENT])
    bits = max(_FEWEST_BITS, len(used).bit_length())
    if bits == _TABLE_BITS:
        return picture, table, bits
    places = np.full(TRANSPARENT + 1, (1 << bits) - 1, np.uint8)
    places[used] = np.arange(len(used))
    return picture.point(places.tolist()), table[used], bits


def _control(delay: int, transparent: int, disposal: int) -> bytes:
    # The lowest bit: one index is transparent.
    return struct.pack("<BBBBHBB", 0x21, 0xF9, 4, disposal << 2 | 1, delay, transparent, 0)


def _descriptor(box: Box, table_bits: int) -> bytes:
    return struct.pack("<BHHHHB", 0x2C, box.left, box.top, box.width, box.height, 0x80 | (table_bits - 1))
