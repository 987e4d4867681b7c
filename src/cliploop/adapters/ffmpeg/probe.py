from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from cliploop.adapters.ffmpeg import failures
from cliploop.adapters.ffmpeg.arguments import Input, measure_words, probe_words, structure_words
from cliploop.adapters.ffmpeg.banner import read_banner
from cliploop.adapters.ffmpeg.locate import certificates, ffmpeg
from cliploop.adapters.ffmpeg.meter import Meter, plain_banner
from cliploop.adapters.ffmpeg.process import Run
from cliploop.application.ports import Beat, ReadableSource, no_beat
from cliploop.domain.deadline import Deadline
from cliploop.domain.limits import Limits
from cliploop.domain.media import MediaInfo

#: A file that does not say how long it is (a browser's recording) is read to its end to find out, up to this size.
_MEASURED_SIZE = 256 * 1024 * 1024
#: What ffmpeg says last when it was asked for nothing but a look.
_ONLY_LOOKED = "At least one output file must be specified"
#: The box of a protected sample entry (ISO/IEC 14496-12, 8.12.1).
_ENCRYPTED = "type:'sinf' parent:'stsd'"


@dataclass(frozen=True)
class FfmpegProber:
    """Finds out what is in a source, by what ffmpeg prints when it opens it.

    Attributes:
        meter: where what ffmpeg reads is counted, if somebody wants to know.
    """

    limits: Limits = Limits()
    meter: Meter | None = None

    def probe(self, source: ReadableSource, deadline: Deadline, beat: Beat = no_beat) -> MediaInfo:
        """See ``Prober``."""
        opened = opened_by_ffmpeg(source, self.limits, self.meter)
        with tempfile.TemporaryDirectory(prefix="probe-") as folder:
            with Run(probe_words(ffmpeg(), opened), folder=Path(folder), deadline=deadline) as run:
                exit_code = run.wait(beat)
                text = plain_banner(run.stderr(), opened.meter)
            if _ONLY_LOOKED not in text:
                raise failures.opening_failed(text, exit_code=exit_code)
            media = read_banner(text, source.size)
            return _measured(media, opened, Path(folder), deadline, beat)


def opened_by_ffmpeg(source: ReadableSource, limits: Limits, meter: Meter | None = None) -> Input:
    """A source with what this machine and the stack add to it."""
    is_remote = source.url.startswith(("http://", "https://"))
    address = source.url if is_remote else str(Path(source.url).resolve())
    return Input(address, certificates(), limits.source_pixels, meter)


def is_encrypted(opened: Input, folder: Path, deadline: Deadline, beat: Beat = no_beat) -> bool:
    """Whether an MP4 file has a stream that needs a key: the banner does not tell, and the decoder sees damage.

    Asked only where decoding failed, since the answer is a long print of every box.
    """
    with Run(structure_words(ffmpeg(), opened), folder=folder, deadline=deadline) as run:
        run.wait(beat)
        return _ENCRYPTED in run.stderr()


def _measured(media: MediaInfo, opened: Input, folder: Path, deadline: Deadline, beat: Beat) -> MediaInfo:
    """The media with a duration, where it had none and can be read to its end."""
    video = media.main_video
    if media.duration_ms or video is None or media.size > _MEASURED_SIZE:
        return media
    with Run(measure_words(ffmpeg(), opened, video.index), folder=folder, deadline=deadline) as run:
        run.wait(beat)
        if opened.meter:
            opened.meter.count(run.stderr())
        reached = re.findall(r"^out_time_us=(\d+)$", run.stdout(), re.MULTILINE)
    duration_ms = int(reached[-1]) // 1000 if reached else 0
    bitrate = media.size * 8000 // duration_ms if duration_ms else 0
    return replace(media, duration_ms=duration_ms, bitrate=bitrate)
