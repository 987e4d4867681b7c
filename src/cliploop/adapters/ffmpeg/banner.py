"""Reads what ffmpeg prints about a source, since it comes without ffprobe (ADR 0007).

Only lines indented by exactly two spaces are believed: a file's own metadata is printed deeper, so a title that looks
like a stream line is not taken for one.
"""

from __future__ import annotations

import re
from fractions import Fraction

from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.media import AudioStream, MediaInfo, VideoStream

_INPUT = re.compile(r"^Input #0, (?P<container>.+?), from '", re.MULTILINE)
_DURATION = re.compile(
    r"^  Duration: (?P<h>\d+):(?P<m>\d\d):(?P<s>\d\d)\.(?P<cs>\d\d)(, start: (?P<start>\d+\.\d+))?", re.MULTILINE
)
_MATROSKA = re.compile(r"^Input #0, matroska,webm, from '", re.MULTILINE)
_STREAM = re.compile(
    r"^  Stream #0:(?P<index>\d+)(?:\[[^]]*\])?(?:\([^)]*\))?: (?P<kind>Video|Audio): (?P<rest>.*)$"
    r"(?P<side>(?:\n {4,}.*)*)",
    re.MULTILINE,
)
_FIELDS = re.compile(r", (?![^(\[]*[)\]])")
#: Four letters; MPEG-TS has numbers there, printed in brackets, which nobody means by a tag.
_TAG = re.compile(r"\(([^()\[]+) / 0x[0-9A-Fa-f]+\)")
_SIZE = re.compile(r"^([1-9]\d*)x([1-9]\d*)\b")
_ASPECT = re.compile(r"SAR (\d+):(\d+)")
_ROTATION = re.compile(r"display ?matrix: rotation of (-?\d+(?:\.\d+)?) degrees", re.IGNORECASE)
_DOLBY_VISION = re.compile(
    r"^ {4,}DOVI configuration record:.* profile: (\d+),.* compatibility id: (\d+)", re.MULTILINE
)
#: VP8 and VP9 carry alpha as a second picture beside the first; the pixel format does not show it.
_ALPHA_BESIDE = re.compile(r"^ {4,}alpha_mode +: 1$", re.MULTILINE | re.IGNORECASE)
_ALPHA_FORMAT = re.compile(r"yuva|rgba|bgra|argb|abgr|gbrap|ya\d|pal8")
_BITRATE = re.compile(r"(\d+) kb/s")
_RATE = re.compile(r"(?P<number>\d+(?:\.\d+)?k?) (?P<unit>fps|tbr)\b")
_SAMPLING = re.compile(r"(\d+) Hz")
#: A picture that comes with a sound file, or a table of contents, is no moving picture.
_NOT_MOVING = ("(attached pic)", "(timed thumbnails)", "(still image)")
#: A rate of ticks beyond this is a clock, not a frame rate.
_FASTEST = 1000
#: The rates of NTSC, printed with two decimals; their true values are exact thirds of nothing.
_NTSC = {round(Fraction(base * 1000, 1001), 2): Fraction(base * 1000, 1001) for base in (12, 15, 24, 30, 48, 60, 120)}


def read_banner(text: str, size: int) -> MediaInfo:
    """What a source of ``size`` bytes holds, by ffmpeg's own words about it.

    Raises:
        CliploopError: SOURCE_MALFORMED where the words are not about a source.
    """
    found = _INPUT.search(text)
    if not found:
        raise CliploopError(
            ErrorCode.SOURCE_MALFORMED,
            "The file cannot be read as a video; check that it plays, and upload it again.",
            log_text="ffmpeg printed no input",
        )
    duration_ms = _duration_ms(text)
    streams = list(_STREAM.finditer(text))
    return MediaInfo(
        container=found["container"],
        duration_ms=duration_ms,
        size=size,
        bitrate=size * 8000 // duration_ms if duration_ms else 0,
        video=tuple(_video(stream) for stream in streams if _is_moving(stream)),
        audio=tuple(_audio(stream["rest"]) for stream in streams if stream["kind"] == "Audio"),
    )


def _duration_ms(text: str) -> int:
    found = _DURATION.search(text)
    if not found:
        return 0
    seconds = int(found["h"]) * 3600 + int(found["m"]) * 60 + int(found["s"])
    end_ms = seconds * 1000 + int(found["cs"]) * 10
    if not found["start"] or not _MATROSKA.search(text):
        return end_ms
    # ffmpeg, and whoever writes with it, stores the end's timestamp as the duration there.
    start_ms = int(float(found["start"]) * 1000)
    return end_ms - start_ms if start_ms < end_ms else end_ms


