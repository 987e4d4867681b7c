"""What ffmpeg is told, as lists of words. Nothing that a user wrote becomes an option."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from cliploop.domain.limits import Limits
from cliploop.domain.media import MediaInfo, VideoStream
from cliploop.domain.plan import OutputPlan
from cliploop.domain.section import AppliedSection

#: Demuxers that may open a source. None of them follows a reference to another file or address; playlists and
#: manifests (hls, dash, concat, imf) do, and a protocol list does not stop them from reading local files.
DEMUXERS = "mov,matroska,webm,avi,flv,mpegts,mpeg,ogg,asf,gif"

#: Requests are closed ranges: 64 KiB while a header is looked for, then 1 MiB, so that little is served in vain when
#: ffmpeg seeks away. (With ffmpeg's own open-ended requests the store goes on sending into the socket's buffers:
#: 17 MB for 5 s of a 560 MB file, against 6 MB.)
#: The store may close a kept connection or be out of breath: without these retries ffmpeg takes that for the end
#: of the file. One read waits 10 s at most.
_HTTP = (
    *("-initial_request_size", "65536", "-request_size", "1048576", "-multiple_requests", "1", "-seekable", "1"),
    *("-reconnect", "1", "-reconnect_on_network_error", "1", "-reconnect_on_http_error", "429,5xx"),
    *("-reconnect_delay_max", "2", "-reconnect_max_retries", "3", "-rw_timeout", "10000000"),
)

_QUIET = ("-hide_banner", "-nostdin", "-nostats")

#: Sharp, and without the rounding and chroma shortcuts that cost 1-2 dB on the way to RGB.
_SCALER = "lanczos+accurate_rnd+full_chroma_int+full_chroma_inp"
#: From this height on, a video that names no colour matrix is taken for BT.709 (as players do), below for BT.601.
_HD_HEIGHT = 720
_HDR_TRANSFERS = frozenset({"smpte2084", "arib-std-b67"})
#: Containers without an index of key frames. A seek lands on any frame there, and nothing can be decoded until the
#: next key frame, so decoding starts this much earlier; broadcast and disc have one every second or two.
_PRE_ROLL_MS = {"mpegts": 12_000, "mpeg": 12_000}
#: How late a frame's timestamp may be and still count as on time: Matroska and FLV round to the millisecond.
_JITTER = Fraction(2, 1000)


@dataclass(frozen=True)
class Input:
    """A source as ffmpeg opens it.

    Attributes:
        address: an http(s) URL or the path of a local file.
        certificates: a file of trusted authorities, for https.
        max_pixels: of one frame; a larger one is refused before it is decoded.
    """

    address: str
    certificates: str | None = None
    max_pixels: int = Limits.source_pixels

    @property
    def is_remote(self) -> bool:
        """Whether it is read over HTTP."""
        return self.address.startswith(("http://", "https://"))

    def words(self) -> list[str]:
        """The options that come before ``-i``, and the address."""
        limits = ["-format_whitelist", DEMUXERS, "-max_pixels", str(self.max_pixels)]
        if not self.is_remote:
            return [*limits, "-protocol_whitelist", "file", "-i", f"file:{self.address}"]
        is_secure = self.address.startswith("https://")
        trust = ["-ca_file", self.certificates] if is_secure and self.certificates else []
        return [*limits, "-protocol_whitelist", "https,tls,tcp,http", *_HTTP, *trust, "-i", self.address]


def probe_words(ffmpeg: str, source: Input) -> list[str]:
    """Print what is in a source, and end (with an error, for want of an output)."""
    return [ffmpeg, *_QUIET, *source.words()]


def measure_words(ffmpeg: str, source: Input, stream: int) -> list[str]:
    """Read a source to its end without decoding, and report the time reached."""
    copied = ["-map", f"0:{stream}", "-c", "copy", "-f", "null", "-progress", "pipe:1", "-"]
    return [ffmpeg, *_QUIET, "-v", "error", *source.words(), *copied]


def decode_words(
    ffmpeg: str, source: Input, media: MediaInfo, section: AppliedSection, outputs: Mapping[int, OutputPlan]
) -> list[str]:
    """Decode one section once; write each output's frames as raw RGB to its file descriptor.

    The demuxer seeks to the key frame at or before the section, and ``fps`` drops what lies before it. (ffmpeg's own
    accurate seek also drops the frame that is still on the screen when the section starts.)
    """
    pre_roll_ms = min(section.start_ms, _PRE_ROLL_MS.get(media.container, 0))
    start = ["-noaccurate_seek", "-ss", _seconds(section.start_ms - pre_roll_ms)]
    plans = list(outputs.values())
    video = next(stream for stream in media.video if stream.index == plans[0].stream_index)
    graph = filter_graph(video, plans, pre_roll_ms)
    # Warnings, because that a store refused is one when it happens in the middle of a file.
    words = [ffmpeg, *_QUIET, "-v", "warning", *start, *source.words(), "-filter_complex", graph]
    for number, (descriptor, plan) in enumerate(outputs.items()):
        words += ["-map", f"[out{number}]", "-frames:v", str(plan.frames), "-t", _seconds(section.duration_ms)]
        words += ["-fps_mode", "passthrough", "-c:v", "rawvideo", "-f", "rawvideo", f"pipe:{descriptor}"]
    return words


def filter_graph(video: VideoStream, plans: Sequence[OutputPlan], pre_roll_ms: int = 0) -> str:
    """From decoded frames to each plan's: its moments, its size, RGB; plans of the same look share the work.

    Decoding starts ``pre_roll_ms`` before the section.
    """
    looks: dict[tuple[Fraction, int, int], list[int]] = {}
    for number, plan in enumerate(plans):
        looks.setdefault((plan.rate, plan.width, plan.height), []).append(number)
    chains = [f"[0:{video.index}]{_deinterlaced(video)}split={len(looks)}{_pads('in', range(len(looks)))}"]
    for number, ((rate, width, height), members) in enumerate(looks.items()):
        moments = _moments(rate, Fraction(pre_roll_ms, 1000))
        frames = ",".join([*moments, *_light(video), _size(video, width, height), "setsar=1,format=rgb24"])
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


def _light(video: VideoStream) -> list[str]:
    """HDR to SDR: to linear light, to BT.709's primaries, highlights rolled off, to BT.709's curve.

    203 nits are white (ITU-R BT.2408); mobius leaves what is darker than 0.6 of that as it is; hable dims it all.
    """
    if video.color_transfer not in _HDR_TRANSFERS:
        return []
    return [
        "zscale=transfer=linear:npl=203,format=gbrpf32le,zscale=primaries=bt709",
        "tonemap=mobius:param=0.6:desat=0,zscale=transfer=bt709:matrix=bt709:range=limited,format=yuv444p",
    ]


def _size(video: VideoStream, width: int, height: int) -> str:
    scale = f"scale={width}:{height}:flags={_SCALER}"
    untagged = video.color_matrix in ("", "unknown") and video.pixel_format.startswith("yuv")
    return f"{scale}:in_color_matrix=bt709" if untagged and video.height >= _HD_HEIGHT else scale


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds // 1000}.{milliseconds % 1000:03d}"
