"""What a viewer of a GIF sees by now, and what of a new picture has to be drawn over it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from cliploop.animation.planes import Box, Plane, Planes, Truth, Value, any_of_four, difference, rows, spread

#: Texture is measured by the square.
_SQUARE = 8
#: The tolerance in codes, where ``hold`` is 1: on plain areas, elsewhere, for each code of texture, and at most.
_PLAIN, _LEAST, _BY_TEXTURE, _MOST = 2.0, 0.5, 0.25, 20.0
#: The mean step from pixel to pixel up to which an area is plain. There, noise of a code or two is all that changes
#: in film, and redrawing it would cost most of the file.
_PLAIN_TEXTURE = 2.5
#: Likewise, up to which a step of colour is seen as such.
_SMOOTH_TEXTURE = 5.0
#: Chroma is less seen, and its noise is larger.
_CHROMA = 1
#: The marks lie so many codes apart, powers of two: for the mean of a square, which noise does not move, and for one
#: pixel.
_MARK, _PIXEL_MARK = 4, 16
_FAR = 255
#: Where leaving those pixels that are just within the tolerance saves hardly any drawing, they are drawn.
_CHEAP = 0.08
#: What is mended may be as much as what moves.
_MENDING = 2

Texture = NDArray[np.float32]


@dataclass(frozen=True)
class Changes:
    """What of a picture has to be drawn.

    Attributes:
        box: where it lies.
        picture: what lies there, in memory of its own.
        mask: (height, width) of the box, which of its pixels.
        pixels: the same as their numbers in reading order.
        error: for each of them, how far off in luma it is as shown; 255 where it has to be drawn anyway.
        smooth: (height, width) of the box, where there is little texture.
    """

    box: Box
    picture: Planes
    mask: Truth
    pixels: NDArray[np.intp]
    error: Plane
    smooth: Truth


class Shown:
    """Remembers luma as it is shown, and luma and chroma as they were in the source when they were last drawn.

    Luma is compared as shown, so that a palette's error is mended when that is worth it; chroma as it was in the
    source: what is shown is dithered, and would look like a change everywhere.
    """

    def __init__(self, hold: float) -> None:
        """See ``GifQuality.hold``."""
        self._hold = hold
        self._now: Planes | None = None
        self._luma = np.empty((0, 0), np.uint8)

    def changes(self, frame: Planes, *, ends: bool = False) -> Changes | None:
        """What to draw of a picture; None where nothing.

        Args:
            frame: the picture.
            ends: whether another part takes this picture for what is shown.
        """
        texture = _texture(frame.y)
        tolerance = _tolerance(texture, self._hold)
        error = self._error(frame, tolerance)
        limit = _over(tolerance, frame.y.shape)
        mask = error > limit
        mask = self._without_mending(frame, mask, error)
        just = (error == limit) & (error > 0) & _over(texture < _PLAIN_TEXTURE, frame.y.shape)
        if np.count_nonzero(just) <= _CHEAP * np.count_nonzero(mask):
            mask |= just
        if ends:
            mask |= self._drifted(frame, error)
        if frame.opaque is not None:
            mask &= frame.opaque
        return _changes(frame, mask, error, texture)

    def everything(self, frame: Planes) -> Changes:
        """All that a picture shows, as if nothing were there."""
        mask = np.ones(frame.y.shape, np.bool_) if frame.opaque is None else frame.opaque
        changes = _changes(frame, mask, np.full(frame.y.shape, _FAR, np.uint8), _texture(frame.y), whole=True)
        return cast("Changes", changes)

    def draw(self, frame: Planes, changes: Changes, drawn: Truth, luma: Plane) -> None:
        """Take note that the pixels ``drawn`` within the box now show ``luma``, and the frame's chroma."""
        if self._now is None:
            self._now, self._luma = frame.copy(), frame.y.copy()
        now, box = self._now, changes.box
        _replace(box.of(now.y), luma, drawn)
        _replace(box.of(self._luma), changes.picture.y, drawn)
        chroma_box = frame.chroma_box(box)
        chroma_drawn = any_of_four(drawn) if frame.is_subsampled else drawn
        _replace(chroma_box.of(now.u), changes.picture.u, chroma_drawn)
        _replace(chroma_box.of(now.v), changes.picture.v, chroma_drawn)
        if now.opaque is not None:
            covered = box.of(now.opaque)
            covered |= drawn

    def clear(self) -> None:
        """Take note that everything is transparent again."""
        self._now = None

    def prime(self, frame: Planes) -> None:
        """Take note that another part has drawn this picture."""
        self._now, self._luma = frame.copy(), frame.y.copy()

    def _without_mending(self, frame: Planes, mask: Truth, error: Plane) -> Truth:
        """The mask without pixels whose source stands as it was drawn, if most of it is such.

        What the palette got wrong is put right along with what moves. Where hardly anything does, as in a page of
        text or of fine grain, that would cost many times the film itself.
        """
        if self._now is None:
            return mask
        moved = mask & ((frame.y != self._luma) | (error == _FAR))
        return moved if np.count_nonzero(mask) > _MENDING * np.count_nonzero(moved) else mask

    def _drifted(self, frame: Planes, error: Plane) -> Truth:
        """Which pixels have crossed a fixed mark since they were drawn; where chroma has, their error is far.

        A part takes the last picture of the one before for drawn, also where it was held. With marks that are the
        same for all parts, what drifts too slowly for any one part is drawn when it crosses one.
        """
        now = self._now
        if now is None:
            return error > 0
        side = _SQUARE * frame.u.shape[0] // frame.y.shape[0]
        _put_far(error, _crossed(frame.u, now.u, side) | _crossed(frame.v, now.v, side))
        drifted: Truth = _crossed(frame.y, self._luma, _SQUARE) | (error == _FAR)
        return drifted

    def _error(self, frame: Planes, tolerance: Plane) -> Plane:
        now = self._now
        if now is None:
            return np.full(frame.y.shape, _FAR, np.uint8)
        error = difference(frame.y, now.y)
        off = np.maximum(difference(frame.u, now.u), difference(frame.v, now.v))
        side = _SQUARE * frame.u.shape[0] // frame.y.shape[0]
        _put_far(error, off > _over(tolerance + np.uint8(_CHROMA if self._hold else 0), off.shape, side))
        if now.opaque is not None:
            error[~now.opaque] = _FAR
        return error