def _is_moving(stream: re.Match[str]) -> bool:
    is_video = stream["kind"] == "Video" and _size(_FIELDS.split(stream["rest"])) is not None
    return is_video and not stream["rest"].endswith(_NOT_MOVING)


def _size(fields: list[str]) -> tuple[int, int] | None:
    """Width and height, which come after codec and pixel format; None where the stream has none."""
    found = next(filter(None, map(_SIZE.match, fields[2:])), None)
    return (int(found[1]), int(found[2])) if found else None


def _video(stream: re.Match[str]) -> VideoStream:
    rest, fields = stream["rest"], _FIELDS.split(stream["rest"])
    pixel_format, _, color = fields[1].partition("(")
    width, height = _size(fields) or (0, 0)
    tag = _TAG.search(fields[0])
    traits = [trait.strip() for trait in color.rstrip(")").split(",")]
    matrix, primaries, transfer = _color(traits)
    rates = _rates(fields)
    return VideoStream(
        index=int(stream["index"]),
        codec=fields[0].split(" ")[0],
        width=width,
        height=height,
        fps=rates.get("fps") or rates.get("tbr") or Fraction(0),
        bitrate=_number(_BITRATE, rest) * 1000,
        codec_tag=tag[1] if tag else "",
        pixel_aspect=_pixel_aspect(rest),
        rotation=_rotation(stream["side"]),
        pixel_format=pixel_format,
        color_matrix=matrix,
        color_range=next((trait for trait in traits if trait in ("tv", "pc")), ""),
        color_transfer=transfer,
        color_primaries=primaries,
        interlaced=any("first" in trait for trait in traits),
        tick_rate=rates.get("tbr", Fraction(0)),
        is_default="(default)" in rest,
        has_alpha=bool(_ALPHA_FORMAT.match(pixel_format) or _ALPHA_BESIDE.search(stream["side"])),
        dolby_vision=_dolby_vision(stream["side"]),
    )


def _audio(rest: str) -> AudioStream:
    codec = re.split(r"[ ,]", rest, maxsplit=1)[0]
    return AudioStream(codec, _number(_SAMPLING, rest), _number(_BITRATE, rest) * 1000)


def _color(traits: list[str]) -> tuple[str, str, str]:
    """The parts of "matrix/primaries/transfer", which is one word where the three are the same."""
    for trait in traits:
        if trait.count("/") == 2:  # noqa: PLR2004
            matrix, primaries, transfer = map(_known, trait.split("/"))
            return matrix, primaries, transfer
        if re.fullmatch(r"(bt|smpte)\d\w*|gbr|fcc", trait):
            return trait, trait, trait
    return "", "", ""


def _known(name: str) -> str:
    return "" if name in ("unknown", "reserved") else name


def _rates(fields: list[str]) -> dict[str, Fraction]:
    """Frames a second: the average (fps), and the one that ffmpeg guesses (tbr), where they are rates of frames."""
    rates = {}
    for found in filter(None, map(_RATE.match, fields)):
        printed = found["number"]
        rate = Fraction(printed.removesuffix("k")) * (1000 if printed.endswith("k") else 1)
        if 0 < rate <= _FASTEST:
            rates[found["unit"]] = _NTSC.get(rate, rate)
    return rates


def _dolby_vision(side: str) -> str:
    found = _DOLBY_VISION.search(side)
    return f"{found[1]}.{found[2]}" if found else ""


def _pixel_aspect(rest: str) -> Fraction:
    found = _ASPECT.search(rest)
    if not found or "0" in found.groups():
        return Fraction(1)
    return Fraction(int(found[1]), int(found[2]))


def _rotation(side: str) -> int:
    # ffmpeg prints by how many degrees counter-clockwise the display matrix turns; we keep clockwise, as phones and
    # the vendors' `Rotate` do. Its autorotation, like ours of the size, only knows quarter turns.
    found = _ROTATION.search(side)
    return round(-float(found[1]) / 90) * 90 % 360 if found else 0


def _number(pattern: re.Pattern[str], text: str) -> int:
    found = pattern.search(text)
    return int(found[1]) if found else 0
