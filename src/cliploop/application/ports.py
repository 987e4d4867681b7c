"""What the use cases need of the world, in the words of the domain. ``adapters`` keeps these promises on AWS and
ffmpeg, ``testing`` in memory; one suite in ``tests/contract`` holds both to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cliploop.domain.deadline import Deadline
from cliploop.domain.errors import CliploopError
from cliploop.domain.media import MediaInfo
from cliploop.domain.plan import OutputPlan


@dataclass(frozen=True)
class ReadableSource:
    """One version of a source object, opened for reading by ranges.

    Attributes:
        url: where a decoder reads it; short-lived and secret (it is signed), so never stored, logged or published.
        size: bytes.
    """

    url: str
    size: int

    def __repr__(self) -> str:
        """Without the address, which carries a signature."""
        return f"ReadableSource(size={self.size})"


@dataclass(frozen=True)
class EncodedImage:
    """An animated image on the local disk, reopened and found to be what was planned."""

    path: Path
    size: int
    md5: str
    width: int
    height: int
    frames: int
    duration_ms: int


#: Called by long work every second or so while it lasts; raises to stop it.
Pulse = Callable[[], None]


class Prober(Protocol):
    """Finds out what is in a source."""

    def probe(self, source: ReadableSource, deadline: Deadline) -> MediaInfo:
        """Read a source's headers.

        Raises:
            CliploopError: SOURCE_UNSUPPORTED, SOURCE_MALFORMED, SOURCE_NOT_FOUND, SOURCE_FORBIDDEN,
                DEADLINE_EXCEEDED, or UNAVAILABLE (retryable) where the store did not answer.
        """
        ...


class Encoder(Protocol):
    """Makes animated images from a source."""

    def encode(
        self,
        source: ReadableSource,
        media: MediaInfo,
        plans: Sequence[OutputPlan],
        *,
        scratch: Path,
        deadline: Deadline,
        pulse: Pulse,
    ) -> list[EncodedImage | CliploopError]:
        """Make every planned image, in the plans' order, as files in ``scratch``.

        An image that cannot be made is its error in the list; the others are made all the same.

        Raises:
            CliploopError: DEADLINE_EXCEEDED, or UNAVAILABLE (retryable): nothing is made.
        """
        ...
