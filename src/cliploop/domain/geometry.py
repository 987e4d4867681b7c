from __future__ import annotations

from fractions import Fraction

from cliploop.domain.media import VideoStream
from cliploop.domain.template import Template

#: Smallest side that is made; a picture of 0 pixels is none.
MIN_SIDE = 2


def displayed_size(video: VideoStream) -> tuple[int, int]:
    """Width and height as a player shows them: square pixels, turned upright."""
    width, height = _shown(video)
    return round(width), round(height)


def output_size(template: Template, video: VideoStream) -> tuple[int, int]:
    """Width and height of an output in pixels, both even.

    A side of 0 or -1 beside a given one follows in proportion; with both 0 the source's size is kept. Unless the
    template allows it, a size larger than the source's is brought down to it, in the asked proportion.
    """
    source_width, source_height = _shown(video)
    aspect = source_width / source_height
    asked_width, asked_height = template.width, template.height
    if template.by_sides and aspect < 1:
        asked_width, asked_height = asked_height, asked_width
    match asked_width > 0, asked_height > 0:
        case True, True:
            width, height = Fraction(asked_width), Fraction(asked_height)
        case True, False:
            width, height = Fraction(asked_width), asked_width / aspect
        case False, True:
            width, height = asked_height * aspect, Fraction(asked_height)
        case _:
            width, height = source_width, source_height
    if not template.may_upscale:
        shrink = min(Fraction(1), source_width / width, source_height / height)
        width, height = width * shrink, height * shrink
    return _even(width), _even(height)


def _shown(video: VideoStream) -> tuple[Fraction, Fraction]:
    width, height = video.width * video.pixel_aspect, Fraction(video.height)
    return (height, width) if video.rotation % 180 else (width, height)


def _even(side: Fraction) -> int:
    # The frames travel as 4:2:0 or are scaled from it, which an odd side does not divide.
    return max(MIN_SIDE, 2 * round(side / 2))
