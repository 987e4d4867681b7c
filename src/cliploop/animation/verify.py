"""Opens a written image again, with a reader that is not ours, and holds it to what was promised."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from cliploop.animation.writer import Settings
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.template import ImageFormat
from cliploop.domain.timing import TICKS_PER_SECOND


@dataclass(frozen=True)
class ImageFacts:
    """What a reader finds in an animated image.

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


def read_facts(path: Path, each_frame: Callable[[], None] = lambda: None) -> ImageFacts:
    """Read an animated image to its end, decoding every frame.

    Args:
        path: a GIF or WebP file.
        each_frame: called before each frame; may raise to stop.

    Raises:
        CliploopError: OUTPUT_INVALID when it cannot be read.
    """
    try:
        with Image.open(path, formats=["GIF", "WEBP"]) as image:
            durations = tuple(_durations(image, each_frame))
            return ImageFacts(
                format=ImageFormat(str(image.format).lower()),
                size=path.stat().st_size,
                md5=_md5(path),
                width=image.width,
                height=image.height,
                loop=_loop(image),
                durations_ms=durations,
            )
    except (OSError, EOFError, SyntaxError, ValueError) as error:
        raise _invalid(f"{type(error).__name__}: {error}") from error


def verify(
    path: Path, format_: ImageFormat, settings: Settings, delays: Sequence[int], each_frame: Callable[[], None]
) -> ImageFacts:
    """Read a written image back, and hold it to what was written.

    Args:
        path: the file.
        format_: what it should be.
        settings: what it was written with.
        delays: of each frame, in the format's ticks.
        each_frame: called before each frame; may raise to stop.

    Raises:
        CliploopError: OUTPUT_INVALID where they differ.
    """
    facts = read_facts(path, each_frame)
    found = (facts.format, facts.width, facts.height, facts.loop, facts.durations_ms)
    durations_ms = tuple(delay * 1000 // TICKS_PER_SECOND[format_] for delay in delays)
    planned = (format_, settings.width, settings.height, settings.loop, durations_ms)
    if found != planned:
        raise _invalid(f"found {found}, planned {planned}")
    return facts


def _invalid(log_text: str) -> CliploopError:
    caller_text = "The image that was made could not be read back as planned; report this if it happens again."
    return CliploopError(ErrorCode.OUTPUT_INVALID, caller_text, log_text=f"written image: {log_text}")


def _durations(image: Image.Image, each_frame: Callable[[], None]) -> list[int]:
    durations = []
    for number in range(getattr(image, "n_frames", 1)):
        each_frame()
        image.seek(number)
        image.load()
        durations.append(int(image.info.get("duration", 0)))
    return durations


def _loop(image: Image.Image) -> int:
    # GIF counts repetitions after the first showing, and has no block at all for a single showing.
    if image.format == "WEBP":
        return int(image.info["loop"])
    repeats = image.info.get("loop")
    return 1 if repeats is None else repeats + 1 if repeats else 0


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