def _changes(frame: Planes, mask: Truth, error: Plane, texture: Texture, *, whole: bool = False) -> Changes | None:
    box = Box(0, 0, *mask.shape[::-1]) if whole else _bounding_box(mask, even=frame.is_subsampled)
    if box is None:
        return None
    inside = np.ascontiguousarray(box.of(mask))
    pixels = np.flatnonzero(inside)
    smooth = box.of(_over(texture < _SMOOTH_TEXTURE, frame.y.shape))
    return Changes(
        box=box,
        picture=frame.within(box),
        mask=inside,
        pixels=pixels,
        error=np.ascontiguousarray(box.of(error)).ravel().take(pixels),
        smooth=smooth,
    )


def _put_far(error: Plane, chroma: Truth) -> None:
    """Let the error of luma be far where that of chroma is too large, which is at chroma's own size."""
    by_row = rows(error, chroma.shape[0])
    by_row |= spread(chroma.view(np.uint8) * np.uint8(_FAR), error.shape[0])


def _replace(old: Plane, new: Plane, where: Truth) -> None:
    # Bytes are multiplied many times as fast as chosen.
    keep = (~where).view(np.uint8)
    old *= keep
    old += new * where.view(np.uint8)


def _crossed(plane: Plane, drawn: Plane, side: int) -> Truth:
    """For each value whether it, or the mean of the square around it, has crossed a mark."""
    squares = (_means(plane, side) ^ _means(drawn, side)) >= _MARK
    crossed: Truth = ((plane ^ drawn) >= _PIXEL_MARK) | _over(squares, plane.shape, side)
    return crossed


def _means(plane: Plane, side: int) -> Plane:
    """The mean of each square, also of those that the edge cuts off."""
    down, across = (np.arange(0, length, side) for length in plane.shape)
    sums = np.add.reduceat(np.add.reduceat(plane.astype(np.uint32), down, axis=0), across, axis=1)
    heights, widths = (np.diff(np.append(np.arange(0, length, side), length)) for length in plane.shape)
    means: Plane = (sums // (heights[:, None] * widths)).astype(np.uint8)
    return means


def _texture(luma: Plane) -> Texture:
    """The mean step between neighbours in each square, from every other row of it; (rows, columns) of squares."""
    height, width = luma.shape
    down, across = -(-height // _SQUARE), -(-width // _SQUARE)
    some = luma[::2]
    steps = np.zeros((down * _SQUARE // 2, across * _SQUARE), np.uint8)
    steps[: some.shape[0], : width - 1] = difference(some[:, 1:], some[:, :-1])
    upright = steps.reshape(down, _SQUARE // 2, -1).sum(axis=1, dtype=np.uint16)
    sums = upright.reshape(down, across, _SQUARE).sum(axis=2, dtype=np.uint16)
    texture: Texture = sums / np.float32(_SQUARE * _SQUARE // 2)
    return texture


def _tolerance(texture: Texture, hold: float) -> Plane:
    codes = _LEAST + _BY_TEXTURE * texture
    plain = np.where(texture < _PLAIN_TEXTURE, np.maximum(codes, _PLAIN), codes)
    tolerance: Plane = np.minimum(plain * np.float32(hold) + np.float32(0.5), _MOST).astype(np.uint8)
    return tolerance


def _over(squares: NDArray[Value], shape: tuple[int, ...], side: int = _SQUARE) -> NDArray[Value]:
    """A value for each square as one for each pixel."""
    return squares.repeat(side, axis=1)[:, : shape[1]].repeat(side, axis=0)[: shape[0]]


def _bounding_box(mask: Truth, *, even: bool) -> Box | None:
    """The smallest rectangle that holds every set pixel; ``even`` where it has to hold whole 2x2 pixels."""
    down, across = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not down.size:
        return None
    left, right, top, bottom = int(across[0]), int(across[-1]) + 1, int(down[0]), int(down[-1]) + 1
    if even:
        left, right, top, bottom = left & ~1, right + 1 & ~1, top & ~1, bottom + 1 & ~1
    return Box(left, top, right - left, bottom - top)
