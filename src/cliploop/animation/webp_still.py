"""One still WebP of what is drawn of a picture, as the chunks that an animation frames."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import lru_cache
from io import BytesIO

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image
from PIL import WebPImagePlugin as _  # noqa: F401  # else Pillow loads all of its formats to find this one

from cliploop.animation.webp_hold import BLOCK, Blocks, Box, Tiled
from cliploop.animation.webp_quality import evened
from cliploop.animation.writer import Frame

#: libwebp's effort, 0-6. 5 and 6 cost many times the time for a few hundredths of the bytes.
_METHOD = 4
#: A macroblock of VP8, in blocks and in pixels.
_MACRO, _SIDE = 2, 2 * BLOCK
#: A macroblock whose codes differ by no more than this is flat; a picture of which a fifth is flat is a drawing, a
#: title or a test card, whose colours somebody chose.
_FLAT, _MOSTLY = 2, 0.2
#: How far it may be off. At quality 75 one step of chroma is 2.9 codes, which blue sees doubled: such
#: blocks come out up to 5 codes off. From 92 on it is 1.1, and what is left is 8-bit YUV's own rounding, up to 2.
_OFF, _FAITHFUL = 3, 92
#: The share of flat pixels that may be further off: those beside an edge are blurred by the codec's deblocking.
_SEEN = 0.02
#: Of a macroblock's pixels, every so many are looked at in each direction.
_EVERY = 4
_SAMPLES = _SIDE // _EVERY
_WANTED = (b"ALPH", b"VP8 ", b"VP8L")


def still(frame: Tiled, box: Box, blocks: Blocks, quality: int) -> bytes:
    """The image chunks (``ALPH`` where some of it is not opaque or not drawn, ``VP8 ``) of one still WebP.

    Args:
        frame: the picture.
        box: the part of it that the still covers.
        blocks: what is drawn of the box.
        quality: 1-100.
    """
    left, top, right, bottom = pixels_of(box, frame)
    image, pixels = frame.image.crop((left, top, right, bottom)), frame.pixels[top:bottom, left:right]
    asked = float(quality)
    if not blocks.all():
        image = _held_hidden(image, box.of(frame.means)[..., :3], blocks)
        asked = evened(quality, 1 - float(_in_groups(blocks, _MACRO).any(axis=(1, 3)).mean()))
    file = _encoded(image, asked)
    if asked < _FAITHFUL and _is_off(file, pixels, blocks):
        file = _encoded(image, (asked + _FAITHFUL) / 2)
        if _is_off(file, pixels, blocks):
            file = _encoded(image, _FAITHFUL)
    return b"".join(chunk(name, body) for name, body in _chunks(file) if name in _WANTED)


@lru_cache(maxsize=1)
def invisible() -> bytes:
    """A still of 2x2 pixels that nobody sees."""
    file = _encoded(Image.new("RGBA", (2, 2)), 1)
    return b"".join(chunk(name, body) for name, body in _chunks(file) if name in _WANTED)


def pixels_of(box: Box, frame: Tiled) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of a box, in the frame's pixels."""
    right, bottom = min(box.right * BLOCK, frame.width), min(box.bottom * BLOCK, frame.height)
    return box.left * BLOCK, box.top * BLOCK, right, bottom


def chunk(name: bytes, body: bytes) -> bytes:
    """A RIFF chunk, padded to an even length."""
    return name + struct.pack("<I", len(body)) + body + b"\x00" * (len(body) % 2)


def _encoded(image: Image.Image, quality: float) -> bytes:
    file = BytesIO()
    image.save(file, "WEBP", quality=quality, method=_METHOD, alpha_quality=100, exact=True)
    return file.getvalue()


def _held_hidden(image: Image.Image, means: Frame, blocks: Blocks) -> Image.Image:
    """The picture with what is not drawn transparent, and cheap under its transparency.

    A held block beside a drawn one has its mean colour: deblocking and the smoothing of chroma carry some of it over
    the edge, and another colour would show as a grid of thin lines. (libwebp's own cheap filling, which ``exact``
    turns off, has that.) Further off, any colour will do, and the cheapest is that of the block to its left.
    """
    near = sliding_window_view(np.pad(blocks, 1), (3, 3)).any(axis=(2, 3))
    nearest = np.maximum.accumulate(np.where(near, np.arange(blocks.shape[1]), 0), axis=1)
    hidden = Image.fromarray(np.take_along_axis(means, nearest[..., None], axis=1))
    drawn = _enlarged(Image.fromarray(blocks * np.uint8(255)), image)
    partly = _enlarged(hidden, image)
    partly.paste(image if image.mode == "RGB" else image.convert("RGB"), mask=drawn)
    partly.putalpha(drawn)
    return partly


def _enlarged(small: Image.Image, image: Image.Image) -> Image.Image:
    """A picture of a pixel a block, at the size of the picture that the blocks are of."""
    large = small.resize((small.width * BLOCK, small.height * BLOCK), Image.Resampling.NEAREST)
    return large if large.size == image.size else large.crop((0, 0, *image.size))


def _in_groups(blocks: Blocks, side: int) -> Blocks:
    """Blocks in groups of ``side`` by ``side``, as (row, y, column, x)."""
    rows, columns = -(-blocks.shape[0] // side), -(-blocks.shape[1] // side)
    padded = np.zeros((rows * side, columns * side), np.bool_)
    padded[: blocks.shape[0], : blocks.shape[1]] = blocks
    return padded.reshape(rows, side, columns, side)


def _is_off(file: bytes, picture: Frame, blocks: Blocks) -> bool:
    """Whether much of the picture is flat and would be seen in another colour than it has."""
    flat = _is_flat(picture)
    rows, columns = flat.shape
    flat &= np.asarray(_in_groups(blocks, _MACRO).all(axis=(1, 3)))[:rows, :columns]
    if not flat.any() or flat.mean() < _MOSTLY:
        return False
    asked = _sampled(picture)
    with Image.open(BytesIO(file), formats=["WEBP"]) as image:
        shown = _sampled(np.asarray(image))
    worst: Frame = (np.maximum(shown, asked) - np.minimum(shown, asked)).max(axis=2)
    of_each = worst.reshape(rows, _SAMPLES, columns, _SAMPLES).swapaxes(1, 2)
    return bool((of_each[flat] > _OFF).mean() > _SEEN)


def _is_flat(picture: Frame) -> Blocks:
    """Which whole macroblocks' codes are all about the same, by every fourth line: lines are quicker than pixels."""
    rows, columns = picture.shape[0] // _SIDE, picture.shape[1] // _SIDE
    lines = picture[2 : rows * _SIDE : _EVERY, : columns * _SIDE]
    each = lines.reshape(rows, _SAMPLES, columns * _SIDE * picture.shape[2])
    high, low = (end.reshape(rows, columns, _SIDE, picture.shape[2]) for end in (each.max(axis=1), each.min(axis=1)))
    flat: Blocks = (high.max(axis=2) - low.min(axis=2) <= _FLAT).all(axis=2)
    return flat


def _sampled(picture: Frame) -> Frame:
    """Every fourth pixel each way of whole macroblocks, without alpha."""
    height, width = (length // _SIDE * _SIDE for length in picture.shape[:2])
    return picture[2:height:_EVERY, 2:width:_EVERY, :3]


def _chunks(file: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The chunks of a WebP file: name and body."""
    at = 12
    while at + 8 <= len(file):
        size = int.from_bytes(file[at + 4 : at + 8], "little")
        yield file[at : at + 4], file[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
