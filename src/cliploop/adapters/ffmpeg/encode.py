from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cliploop.adapters.ffmpeg import failures
from cliploop.adapters.ffmpeg.arguments import Input, decode_words
from cliploop.adapters.ffmpeg.locate import ffmpeg
from cliploop.adapters.ffmpeg.meter import Meter, complaints
from cliploop.adapters.ffmpeg.pipes import Ending, Maker
from cliploop.adapters.ffmpeg.probe import is_encrypted, opened_by_ffmpeg
from cliploop.adapters.ffmpeg.process import Run
from cliploop.application.ports import EncodedImage, Progress, Pulse, ReadableSource
from cliploop.domain.deadline import Deadline
from cliploop.domain.errors import CliploopError
from cliploop.domain.limits import Limits
from cliploop.domain.media import MediaInfo
from cliploop.domain.plan import OutputPlan
from cliploop.domain.section import AppliedSection

#: How often waiting looks up to see the deadline and the pulse.
_GLANCE_S = 0.1

Result = EncodedImage | CliploopError


@dataclass(frozen=True)
class FfmpegEncoder:
    """Makes animated images: ffmpeg decodes each section once, ``animation`` writes every image of it.

    Attributes:
        pulse_s: seconds between two pulses, at least.
        meter: where what ffmpeg reads is counted, if somebody wants to know.
    """

    limits: Limits = Limits()
    pulse_s: float = 1.0
    meter: Meter | None = None

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
        watch = _Watch(deadline, pulse, self.pulse_s, sum(plan.frames for plan in plans))
        opened = opened_by_ffmpeg(source, self.limits, self.meter)
        results: dict[int, Result] = {}
        for members in sections.values():
            section = {scratch / f"{number}.{plans[number].format}": plans[number] for number in members}
            results |= zip(members, _make_section(opened, media, section, watch), strict=True)
        return [results[number] for number in range(len(plans))]


class _Watch:
    """What has to be looked at while others work."""

    def __init__(self, deadline: Deadline, pulse: Pulse, pulse_s: float, planned: int) -> None:
        self.deadline = deadline
        self.makers: list[Maker] = []
        self._pulse, self._pulse_s, self._planned = pulse, pulse_s, planned
        self._next_s = time.monotonic() + pulse_s

    def glance(self) -> None:
        """Check the deadline, and call the pulse when it is time to."""
        self.deadline.check()
        if time.monotonic() >= self._next_s:
            self._pulse(Progress(sum(maker.received for maker in self.makers), self._planned))
            self._next_s = time.monotonic() + self._pulse_s


def _make_section(opened: Input, media: MediaInfo, images: dict[Path, OutputPlan], watch: _Watch) -> list[Result]:
    """Make the images of one section, from one run of ffmpeg."""
    ending = Ending()
    makers = [Maker(plan, path, ending) for path, plan in images.items()]
    watch.makers += makers
    words = _words(opened, media, makers)
    folder = next(iter(images)).parent
    try:
        descriptors = [maker.writing_end for maker in makers]
        with Run(words, folder=folder, deadline=watch.deadline, pass_fds=descriptors) as run:
            for maker in makers:
                maker.start()
            exit_code = run.wait(watch.glance)
            stderr = complaints(run.stderr(), opened.meter)
            ending.tell(is_cut=failures.file_broke_off(stderr))
            while not all(maker.is_done(_GLANCE_S / len(makers)) for maker in makers):
                watch.glance()
    finally:
        ending.stop()
        for maker in makers:
            maker.join()
    if failures.hardly_decoded(stderr) and is_encrypted(opened, folder, watch.deadline, watch.glance):
        return [failures.encrypted(stderr)] * len(makers)
    return _results(makers, stderr, exit_code)


def _words(opened: Input, media: MediaInfo, makers: Sequence[Maker]) -> list[str]:
    outputs = {maker.writing_end: maker.plan for maker in makers}
    return decode_words(ffmpeg(), opened, media, makers[0].plan.section, outputs)


def _results(makers: Sequence[Maker], stderr: str, exit_code: int) -> list[Result]:
    """Every image or its error.

    Raises:
        CliploopError: UNAVAILABLE when frames are missing because the store stopped answering.
    """
    if any(maker.is_short for maker in makers):
        broken = failures.reading_broke(stderr, exit_code)
        if broken:
            raise broken
    if failures.mostly_damaged(stderr):
        return [failures.opening_failed(stderr, exit_code=exit_code)] * len(makers)
    return [maker.result(lambda: failures.no_frames(stderr, exit_code)) for maker in makers]
