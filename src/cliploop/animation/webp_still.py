"""One still WebP of what changed in a picture, as the chunks that an animation frames."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from io import BytesIO
from typing import cast

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image

from cliploop.animation.held import Picture
from cliploop.animation.writer import Frame, Mask

#: libwebp's effort, 0-6. 5 and 6 cost many times the time for a few hundredths of the bytes.
_METHOD = 4
#: A macroblock of VP8; what changes is decided by the block, since a block is what costs bits.
_BLOCK = 16
#: A block whose codes differ by no more than this is flat; a picture of which a fifth is flat is a drawing, a title
#: or a test card, whose colours somebody chose.
_FLAT, _MOSTLY = 2, 0.2
#: How far it may be off. At quality 75 one step of chroma is 2.9 codes, which blue sees doubled: such
#: blocks come out up to 5 codes off. From 92 on it is 1.1, and what is left is 8-bit YUV's own rounding, up to 2.
_OFF, _FAITHFUL = 3, 92
#: The share of flat pixels that may be further off: those beside an edge are blurred by the codec's deblocking.
_SEEN = 0.02
#: Of a block's pixels, every so many are looked at in each direction.
_EVERY = 4
_WANTED = (b"ALPH", b"VP8 ", b"VP8L")


def whole_blocks(mask: Mask, reach: int = 0) -> Mask:
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


def still(pixels: Frame, drawn: Mask, quality: int) -> bytes:
    """The image chunks (``ALPH`` where some of it is not opaque or not drawn, ``VP8 ``) of one still WebP."""
    if drawn.all():
        image = Image.fromarray(np.ascontiguousarray(pixels))
    else:
        opaque = pixels[..., :3]
        image = Image.fromarray(np.dstack([_cheap_where_hidden(opaque, drawn), drawn.astype(np.uint8) * 255]))
    file = _encoded(image, quality)
    if quality < _FAITHFUL and _is_off(file, pixels[..., :3], drawn):
        file = _encoded(image, _FAITHFUL)
    return b"".join(chunk(name, body) for name, body in _chunks(file) if name in _WANTED)


def _encoded(image: Image.Image, quality: int) -> bytes:
    file = BytesIO()
    image.save(file, "WEBP", quality=quality, method=_METHOD, alpha_quality=100, exact=True)
    return file.getvalue()


def _is_off(file: bytes, pixels: Frame, drawn: Mask) -> bool:
    """Whether much of the picture is flat and would be seen in another colour than it has."""
    asked = _sampled(pixels)
    # Of a block, all is drawn or nothing, so its first sample speaks for it.
    flat = (np.ptp(asked, axis=(1, 3)) <= _FLAT).all(axis=2) & _sampled(drawn)[:, 0, :, 0]
    if not flat.any() or flat.mean() < _MOSTLY:
        return False
    with Image.open(BytesIO(file)) as image:
        shown = _sampled(np.asarray(image.convert("RGB")))
    off = np.maximum(shown, asked) - np.minimum(shown, asked) > _OFF
    return bool(off.any(axis=4).swapaxes(1, 2)[flat].mean() > _SEEN)


def _sampled(picture: Picture) -> Picture:
    """Every fourth pixel of each whole block, as (row, y, column, x) and channels."""
    rows, columns = picture.shape[0] // _BLOCK, picture.shape[1] // _BLOCK
    samples = picture[2 : rows * _BLOCK : _EVERY, 2 : columns * _BLOCK : _EVERY]
    side = _BLOCK // _EVERY
    return cast("Picture", samples.reshape(rows, side, columns, side, *picture.shape[2:]))


def _cheap_where_hidden(pixels: Frame, drawn: Mask) -> Frame:
    """The picture with one colour a block where nothing is drawn.

    Blocks beside a drawn one stay: the codec's deblocking and its smoothing of chroma would carry another colour over
    the edge, which shows as a grid of thin lines.
    """
    height, width = drawn.shape
    small = Image.fromarray(np.ascontiguousarray(pixels)).reduce(_BLOCK)
    large = small.resize((small.width * _BLOCK, small.height * _BLOCK), Image.Resampling.NEAREST)
    flat = np.asarray(large)[:height, :width]
    return np.where(whole_blocks(drawn, reach=1)[..., None], pixels, flat)


def chunk(name: bytes, body: bytes) -> bytes:
    """A RIFF chunk, padded to an even length."""
    return name + struct.pack("<I", len(body)) + body + b"\x00" * (len(body) % 2)


def _chunks(file: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The chunks of a WebP file: name and body."""
    at = 12
    while at + 8 <= len(file):
        size = int.from_bytes(file[at + 4 : at + 8], "little")
        yield file[at : at + 4], file[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
