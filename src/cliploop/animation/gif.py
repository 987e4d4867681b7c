"""Frames in, GIF out, in one pass: what has not visibly changed stays, the rest gets a palette of its own."""

from __future__ import annotations

import os
from functools import partial
from typing import BinaryIO, ClassVar

import numpy as np

from cliploop.animation.behind import Behind
from cliploop.animation.cells import CellMaker, Cells
from cliploop.animation.color_space import Points
from cliploop.animation.gif_blocks import CLEAR, LEAVE, TRAILER, TRANSPARENT, header, image, nothing
from cliploop.animation.gif_quality import GifQuality
from cliploop.animation.matching import Choice, nearest
from cliploop.animation.mixing import every_other, second_choices
from cliploop.animation.palette import PaletteMaker
from cliploop.animation.planes import Box, Plane, Planes, Truth, difference
from cliploop.animation.shown import Changes, Shown
from cliploop.animation.writer import BoundedFile, Picture, Settings


class GifWriter:
    """Writes a GIF in which each frame stays, and the next draws over it what has changed.

    Alone, it writes a whole file. As one of several, it writes frames only, and ``assemble`` puts them together. Each
    part but the first is told what stands when it begins (``start_from``), and each but the last which frame is its
    last (``add`` with ``ends``).
    """

    longest_delay: ClassVar[int] = 0xFFFF  # the field has 16 bits

    def __init__(self, file: BinaryIO, settings: Settings, *, is_part: bool = False, threads: int = 0) -> None:
        """Write to ``file``; where it ``is_part``, neither header nor trailer. 0 ``threads``: one for each core."""
        self._file, self._is_part = BoundedFile(file, settings.max_bytes), is_part
        self._space = settings.space
        self._quality = GifQuality.of(settings.quality, settings.gif)
        self._shown = Shown(self._quality.hold)
        self._behind = Behind(at_once=(threads or len(os.sched_getaffinity(0))) == 1)
        self._cells, self._palettes = CellMaker(), PaletteMaker(self._quality.colors, self._quality.search)
        if not is_part:
            self._file.write(header(settings.width, settings.height, settings.loop))

    def start_from(self, frame: Picture) -> None:
        """Take ``frame``, the last one of the part before, for what is shown; nothing is written for it."""
        self._shown.prime(self._planes(frame))

    def add(self, frame: Picture, delay: int, *, ends: bool = False) -> None:
        """Append a picture that stands for ``delay`` hundredths of a second; ``ends`` where another part goes on.

        Another part knows of this one only its last frame, and takes it for drawn as it is; so what has
        slowly drifted is drawn then.
        """
        planes = self._planes(frame)
        changes = self._shown.changes(planes, ends=ends)
        if changes is None:
            self._behind.do(partial(self._file.write, nothing(delay)))
        else:
            self._draw(planes, changes, delay)

    def close(self) -> None:
        """Write what is still being compressed, and the trailer."""
        self._behind.catch_up()
        if not self._is_part:
            self._file.write(TRAILER)

    def _planes(self, frame: Picture) -> Planes:
        return frame if isinstance(frame, Planes) else Planes.of_rgb(frame, self._space)

    def _draw(self, frame: Planes, changes: Changes, delay: int, disposal: int = LEAVE) -> None:
        cells = self._cells.cells(changes.picture, changes.mask, changes.pixels)
        table = self._space.to_rgb(self._palettes.palette(cells))
        palette = self._space.from_rgb(table)
        entries = self._entries(cells, palette, changes)
        luma = np.rint(palette[:, 0]).astype(np.uint8).take(entries)
        is_better = difference(changes.picture.y.ravel().take(changes.pixels), luma) < changes.error
        indices = np.full(changes.mask.shape, TRANSPARENT, np.uint8)
        indices.ravel()[changes.pixels] = entries | ~is_better * np.uint8(TRANSPARENT)
        shown = np.zeros(changes.mask.shape, np.uint8)
        shown.ravel()[changes.pixels] = luma
        self._shown.draw(frame, changes, indices != TRANSPARENT, shown)
        self._behind.do(partial(self._write, indices, table, changes.box, delay, disposal))

    def _write(self, indices: Plane, table: Plane, box: Box, delay: int, disposal: int) -> None:
        image(self._file.raw, indices, table, box, delay, disposal)
        self._file.check()

    def _entries(self, cells: Cells, palette: Points, changes: Changes) -> Choice:
        """For each pixel that is drawn its colour's place in the palette."""
        first, error = nearest(cells.points, palette)
        self._palettes.learn(cells, first, error)
        entries = cells.by_number(first).take(cells.of_pixel)
        if self._quality.dither is None or len(palette) == len(cells.points):
            return entries
        others = np.flatnonzero((changes.smooth & every_other(changes.box)).ravel().take(changes.pixels))
        mixed = cells.of_pixel.take(others)
        second = second_choices(cells, palette, first, mixed, self._quality.dither)
        entries[others] = cells.by_number(second).take(mixed)
        return entries


class AlphaGifWriter(GifWriter):
    """Writes frames with alpha, of which a GIF can hold one bit.

    Nothing that is drawn makes a pixel transparent again; only a frame that takes itself away at its end does. So
    each waits for the next one: where that one uncovers something, it is drawn whole, and cleared at its end.
    """

    def __init__(self, file: BinaryIO, settings: Settings, *, is_part: bool = False, threads: int = 0) -> None:
        super().__init__(file, settings, is_part=is_part, threads=threads)
        self._waiting: tuple[Planes, int] | None = None

    def start_from(self, frame: Picture) -> None:
        """Begin with nothing: the part before has cleared its last frame."""

    def add(self, frame: Picture, delay: int, *, ends: bool = False) -> None:
        """See ``GifWriter.add``."""
        planes = self._planes(frame).copy()
        self._pass_on(planes.opaque)
        self._waiting = planes, delay
        if ends:
            # Nobody knows here what the next part uncovers, so it begins with nothing.
            self._pass_on(np.zeros(planes.y.shape, np.bool_))

    def close(self) -> None:
        """Write the last frame and the trailer."""
        self._pass_on(None)
        super().close()

    def _pass_on(self, opaque: Truth | None) -> None:
        """Write the waiting frame; ``opaque`` is what the next one covers."""
        if self._waiting is None:
            return
        frame, delay = self._waiting
        self._waiting = None
        covered = np.ones(frame.y.shape, np.bool_) if frame.opaque is None else frame.opaque
        if opaque is None or not (covered & ~opaque).any():
            super().add(frame, delay)
            return
        self._draw(frame, self._shown.everything(frame), delay, CLEAR)
        self._shown.clear()
