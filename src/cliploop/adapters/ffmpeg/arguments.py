"""What ffmpeg is told, as lists of words. Nothing that a user wrote becomes an option."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cliploop.adapters.ffmpeg.filters import filter_graph
from cliploop.adapters.ffmpeg.meter import Meter
from cliploop.domain.limits import Limits
from cliploop.domain.media import MediaInfo, VideoStream
from cliploop.domain.plan import OutputPlan
from cliploop.domain.section import AppliedSection

#: Demuxers that may open a source. None of them follows a reference to another file or address; playlists and
#: manifests (hls, dash, concat, imf) do, and a protocol list does not stop them from reading local files.
DEMUXERS = "mov,matroska,webm,avi,flv,mpegts,mpeg,ogg,asf,gif"

#: Requests are closed ranges: 64 KiB while a header is looked for, then 512 KiB, so that little is served in vain
#: when ffmpeg seeks away. (With ffmpeg's own open-ended requests the store goes on sending into the socket's buffers:
#: 17 MB for 5 s of a 560 MB file, against 6 MB.)
#: The store may close a kept connection or be out of breath: without these retries ffmpeg takes that for the end
#: of the file. One read waits 10 s at most.
_HTTP = (
    *("-initial_request_size", "65536", "-request_size", "524288", "-multiple_requests", "1", "-seekable", "1"),
    *("-reconnect", "1", "-reconnect_on_network_error", "1", "-reconnect_on_http_error", "429,5xx"),
    *("-reconnect_delay_max", "2", "-reconnect_max_retries", "3", "-rw_timeout", "10000000"),
)

_QUIET = ("-hide_banner", "-nostdin", "-nostats")

#: Containers without an index of key frames. A seek lands on any frame there, and nothing can be decoded until the
#: next key frame, so decoding starts this much earlier; broadcast and disc have one every second or two.
_PRE_ROLL_MS = {"mpegts": 12_000, "mpeg": 12_000}
#: ffmpeg's own decoders of VP8 and VP9 leave the alpha out.
_ALPHA_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}


@dataclass(frozen=True)
class Input:
    """A source as ffmpeg opens it.

    Attributes:
        address: an http(s) URL or the path of a local file.
        certificates: a file of trusted authorities, for https.
        max_pixels: of one frame; a larger one is refused before it is decoded.
        meter: where what is read of it is counted; None where nobody wants to know.
    """

    address: str
    certificates: str | None = None
    max_pixels: int = Limits.source_pixels
    meter: Meter | None = None

    def verbosity(self, usual: str, counted: str) -> list[str]:
        """How talkative ffmpeg is; only a talkative one tells how much it has read."""
        return ["-v", usual if self.meter is None else counted]

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
    return [ffmpeg, *_QUIET, *source.verbosity("info", "verbose"), *source.words()]


def structure_words(ffmpeg: str, source: Input) -> list[str]:
    """Print how an MP4 file is built, box by box."""
    return [ffmpeg, *_QUIET, "-v", "trace", *source.words()]


def measure_words(ffmpeg: str, source: Input, stream: int) -> list[str]:
    """Read a source to its end without decoding, and report the time reached."""
    copied = ["-map", f"0:{stream}", "-c", "copy", "-f", "null", "-progress", "pipe:1", "-"]
    return [ffmpeg, *_QUIET, *source.verbosity("error", "verbose"), *source.words(), *copied]


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
    words = [ffmpeg, *_QUIET, *source.verbosity("warning", "level+verbose"), *start]
    words += [*_decoder(video), *_one_graph(video), *source.words()]
    words += ["-filter_complex", graph]
    for number, (descriptor, plan) in enumerate(outputs.items()):
        words += ["-map", f"[out{number}]", "-frames:v", str(plan.frames), "-t", _seconds(section.duration_ms)]
        words += ["-fps_mode", "passthrough", "-c:v", "rawvideo", "-f", "rawvideo", f"pipe:{descriptor}"]
    return words


def _one_graph(video: VideoStream) -> list[str]:
    """Keep the graph where the film changes its size: a new one would begin to count time at its first frame.

    ``scale`` comes first then, and takes any size. What comes before it otherwise (fields, turning, alpha) does not,
    and would read beyond a smaller picture's end.
    """
    is_plain = not (video.interlaced or video.rotation or video.has_alpha)
    return ["-reinit_filter", "0"] if is_plain else []


def _decoder(video: VideoStream) -> list[str]:
    name = _ALPHA_DECODERS.get(video.codec) if video.has_alpha else None
    return [f"-c:{video.index}", name] if name else []


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds // 1000}.{milliseconds % 1000:03d}"
