"""Changes MP4 files where ffmpeg has no option for it: box by box, the index being at the end of the file."""

from __future__ import annotations

import struct


def with_dolby_vision(file: bytes, profile: int, compatibility: int) -> bytes:
    """An HEVC file that says of itself to be Dolby Vision, by a ``dvcC`` box in its sample entry."""
    # Version 1.0, then profile (7 bits), level (6), RPU, enhancement layer and base layer present, compatibility (4).
    bits = profile << 25 | 6 << 19 | 0b101 << 16 | compatibility << 12
    record = b"\x01\x00" + struct.pack(">HB", bits >> 16, bits >> 8 & 0xFF) + bytes(19)
    return _inserted(file, (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd"), record)


def _inserted(file: bytes, path: tuple[bytes, ...], record: bytes) -> bytes:
    box = struct.pack(">I", len(record) + 8) + b"dvcC" + record
    changed = bytearray(file)
    at = 0
    for name in path:
        at = changed.index(name, at)
        _grow(changed, at - 4, len(box))
    entry = at + 12  # version, flags and count come before the sample entry
    size = _grow(changed, entry, len(box))
    end = entry + size
    return bytes(changed[:end] + box + changed[end:])


def _grow(file: bytearray, at: int, count: int) -> int:
    size = struct.unpack_from(">I", file, at)[0]
    struct.pack_into(">I", file, at, size + count)
    return int(size)
