"""Templates: named sets of output parameters. A caller names one by its number (``Definition``, ``TemplateId``)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction


class ImageFormat(StrEnum):
    """What an output is stored as; the value is its file suffix and, after ``image/``, its media type."""

    GIF = "gif"
    WEBP = "webp"

    @property
    def content_type(self) -> str:
        """The media type that browsers and S3 are told."""
        return f"image/{self.value}"


@dataclass(frozen=True)
class GifTuning:
    """What of a GIF's quality is chosen by hand; None = as the quality says.

    Attributes:
        colors: at most so many a frame, 2-255.
        hold: percent of the usual tolerance within which a pixel is left as it stands, 0-800; 0 = only where nothing
            changed, 100 = as at quality 75.
        dither: from so many codes of colour error on two colours are mixed, 1-255; 0 = never.
    """

    colors: int | None = None
    hold: int | None = None
    dither: int | None = None


@dataclass(frozen=True)
class Template:
    """How an output should look.

    Attributes:
        definition: its number.
        width: pixels; 0 = the source's, or in proportion where the height is given; -1 = in proportion.
        height: likewise.
        fps: frames a second that are asked for; a format may only be able to play fewer (see timing).
        quality: 1-100.
        loop: times to play; 0 = for ever.
        may_upscale: whether an output may be larger than its source.
        by_sides: whether ``width`` bounds the longer side of the source, and ``height`` the shorter.
        gif: what of a GIF's quality is chosen by hand.
    """

    definition: int
    format: ImageFormat
    width: int = 0
    height: int = 0
    fps: Fraction = Fraction(12)
    quality: int = 75
    loop: int = 0
    may_upscale: bool = False
    by_sides: bool = False
    gif: GifTuning | None = None
    name: str = field(default="", compare=False)


#: Tencent VOD's presets: as large as the source, 2 frames a second; it documents no quality, its API's default is 75.
PRESET_GIF = Template(20000, ImageFormat.GIF, fps=Fraction(2), by_sides=True, name="GIF, source size, 2 fps")
PRESET_WEBP = Template(20001, ImageFormat.WEBP, fps=Fraction(2), by_sides=True, name="WebP, source size, 2 fps")

#: Ours: what an upload becomes out of the box.
PREVIEW_GIF = Template(21000, ImageFormat.GIF, width=480, fps=Fraction(12), name="GIF preview, 480 wide, 12 fps")
PREVIEW_WEBP = Template(21001, ImageFormat.WEBP, width=480, fps=Fraction(12), name="WebP preview, 480 wide, 12 fps")

BUILT_IN_TEMPLATES = {
    template.definition: template for template in (PRESET_GIF, PRESET_WEBP, PREVIEW_GIF, PREVIEW_WEBP)
}


@dataclass(frozen=True)
class CatalogTemplate:
    """A template as its project keeps it. Times are UTC milliseconds, 0 for those that come with cliploop."""

    template: Template
    comment: str = ""
    created_ms: int = 0
    updated_ms: int = 0

    @property
    def is_preset(self) -> bool:
        """Whether it comes with cliploop, and cannot be changed."""
        return self.template.definition in BUILT_IN_TEMPLATES
