"""From decoded frames to each image's: its moments, its size, its colours. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from cliploop.animation.color_space import ColorSpace, carrying
from cliploop.animation.layout import Layout
from cliploop.domain.color import Color
from cliploop.domain.media import VideoStream
from cliploop.domain.plan import OutputPlan

#: Sharp, and without the rounding and chroma shortcuts that cost 1-2 dB on the way to RGB.
_SCALER = "lanczos+accurate_rnd+full_chroma_int+full_chroma_inp"
#: How late a frame's timestamp may be and still count as on time: Matroska and FLV round to the millisecond.
_JITTER = Fraction(2, 1000)
_PRIMARIES = {"bt2020": "2020", "bt709": "709", "smpte432": "smpte432", "smpte431": "smpte431"}


def filter_graph(video: VideoStream, plans: Sequence[OutputPlan], pre_roll_ms: int = 0) -> str:
    """The graph of a section's images; those of the same look share the work.

    Decoding starts ``pre_roll_ms`` before the section.
    """
    looks: dict[tuple[Fraction, int, int, Layout], list[int]] = {}
    for number, plan in enumerate(plans):
        looks.setdefault((plan.rate, plan.width, plan.height, Layout.of(plan)), []).append(number)
    chains = [f"[0:{video.index}]{_deinterlaced(video)}split={len(looks)}{_pads('in', range(len(looks)))}"]
    for number, ((rate, width, height, _), members) in enumerate(looks.items()):
        moments = _moments(rate, Fraction(pre_roll_ms, 1000))
        frames = ",".join([*moments, *_picture(video, plans[members[0]], width, height)])
        chains.append(f"[in{number}]{frames},split={len(members)}{_pads('out', members)}")
    return ";".join(chains)


def _pads(name: str, numbers: Sequence[int]) -> str:
    return "".join(f"[{name}{number}]" for number in numbers)


def _deinterlaced(video: VideoStream) -> str:
    return "bwdif=mode=send_frame:deint=interlaced," if video.interlaced else ""


def _moments(rate: Fraction, pre_roll: Fraction) -> list[str]:
    # fps takes for each moment the last frame up to half a period after it; moved by that much less the jitter, the
    # last frame that was shown at the moment itself. Of what lies before the first moment (0) it keeps that frame.
    shift = Fraction(1, 2) / rate - _JITTER - pre_roll
    return [f"setpts=PTS{float(shift):+.6f}/TB", f"fps={rate.numerator}/{rate.denominator}:start_time=0"]


def _picture(video: VideoStream, plan: OutputPlan, width: int, height: int) -> list[str]:
    layout, reading = Layout.of(plan), _reading(plan.color)
    writing = _writing(carrying(plan.color, alpha=plan.alpha)) if layout.is_planar else ""
    scale, end = f"scale={width}:{height}:flags={_SCALER}", ["setsar=1", f"format={layout}"]
    if plan.color.tone_mapped:
        return [f"{scale}{reading}{_same(plan.color)}", *_sdr(video, plan.color, writing), *end]
    if plan.alpha:
        # What lies under transparent pixels must not bleed into those beside them.
        straight = f"scale=flags={_SCALER}{reading},format=gbrap,premultiply=inplace=1"
        return [straight, f"{scale},unpremultiply=inplace=1", f"scale=flags={_SCALER}{writing}", *end]
    return [f"{scale}{reading}{writing}", *end]


def _reading(color: Color) -> str:
    """What ``scale`` is told about its input, so that nothing is left to its guess (BT.601, whatever the size)."""
    if color.is_rgb:
        return ""
    return f":in_color_matrix={color.matrix}:in_range={'pc' if color.full_range else 'tv'}"


def _writing(space: ColorSpace) -> str:
    """What ``scale`` is told about planes that it makes."""
    return f":out_color_matrix={space.matrix}:out_range={'pc' if space.full_range else 'tv'}"


def _same(color: Color) -> str:
    if color.is_rgb:
        return ",format=gbrp12le"
    return f":out_color_matrix={color.matrix}:out_range={'pc' if color.full_range else 'tv'},format=yuv444p12le"


def _sdr(video: VideoStream, color: Color, writing: str) -> list[str]:
    """HDR to SDR: to linear light, to BT.709's primaries, highlights rolled off, to BT.709's curve.

    After scaling: there are fewer pixels, and zscale takes no subsampled picture of odd size. 203 nits are white
    (ITU-R BT.2408); mobius leaves what is darker than 0.6 of that as it is; hable dims it all.
    """
    matrix = {"bt2020": "2020_ncl", "bt709": "709", "rgb": "gbr"}.get(color.matrix, "2020_ncl")
    transfer = {"pq": "smpte2084", "hlg": "arib-std-b67"}[color.transfer]
    primaries = _PRIMARIES.get(video.color_primaries, "2020")
    reading = f"matrixin={matrix}:rangein={'full' if color.full_range else 'limited'}:transferin={transfer}"
    return [
        f"zscale=transfer=linear:npl=203:{reading}:primariesin={primaries},format=gbrpf32le,zscale=primaries=bt709",
        "tonemap=mobius:param=0.6:desat=0,zscale=transfer=bt709:matrix=bt709:range=limited,format=yuv444p12le",
        f"scale=flags={_SCALER}:in_color_matrix=bt709:in_range=tv{writing}",
    ]
