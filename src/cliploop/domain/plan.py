"""From what was asked for and what is there to exact numbers for the encoder."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from cliploop.domain.color import Color, color_of
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.geometry import output_size
from cliploop.domain.limits import Limits
from cliploop.domain.media import MediaInfo
from cliploop.domain.section import AppliedSection, Section
from cliploop.domain.template import GifTuning, ImageFormat, Template
from cliploop.domain.timing import delays, frame_count, playable_rate

#: What rows written before there was this field were read as.
_UNTAGGED_SD = Color(assumed=True)


@dataclass(frozen=True)
class OutputPlan:
    """One animated image, decided to the last number.

    Attributes:
        stream_index: the source stream that it is made from.
        section: what of the source it shows.
        width: pixels, even; the frame as displayed.
        height: likewise.
        rate: frames a second.
        frames: how many; at least 1.
        quality: 1-100.
        loop: times to play; 0 = for ever.
        max_bytes: the encoder stops beyond this.
        color: how the source's colours are read.
        alpha: whether transparency is carried over.
        full_chroma: whether the source has a colour for every pixel, as screen recordings may.
        gif: what of a GIF's quality was chosen by hand.
        is_cut: whether the section ends before the asked one because the file breaks off there.
    """

    format: ImageFormat
    stream_index: int
    section: AppliedSection
    width: int
    height: int
    rate: Fraction
    frames: int
    quality: int
    loop: int
    max_bytes: int
    color: Color = _UNTAGGED_SD
    alpha: bool = False
    full_chroma: bool = False
    gif: GifTuning | None = None
    is_cut: bool = False

    def delays(self) -> list[int]:
        """How long each frame stands, in the format's ticks (GIF 1/100 s, WebP 1/1000 s)."""
        return list(delays(self.format, self.section.duration_ms, self.rate, self.frames))

    def cut_to(self, frames: int) -> OutputPlan:
        """The same output of a source that breaks off after ``frames`` of its frames."""
        shown_ms = min(self.section.duration_ms, round(frames * 1000 / self.rate))
        section = AppliedSection(self.section.start_ms, self.section.start_ms + max(1, shown_ms))
        return replace(self, section=section, frames=frames, is_cut=True)


def plan_output(media: MediaInfo, template: Template, section: Section, limits: Limits) -> OutputPlan:
    """Decide one output.

    Raises:
        CliploopError: SOURCE_WITHOUT_VIDEO, SOURCE_MALFORMED (no duration), SOURCE_COLOR_UNSUPPORTED,
            SECTION_INVALID or LIMIT_EXCEEDED.
    """
    video = media.main_video
    if video is None:
        raise CliploopError(ErrorCode.SOURCE_WITHOUT_VIDEO, "The file has no video stream.")
    if media.duration_ms <= 0:
        raise CliploopError(ErrorCode.SOURCE_MALFORMED, "The file does not say how long it is.")
    applied = section.within(media.duration_ms)
    width, height = output_size(template, video)
    rate = playable_rate(template.format, template.fps, video.fastest)
    frames = frame_count(template.format, applied.duration_ms, rate)
    limits.check(width=width, height=height, frames=frames, source_pixels=video.width * video.height)
    return OutputPlan(
        format=template.format,
        stream_index=video.index,
        section=applied,
        width=width,
        height=height,
        rate=rate,
        frames=frames,
        quality=template.quality,
        loop=template.loop,
        max_bytes=limits.bytes,
        color=color_of(video),
        alpha=video.has_alpha,
        full_chroma=video.has_full_chroma,
        gif=template.gif if template.format is ImageFormat.GIF else None,
    )
