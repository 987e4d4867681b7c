from __future__ import annotations

import re
import tempfile
from dataclasses import replace
from pathlib import Path

from cliploop.adapters.ffmpeg import failures
from cliploop.adapters.ffmpeg.arguments import Input, measure_words, probe_words
from cliploop.adapters.ffmpeg.banner import read_banner
from cliploop.adapters.ffmpeg.locate import certificates, ffmpeg
from cliploop.adapters.ffmpeg.process import Run
from cliploop.application.ports import ReadableSource
from cliploop.domain.deadline import Deadline
from cliploop.domain.media import MediaInfo

#: A file that does not say how long it is (a browser's recording) is read to its end to find out, up to this size.
_MEASURED_SIZE = 256 * 1024 * 1024
#: What ffmpeg says last when it was asked for nothing but a look.
_ONLY_LOOKED = "At least one output file must be specified"


class FfmpegProber:
    """Finds out what is in a source, by what ffmpeg prints when it opens it."""

    def probe(self, source: ReadableSource, deadline: Deadline) -> MediaInfo:
        """See ``Prober``."""
        opened = opened_by_ffmpeg(source)
        with tempfile.TemporaryDirectory(prefix="probe-") as folder:
            with Run(probe_words(ffmpeg(), opened), folder=Path(folder), deadline=deadline) as run:
                exit_code = run.wait()
                text = run.stderr()
            if _ONLY_LOOKED not in text:
                raise failures.opening_failed(text, exit_code=exit_code)
            media = read_banner(text, source.size)
            return _measured(media, opened, Path(folder), deadline)


def opened_by_ffmpeg(source: ReadableSource) -> Input:
    """A source with what this machine adds to it."""
    is_remote = source.url.startswith(("http://", "https://"))
    return Input(source.url if is_remote else str(Path(source.url).resolve()), certificates())


def _measured(media: MediaInfo, opened: Input, folder: Path, deadline: Deadline) -> MediaInfo:
    """The media with a duration, where it had none and can be read to its end."""
    video = media.main_video
    if media.duration_ms or video is None or media.size > _MEASURED_SIZE:
        return media
    with Run(measure_words(ffmpeg(), opened, video.index), folder=folder, deadline=deadline) as run:
        run.wait()
        reached = re.findall(r"^out_time_us=(\d+)$", run.stdout(), re.MULTILINE)
    duration_ms = int(reached[-1]) // 1000 if reached else 0
    bitrate = media.size * 8000 // duration_ms if duration_ms else 0
    return replace(media, duration_ms=duration_ms, bitrate=bitrate)
