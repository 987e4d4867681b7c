"""What a source's code values mean as colours: what it says, what is assumed where it is silent, what is refused."""

from __future__ import annotations

from dataclasses import dataclass

from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.media import VideoStream

#: Without a tag, from so many lines or beyond so many pixels a line, a picture is taken for HD, and HD is BT.709.
#: The lines are Chromium's rule. The width is ours: wide films come without their black bars (1280x536), and the
#: widest SD picture, PAL in square pixels, has 1024. Sizes are as coded, so that a turn changes nothing.
HD_LINES, SD_WIDTH = 720, 1024

#: Transfers that need tone mapping. Only they do: BT.2020 primaries and matrix are also used with SDR's curve.
_HDR = {"smpte2084": "pq", "arib-std-b67": "hlg"}
_MATRICES = {
    "bt709": "bt709",
    "bt470bg": "bt601",
    "smpte170m": "bt601",
    "bt601": "bt601",
    "fcc": "fcc",
    "smpte240m": "smpte240m",
    "bt2020nc": "bt2020",
    "bt2020c": "bt2020",
}
#: Dolby Vision in ICtCp of its own, which without Dolby's metadata is green and purple: profile 5, and 10 (AV1)
#: without a compatible base (compatibility id 0). The others carry HDR10, HLG or SDR underneath.
_WITHOUT_BASE = frozenset({"5", "10.0"})


@dataclass(frozen=True)
class Color:
    """How a stream's code values are read.

    Attributes:
        matrix: ``bt601``, ``bt709``, ``bt2020``, ``fcc``, ``smpte240m``; ``rgb`` where there is none to undo.
        full_range: whether black and white are the lowest and highest codes, and not 16 and 235.
        transfer: ``sdr``, or ``pq`` or ``hlg``, which are tone-mapped.
        assumed: whether the stream did not name its matrix.
    """

    matrix: str = "bt601"
    full_range: bool = False
    transfer: str = "sdr"
    assumed: bool = False

    def __str__(self) -> str:
        """In words for a reply: ``bt709 limited``, ``bt601 full, assumed``, ``bt2020 limited pq, tone-mapped``."""
        words = f"{self.matrix} {'full' if self.full_range else 'limited'}"
        words += f" {self.transfer}, tone-mapped" if self.tone_mapped else ""
        return f"{words}, assumed" if self.assumed else words

    @property
    def is_rgb(self) -> bool:
        """Whether the stream holds red, green and blue, for every pixel."""
        return self.matrix == "rgb"

    @property
    def tone_mapped(self) -> bool:
        """Whether highlights are compressed into SDR."""
        return self.transfer != "sdr"


def color_of(video: VideoStream) -> Color:
    """Decide how a stream's colours are read.

    Raises:
        CliploopError: SOURCE_COLOR_UNSUPPORTED where any picture would have wrong colours.
    """
    profile = video.dolby_vision
    if profile in _WITHOUT_BASE or profile.partition(".")[0] in _WITHOUT_BASE:
        raise _unsupported(
            f"The video is Dolby Vision profile {profile.partition('.')[0]}, which has no picture for other players"
        )
    transfer = _HDR.get(video.color_transfer, "sdr")
    if not video.pixel_format.startswith(("yuv", "p0", "nv")):
        return Color("rgb", full_range=True, transfer=transfer)
    full = video.color_range == "pc" or (not video.color_range and video.pixel_format.startswith("yuvj"))
    if video.color_matrix:
        if video.color_matrix not in _MATRICES:
            raise _unsupported(f"The video's colour matrix is {video.color_matrix}")
        return Color(_MATRICES[video.color_matrix], full, transfer)
    return Color(_guess(video, transfer), full, transfer, assumed=True)


def _guess(video: VideoStream, transfer: str) -> str:
    if transfer != "sdr":
        return "bt2020"
    return "bt709" if video.height >= HD_LINES or video.width > SD_WIDTH else "bt601"


def _unsupported(fact: str) -> CliploopError:
    return CliploopError(
        ErrorCode.SOURCE_COLOR_UNSUPPORTED, f"{fact}; export it as HDR10, HLG or SDR, and upload it again."
    )
