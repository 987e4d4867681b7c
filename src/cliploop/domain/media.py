"""What is in a source, as a probe saw it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

#: Frames a second of the fastest cameras and screens that people have.
_FASTEST_FRAMES = 240


@dataclass(frozen=True)
class VideoStream:
    """One moving picture stream; cover art is not one.

    Width and height are as coded, before rotation and pixel aspect. Bit rate in bit/s, 0 where unknown. Rotation is
    by how many degrees a player turns the coded picture clockwise: 0, 90, 180 or 270.

    Attributes:
        fps: frames a second on average.
        tick_rate: the lowest rate to whose ticks every timestamp fits, by ffmpeg's guess; 0 where it has none. A
            screen recording may have 8 frames a second on average and show them 1/60 s after each other.
        is_default: whether the container says that it is the one to play.
        dolby_vision: profile and base compatibility, such as ``8.1``; empty without it.
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
    color_primaries: str = ""
    interlaced: bool = False
    tick_rate: Fraction = Fraction(0)
    is_default: bool = False
    has_alpha: bool = False
    dolby_vision: str = ""

    @property
    def has_full_chroma(self) -> bool:
        """Whether it has a colour for every pixel: RGB, or YUV 4:4:4."""
        is_yuv = self.pixel_format.startswith(("yuv", "nv", "p0", "p2", "p4"))
        return not is_yuv or "444" in self.pixel_format or self.pixel_format.startswith(("nv24", "nv42", "p4"))

    @property
    def fastest(self) -> Fraction:
        """The rate that shows every frame of it for as long as it stands, 0 where nobody knows."""
        # Of fields, ffmpeg's guess counts each; beyond 240 it is the container's clock and no frame rate.
        if self.interlaced or self.tick_rate <= self.fps:
            return self.fps
        return self.tick_rate if self.tick_rate <= _FASTEST_FRAMES else Fraction(0)


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
        """The stream that outputs are made from.

        The container's default, the one with the most pixels among several or none, the first among equals.
        """
        return max(
            self.video,
            key=lambda stream: (stream.is_default, stream.width * stream.height, -stream.index),
            default=None,
        )
