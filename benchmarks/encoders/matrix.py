"""Which encoder is tried on what: everything on 5 s at 640, the usual quality elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.encoders.footage import CLIPS, Clip, UnavailableError
from benchmarks.encoders.job import Job
from benchmarks.encoders.peers import OURS_GIF, OURS_WEBP, Encoder

WIDTH, NARROW, WIDE, LONG_S = 640, 320, 1280, 60
#: 60 s of a camera, none of it repeated, and of a screen.
_LONG = ("yard", "code")
#: Memory must not grow with the section: the same at 5 s and 60 s, at this rate.
STEADY_FPS = 15
_QUICK = ("bunny", "code")


@dataclass(frozen=True)
class Try:
    """One encoder at one quality on one job."""

    job: Job
    encoder: Encoder
    level: int

    @property
    def name(self) -> str:
        """For people, and for ``--only``."""
        return f"{self.job.name} {self.encoder.label(self.level)} {self.encoder.format}"


def tries(encoders: Sequence[Encoder], *, is_quick: bool = False) -> Iterator[Try]:
    """All of them, what matters most first."""
    clips = [clip for clip in available() if not is_quick or clip.name in _QUICK]
    for clip in clips:
        yield from _each(Job(clip, WIDTH), encoders, all_levels=not is_quick)
    if not is_quick:
        for job in _others(clips):
            yield from _each(job, encoders)
        own = [encoder for encoder in encoders if encoder in {OURS_GIF, OURS_WEBP}]
        for seconds in (5, LONG_S):
            yield from _each(Job(clips[0], WIDTH, STEADY_FPS, end=seconds), own)


def _others(clips: Sequence[Clip]) -> list[Job]:
    """Other widths, and long sections."""
    sizes = [Job(clip, width) for width in (NARROW, WIDE) for clip in clips if width <= clip.width]
    return [*sizes, *(Job(clip, WIDTH, end=LONG_S) for clip in clips if clip.name in _LONG)]


def _each(job: Job, encoders: Sequence[Encoder], *, all_levels: bool = False) -> Iterator[Try]:
    for encoder in encoders:
        for level in encoder.qualities if all_levels else encoder.qualities[:1]:
            yield Try(job, encoder, level)


def available() -> list[Clip]:
    """The clips that can be had here; why the others can't is printed."""
    found = []
    for clip in CLIPS:
        try:
            clip.at_least(0)
        except UnavailableError as reason:
            print(f"skipped: the clip {clip.name}: {reason}", flush=True)
        else:
            found.append(clip)
    return found
