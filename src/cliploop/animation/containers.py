"""What stands in a GIF or WebP file, read block by block: how large, how often, which frames for how long.

Pixels are skipped, but for those of the first frame, which come as a small file of their own. So a file of any length
is read in little time and memory.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_GIF_EXTENSION, _GIF_IMAGE, _GIF_TRAILER = 0x21, 0x2C, 0x3B
_GIF_CONTROL, _GIF_APPLICATION = 0xF9, 0xFF
_HAS_TABLE, _TABLE_BITS = 0x80, 0x07
_CENTISECOND_MS = 10
_RIFF_HEAD, _CHUNK_HEAD, _ANMF_HEAD = 12, 8, 16


@dataclass(frozen=True)
class Contents:
    """What a file says of itself.

    Attributes:
        loop: times to play; 0 = for ever.
        durations_ms: how long each frame stands.
        first: the first frame as a still image of the same format.
    """

    width: int
    height: int
    loop: int
    durations_ms: tuple[int, ...]
    first: bytes


class BrokenFileError(Exception):
    """What is wrong with a file."""


def read_gif(file: BinaryIO) -> Contents:
    """Read a GIF from its first byte to its last.

    Raises:
        BrokenFileError: where it is none, or not whole.
    """
    signature, width, height, flags, _, _ = struct.unpack("<6sHHBBB", _taken(file, 13))
    if signature != b"GIF89a":
        raise BrokenFileError("no GIF89a")
    _taken(file, _table_size(flags))
    # Without the block that says how often, it plays once.
    loop, delay, durations, first = 1, 0, [], b""
    while (kind := _taken(file, 1)[0]) != _GIF_TRAILER:
        if kind == _GIF_EXTENSION:
            label, data = _extension(file)
            delay = int.from_bytes(data[1:3], "little") if label == _GIF_CONTROL else delay
            loop = _loop(data) if label == _GIF_APPLICATION else loop
        elif kind == _GIF_IMAGE:
            _skip_image(file, width, height)
            first = first or _up_to_here(file) + bytes([_GIF_TRAILER])
            durations.append(delay * _CENTISECOND_MS)
        else:
            raise BrokenFileError(f"a block of kind {kind:#x}")
    if file.read(1):
        raise BrokenFileError("bytes behind the trailer")
    return Contents(width, height, loop, tuple(durations), first)


def read_webp(file: BinaryIO) -> Contents:
    """Read an animated WebP from its first byte to its last.

    Raises:
        BrokenFileError: where it is none, or not whole.
    """
    riff, length, webp = struct.unpack("<4sI4s", _taken(file, _RIFF_HEAD))
    size = file.seek(0, 2)
    if (riff, webp, length) != (b"RIFF", b"WEBP", size - 8):
        raise BrokenFileError(f"{riff!r} of {length} bytes with {webp!r}, in a file of {size}")
    width = height = loop = 0
    durations, first = [], b""
    for name, start, end in _chunks(file, _RIFF_HEAD, size):
        file.seek(start)
        if name == b"VP8X":
            features = _taken(file, 10)
            width, height = _u24(features, 4) + 1, _u24(features, 7) + 1
        elif name == b"ANIM":
            loop = int.from_bytes(_taken(file, 6)[4:], "little")
        elif name == b"ANMF":
            duration, still = _still(file, start, end, width, height, wanted=not first)
            durations.append(duration)
            first = first or still
    return Contents(width, height, loop, tuple(durations), first)


def _taken(file: BinaryIO, size: int) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise BrokenFileError("it ends too early")
    return data


def _table_size(flags: int) -> int:
    return 3 << (flags & _TABLE_BITS) + 1 if flags & _HAS_TABLE else 0


def _extension(file: BinaryIO) -> tuple[int, bytes]:
    label, size = _taken(file, 2)
    data = _taken(file, size)
    while size := _taken(file, 1)[0]:
        data += _taken(file, size)
    return label, data


def _loop(data: bytes) -> int:
    # It counts repetitions after the first showing.
    repeats = int.from_bytes(data[12:14], "little")
    return repeats + 1 if repeats else 0


def _skip_image(file: BinaryIO, width: int, height: int) -> None:
    left, top, across, down, flags = struct.unpack("<HHHHB", _taken(file, 9))
    if not (across and down) or left + across > width or top + down > height:
        raise BrokenFileError("a frame that lies outside the picture")
    _taken(file, _table_size(flags) + 1)
    size = 1
    while size:
        size = _taken(file, 1)[0]
        file.seek(size, 1)


def _up_to_here(file: BinaryIO) -> bytes:
    end = file.tell()
    file.seek(0)
    return _taken(file, end)


def _chunks(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Each chunk's name, and where its content starts and ends."""
    while start < end:
        file.seek(start)
        name, size = struct.unpack("<4sI", _taken(file, _CHUNK_HEAD))
        start += _CHUNK_HEAD
        if start + size > end:
            raise BrokenFileError(f"a chunk {name!r} that ends behind its container")
        yield name, start, start + size
        start += size + size % 2


def _still(file: BinaryIO, start: int, end: int, width: int, height: int, *, wanted: bool) -> tuple[int, bytes]:
    """How long a frame stands, in milliseconds, and itself as a file where that is wanted."""
    head = _taken(file, _ANMF_HEAD)
    left, top, across, down = 2 * _u24(head, 0), 2 * _u24(head, 3), _u24(head, 6) + 1, _u24(head, 9) + 1
    if left + across > width or top + down > height:
        raise BrokenFileError("a frame that lies outside the picture")
    names = [name for name, _, _ in _chunks(file, start + _ANMF_HEAD, end)]
    if names not in ([b"VP8 "], [b"VP8L"], [b"ALPH", b"VP8 "]):
        raise BrokenFileError(f"a frame of {names}")
    if not wanted:
        return _u24(head, 12), b""
    file.seek(start + _ANMF_HEAD)
    image = _taken(file, end - start - _ANMF_HEAD)
    # 0x10: it has alpha, which does no harm where it has none.
    features = b"VP8X" + struct.pack("<IBxxx", 10, 0x10) + head[6:12]
    return _u24(head, 12), b"RIFF" + struct.pack("<I", 4 + len(features) + len(image)) + b"WEBP" + features + image


def _u24(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 3], "little")
