"""An image in parts: runs of frames that are encoded on their own, and joined without encoding again.

With the last frame of a part, what has slowly drifted is drawn, too; the next part begins with that same frame for
what is shown, and draws only what changes from there. So no seam is drawn twice, and none is seen.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from typing import Any, BinaryIO, Protocol

from cliploop.animation import gif_blocks, webp
from cliploop.animation.gif import AlphaGifWriter, GifWriter
from cliploop.animation.webp import WebpWriter
from cliploop.animation.writer import BoundedFile, Settings
from cliploop.domain.template import ImageFormat

#: A picture, how long it stands in the format's ticks.
Timed = tuple[Any, int]


class PartWriter(Protocol):
    """A writer of one part, or of the only one."""

    def start_from(self, frame: Any) -> None:
        """Take ``frame``, the last one of the part before, for what is shown; nothing is written for it."""
        ...

    def add(self, frame: Any, delay: int, *, ends: bool = False) -> None:
        """Append a picture; ``ends`` where it is the last of a part that another one follows."""
        ...

    def close(self) -> None:
        """Write what is still being made."""
        ...


def encode_part(
    frames: Iterable[Timed],
    format_: ImageFormat,
    settings: Settings,
    file: BinaryIO,
    *,
    after: Any = None,
    ends: bool,
) -> None:
    """Encode one run of frames.

    Args:
        frames: pictures with their delays, at least one; each has to stay as it is until the next but one is asked
            for.
        format_: of the image.
        settings: of the image; the same for all its parts.
        file: where the part's blocks go, without the image's header and end.
        after: the last picture of the part before; None for the first part.
        ends: whether another part follows.

    Raises:
        CliploopError: LIMIT_EXCEEDED when the part alone is larger than the whole may be.
    """
    writer = _writer(format_, settings, file)
    if after is not None:
        writer.start_from(after)
    waiting: Timed | None = None
    for timed in frames:
        if waiting is not None:
            writer.add(*waiting)
        waiting = timed
    if waiting is not None:
        writer.add(*waiting, ends=ends)
    writer.close()


def assemble(parts: Sequence[BinaryIO], format_: ImageFormat, settings: Settings, file: BinaryIO) -> None:
    """Join encoded parts, in their order, to one image: one header, one loop count, every frame as it was written.

    Raises:
        CliploopError: LIMIT_EXCEEDED.
    """
    start, bounded = file.tell(), BoundedFile(file, settings.max_bytes)
    is_gif = format_ is ImageFormat.GIF
    gif_header = gif_blocks.header(settings.width, settings.height, settings.loop)
    bounded.write(gif_header if is_gif else webp.header(settings))
    for part in parts:
        shutil.copyfileobj(part, file)
        bounded.check()
    if is_gif:
        bounded.write(gif_blocks.TRAILER)
    else:
        webp.set_length(file, start)


def _writer(format_: ImageFormat, settings: Settings, file: BinaryIO) -> PartWriter:
    if format_ is ImageFormat.WEBP:
        return WebpWriter(file, settings, is_part=True)
    return (AlphaGifWriter if settings.alpha else GifWriter)(file, settings, is_part=True)
