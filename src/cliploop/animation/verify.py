"""Opens a written image again, and holds it to what was promised."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from PIL import GifImagePlugin, WebPImagePlugin

from cliploop.animation.containers import BrokenFileError, Contents, read_gif, read_webp
from cliploop.animation.writer import Settings
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.template import ImageFormat
from cliploop.domain.timing import TICKS_PER_SECOND

_READERS: dict[ImageFormat, Callable[[BinaryIO], Contents]] = {
    ImageFormat.GIF: read_gif,
    ImageFormat.WEBP: read_webp,
}
#: By name Pillow would load the readers of all its formats first.
_PILLOW = {ImageFormat.GIF: GifImagePlugin.GifImageFile, ImageFormat.WEBP: WebPImagePlugin.WebPImageFile}


@dataclass(frozen=True)
class ImageFacts:
    """What is found in an animated image.

    Attributes:
        size: bytes of the file.
        md5: of the file's bytes, in hex.
        loop: times to play; 0 = for ever.
        durations_ms: how long each frame stands.
    """

    format: ImageFormat
    size: int
    md5: str
    width: int
    height: int
    loop: int
    durations_ms: tuple[int, ...]

    @property
    def frames(self) -> int:
        """How many frames it has."""
        return len(self.durations_ms)

    @property
    def duration_ms(self) -> int:
        """How long it plays once."""
        return sum(self.durations_ms)


def verify(path: Path, format_: ImageFormat, settings: Settings, delays: Sequence[int]) -> ImageFacts:
    """Read a written image back, and hold it to what was written.

    Every block of the file is read; of the pixels, the first frame's, by Pillow. Decoding all of them would cost a
    quarter of the time that making them did; that others decode what we write is for the tests to show.

    Args:
        path: the file.
        format_: what it should be.
        settings: what it was written with.
        delays: of each frame, in the format's ticks.

    Raises:
        CliploopError: OUTPUT_INVALID where they differ.
    """
    try:
        with path.open("rb") as file:
            contents = _READERS[format_](file)
            file.seek(0)
            md5 = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        with _PILLOW[format_](BytesIO(contents.first)) as image:
            image.load()
    except (BrokenFileError, OSError, EOFError, SyntaxError, ValueError) as error:
        raise _invalid(f"{type(error).__name__}: {error}") from error
    found = (contents.width, contents.height, contents.loop, contents.durations_ms)
    durations_ms = tuple(delay * 1000 // TICKS_PER_SECOND[format_] for delay in delays)
    planned = (settings.width, settings.height, settings.loop, durations_ms)
    if found != planned:
        raise _invalid(f"found {found}, planned {planned}")
    return ImageFacts(format_, path.stat().st_size, md5, *found)


def _invalid(log_text: str) -> CliploopError:
    caller_text = "The image that was made could not be read back as planned; report this if it happens again."
    return CliploopError(ErrorCode.OUTPUT_INVALID, caller_text, log_text=f"written image: {log_text}")
