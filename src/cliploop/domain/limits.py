"""What the stack is willing to make, checked before a single frame is encoded."""

from __future__ import annotations

from dataclasses import dataclass

from cliploop.domain.errors import CliploopError, ErrorCode


@dataclass(frozen=True)
class Limits:
    """Upper bounds of one output.

    Attributes:
        frames: frames in one output.
        side: pixels of the longer side. WebP cannot be larger than 16383 (its container's 14-bit fields).
        pixels: width × height × frames, which is what time and cost follow.
        bytes: size of one output.
        source_pixels: width × height of one decoded source frame; a decoder's memory follows it.
    """

    frames: int = 6_000
    side: int = 4_096
    pixels: int = 8_000_000_000
    bytes: int = 512 * 1024 * 1024
    source_pixels: int = 8_192 * 4_608

    def check(self, *, width: int, height: int, frames: int, source_pixels: int) -> None:
        """Raise LIMIT_EXCEEDED, naming the limit and the value, for an output that is too much."""
        if source_pixels > self.source_pixels:
            raise _exceeded(f"The source has {source_pixels} pixels in a frame; the limit is {self.source_pixels}.")
        for name, value, bound in (
            ("pixels on the longer side", max(width, height), self.side),
            ("frames", frames, self.frames),
            ("pixels in all frames", width * height * frames, self.pixels),
        ):
            if value > bound:
                raise _exceeded(f"The output would need {value} {name}; the limit is {bound}.")


def _exceeded(sentence: str) -> CliploopError:
    return CliploopError(ErrorCode.LIMIT_EXCEEDED, sentence)
