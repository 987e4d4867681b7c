from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path

from cliploop.adapters.ffmpeg import failures
from cliploop.adapters.ffmpeg.arguments import decode_words
from cliploop.adapters.ffmpeg.locate import ffmpeg
from cliploop.adapters.ffmpeg.pipes import Maker
from cliploop.adapters.ffmpeg.probe import opened_by_ffmpeg
from cliploop.adapters.ffmpeg.process import Run
from cliploop.application.ports import EncodedImage, Pulse, ReadableSource
from cliploop.domain.deadline import Deadline
from cliploop.domain.errors import CliploopError
from cliploop.domain.media import MediaInfo
from cliploop.domain.plan import OutputPlan
from cliploop.domain.section import AppliedSection

_PULSE_S = 1.0
#: How often waiting looks up to see the deadline and the pulse.
_GLANCE_S = 0.1

Result = EncodedImage | CliploopError


class FfmpegEncoder:
    """Makes animated images: ffmpeg decodes each section once, ``animation`` writes every image of it."""

    def encode(
        self,
        source: ReadableSource,
        media: MediaInfo,
        plans: Sequence[OutputPlan],
        *,
        scratch: Path,
        deadline: Deadline,
        pulse: Pulse,
    ) -> list[Result]:
        """See ``Encoder``. Sections are made one after the other, the images of one section at the same time."""
        sections: dict[tuple[int, AppliedSection], list[int]] = {}
        for number, plan in enumerate(plans):
            sections.setdefault((plan.stream_index, plan.section), []).append(number)
        watch = _Watch(deadline, pulse)
        results: dict[int, Result] = {}
        for members in sections.values():
            section = {scratch / f"{number}.{plans[number].format}": plans[number] for number in members}
            results |= zip(members, _make_section(source, media, section, watch), strict=True)
        return [results[number] for number in range(len(plans))]


class _Watch:
    """What has to be looked at while others work."""

    def __init__(self, deadline: Deadline, pulse: Pulse) -> None:
        self.deadline = deadline
        self._pulse = pulse
        self._next_s = time.monotonic() + _PULSE_S

    def glance(self) -> None:
        """Check the deadline, and call the pulse when it is time to."""
        self.deadline.check()
        if time.monotonic() >= self._next_s:
            self._pulse()
            self._next_s = time.monotonic() + _PULSE_S


def _make_section(
    source: ReadableSource, media: MediaInfo, images: dict[Path, OutputPlan], watch: _Watch
) -> list[Result]:
    """Make the images of one section, from one run of ffmpeg."""
    stop = threading.Event()
    makers = [Maker(plan, path, stop) for path, plan in images.items()]
    words = _words(source, media, makers)
    folder = next(iter(images)).parent
    try:
        descriptors = [maker.writing_end for maker in makers]
        with Run(words, folder=folder, deadline=watch.deadline, pass_fds=descriptors) as run:
            for maker in makers:
                maker.start()
            while not all(maker.is_done(_GLANCE_S / len(makers)) for maker in makers):
                watch.glance()
            exit_code = run.wait(watch.glance)
            stderr = run.stderr()
    finally:
        stop.set()
        for maker in makers:
            maker.join()
    return _results(makers, stderr, exit_code)


def _words(source: ReadableSource, media: MediaInfo, makers: Sequence[Maker]) -> list[str]:
    outputs = {maker.writing_end: maker.plan for maker in makers}
    return decode_words(ffmpeg(), opened_by_ffmpeg(source), media, makers[0].plan.section, outputs)


def _results(makers: Sequence[Maker], stderr: str, exit_code: int) -> list[Result]:
    """Every image or its error.

    Raises:
        CliploopError: UNAVAILABLE when frames are missing because the store stopped answering.
    """
    if any(maker.is_short for maker in makers):
        broken = failures.reading_broke(stderr, exit_code)
        if broken:
            raise broken
    return [maker.result(lambda: failures.no_frames(stderr, exit_code)) for maker in makers]
