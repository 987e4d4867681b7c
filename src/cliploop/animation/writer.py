"""What every animated-image writer promises, and what they share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, ClassVar, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from cliploop.animation.color_space import CARRIER, ColorSpace
from cliploop.animation.planes import Planes
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.template import GifTuning

#: One picture: (height, width, 3) bytes, RGB, full range; with a fourth channel, alpha, where the settings say so.
Frame = NDArray[np.uint8]
#: What a writer takes: planes of YUV or an array of RGB.
Picture = Frame | Planes


@dataclass(frozen=True)
class Settings:
    """How an animated image is written.

    Attributes:
        width: pixels of the canvas, which every frame fills.
        height: likewise.
        quality: 1-100; a higher one is never smaller in what it keeps of the picture.
        loop: times to play; 0 = for ever.
        max_bytes: writing beyond this is an error.
        alpha: whether frames have it.
        space: what the codes of frames in planes mean.
        gif: what of a GIF's quality is chosen by hand.
    """

    width: int
    height: int
    quality: int = 75
    loop: int = 0
    max_bytes: int = 2**31
    alpha: bool = False
    space: ColorSpace = CARRIER
    gif: GifTuning | None = None


Picture_contra = TypeVar("Picture_contra", contravariant=True)


class AnimationWriter(Protocol[Picture_contra]):
    """Takes frames one after the other; keeps no more than the last of them."""

    #: The longest that one frame can stand, in the format's ticks.
    longest_delay: ClassVar[int]

    def add(self, frame: Picture_contra, delay: int) -> None:
        """Append a picture that stands for ``delay`` of the format's ticks.

        Raises:
            CliploopError: LIMIT_EXCEEDED when the file grows beyond ``max_bytes``.
        """
        ...

    def close(self) -> None:
        """Write what ends the file."""
        ...


class BoundedFile:
    """A file that refuses to grow beyond a limit."""

    def __init__(self, file: BinaryIO, max_bytes: int) -> None:
        self.raw = file
        self._start, self._max_bytes = file.tell(), max_bytes

    def write(self, data: bytes) -> None:
        """Write ``data``, or raise LIMIT_EXCEEDED."""
        self.check(more=len(data))
        self.raw.write(data)

    def check(self, more: int = 0) -> None:
        """Empty the file and raise LIMIT_EXCEEDED where it would be too large with so many more bytes."""
        if self.raw.tell() - self._start + more > self._max_bytes:
            self.raw.seek(self._start)
            self.raw.truncate()
            raise CliploopError(
                ErrorCode.LIMIT_EXCEEDED,
                f"The image would be larger than the limit of {self._max_bytes} bytes; ask for a shorter section, "
                "fewer frames a second, a smaller size or a lower quality.",
            )
