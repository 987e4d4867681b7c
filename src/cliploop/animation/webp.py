"""Frames in, animated WebP out, in one pass: one still WebP of what changed, framed as an ANMF chunk, per frame.

libwebp's own animation encoder merges equal frames (an animation that stands still becomes a still picture) and keeps
the whole file in memory until its end. Writing the container ourselves has neither effect, and gives durations that
are exact to the millisecond.

What is drawn of a frame depends on the frames alone and is decided in their order; the stills are made on a thread
for each core, as libwebp needs no lock of Python's, and written in order. The number of threads changes no byte.
"""

from __future__ import annotations

import os
import struct
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import BinaryIO, ClassVar

from cliploop.animation.webp_hold import Blocks, HeldBlocks, Tiled, bounding_box
from cliploop.animation.webp_quality import tolerance
from cliploop.animation.webp_still import chunk, invisible, pixels_of, still
from cliploop.animation.writer import BoundedFile, Frame, Settings

_ANIMATED, _ALPHA = 0x02, 0x10
_NO_BLEND, _BLEND = 0x02, 0x00
_NOTHING = (0, 0, 2, 2)
_OPAQUE = 255
#: A box of which less than this is held is drawn whole: its transparency would cost more than the rest of it.
_HARDLY_HELD = 0.1
#: Stills that wait for a thread or for their turn to be written, beyond those being made.
_WAITING = 2


class WebpWriter:
    """Writes an animated WebP in which each frame stays, and the next draws over it the blocks that have changed.

    Alone, it writes a whole file. As one of several, it writes frames only: ``assemble`` puts the header before the
    first, and ``set_length`` counts them all. Each part but the first is told what stands when it begins
    (``start_from``), and each but the last which frame is its last (``add`` with ``ends``).
    """

    longest_delay: ClassVar[int] = 0xFFFFFF  # the field has 24 bits

    def __init__(self, file: BinaryIO, settings: Settings, *, is_part: bool = False, threads: int = 0) -> None:
        """Write to ``file``; where it ``is_part``, neither header nor length. 0 ``threads``: one for each core."""
        self._raw, self._start, self._is_part = file, file.tell(), is_part
        self._file = BoundedFile(file, settings.max_bytes)
        self._quality = settings.quality
        self._held = HeldBlocks(tolerance(settings.quality))
        self._threads = threads or len(os.sched_getaffinity(0))
        # Threads end when this writer is forgotten, also where an error ended its work.
        self._pool = ThreadPoolExecutor(self._threads)
        self._queue: deque[tuple[bytes, Future[bytes]]] = deque()
        if not is_part:
            self._file.write(header(settings))

    def start_from(self, frame: Frame) -> None:
        """Take ``frame``, the last one of the part before, for what is shown; nothing is written for it."""
        self._held.start(Tiled.of(frame))

    def add(self, frame: Frame, delay: int, *, ends: bool = False) -> None:
        """Append a picture that stands for ``delay`` milliseconds.

        Where it ``ends`` a part, the next part starts from it; so what is held then is held to less.
        """
        tiled = Tiled.of(frame)
        blocks = self._held.changed(tiled, ends=ends)
        box = bounding_box(blocks)
        if box is None:
            self._put(_frame_header(_NOTHING, delay, _BLEND), self._pool.submit(invisible))
            return
        drawn = box.of(blocks)
        if drawn.mean() > 1 - _HARDLY_HELD or _lets_through(tiled, blocks):
            drawn[:] = True
        self._held.draw(tiled, blocks)
        blend = _NO_BLEND if drawn.all() else _BLEND
        made = self._pool.submit(still, tiled, box, drawn, self._quality)
        self._put(_frame_header(pixels_of(box, tiled), delay, blend), made)

    def close(self) -> None:
        """Write what is still being made, and the file's length where it belongs."""
        self._write_down_to(0)
        self._pool.shutdown()
        if not self._is_part:
            set_length(self._raw, self._start)

    def _put(self, place: bytes, image: Future[bytes]) -> None:
        self._queue.append((place, image))
        self._write_down_to(self._threads + _WAITING)

    def _write_down_to(self, waiting: int) -> None:
        while len(self._queue) > waiting:
            place, image = self._queue.popleft()
            self._file.write(chunk(b"ANMF", place + image.result()))


def header(settings: Settings) -> bytes:
    """What stands before the first frame; its length is set at the end."""
    canvas = _u24(settings.width - 1) + _u24(settings.height - 1)
    features = chunk(b"VP8X", bytes([_ANIMATED | _ALPHA, 0, 0, 0]) + canvas)
    # Background black and opaque (blue, green, red, alpha); it is never seen.
    animation = chunk(b"ANIM", b"\x00\x00\x00\xff" + struct.pack("<H", settings.loop))
    return b"RIFF\x00\x00\x00\x00WEBP" + features + animation


def set_length(file: BinaryIO, start: int = 0) -> None:
    """Write the length of what lies between ``start`` and here into the header at ``start``."""
    end = file.tell()
    file.seek(start + 4)
    file.write(struct.pack("<I", end - start - 8))
    file.seek(end)


def _lets_through(frame: Tiled, blocks: Blocks) -> bool:
    """Whether something of what is drawn is not opaque; blending could not make anything more transparent."""
    if frame.image.mode != "RGBA":
        return False
    rows, columns = blocks.shape
    alpha = frame.pixels[..., 3].reshape(rows, -1, columns, frame.pixels.shape[1] // columns)
    return bool((alpha.min(axis=(1, 3))[blocks] < _OPAQUE).any())


def _frame_header(place: tuple[int, int, int, int], delay: int, blend: int) -> bytes:
    left, top, right, bottom = place
    size = _u24(right - left - 1) + _u24(bottom - top - 1)
    return _u24(left // 2) + _u24(top // 2) + size + _u24(delay) + bytes([blend])


def _u24(number: int) -> bytes:
    return number.to_bytes(3, "little")
