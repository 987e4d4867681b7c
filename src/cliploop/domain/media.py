"""What is in a source, as a probe saw it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class VideoStream:
    """One moving picture stream; cover art is not one.

    Width and height are as coded, before rotation and pixel aspect. Bit rate in bit/s, 0 where unknown. Rotation is
    by how many degrees a player turns the coded picture clockwise: 0, 90, 180 or 270.
    """

    index: int
    codec: str
    width: int
    height: int
    fps: Fraction
    bitrate: int = 0
    codec_tag: str = ""
    pixel_aspect: Fraction = Fraction(1)
    rotation: int = 0
    pixel_format: str = ""
    color_matrix: str = ""
    color_range: str = ""
    color_transfer: str = ""
    interlaced: bool = False


@dataclass(frozen=True)
class AudioStream:
    """One sound stream. Bit rate in bit/s and sampling rate in Hz, 0 where unknown."""

    codec: str
    sampling_rate: int = 0
    bitrate: int = 0


@dataclass(frozen=True)
class MediaInfo:
    """A source's container and streams.

    Attributes:
        container: the demuxer's names as the seeds show them, for example ``mov,mp4,m4a,3gp,3g2,mj2``.
        duration_ms: of the container, 0 where it does not say.
        size: bytes.
        bitrate: of everything, bit/s.
    """

    container: str
    duration_ms: int
    size: int
    bitrate: int
    video: tuple[VideoStream, ...] = ()
    audio: tuple[AudioStream, ...] = ()

    @property
    def main_video(self) -> VideoStream | None:
        """The stream that outputs are made from: the one with the most pixels, the first among equals."""
        return max(self.video, key=lambda stream: (stream.width * stream.height, -stream.index), default=None)
