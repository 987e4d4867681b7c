"""Frames to a finished file, in the format and the timing of a plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from cliploop.animation.color_space import carrying
from cliploop.animation.gif import AlphaGifWriter, GifWriter
from cliploop.animation.webp import WebpWriter
from cliploop.animation.writer import AnimationWriter, Picture, Settings
from cliploop.domain.plan import OutputPlan
from cliploop.domain.template import ImageFormat

#: By format, and whether the frames have alpha.
_WRITERS: dict[tuple[ImageFormat, bool], Callable[[BinaryIO, Settings], AnimationWriter[Any]]] = {
    (ImageFormat.GIF, False): GifWriter,
    (ImageFormat.GIF, True): AlphaGifWriter,
    (ImageFormat.WEBP, False): WebpWriter,
    (ImageFormat.WEBP, True): WebpWriter,
}


@dataclass(frozen=True)
class Written:
    """A file as it was written, which is what a reader has to find in it.

    Attributes:
        delays: of each frame, in the format's ticks.
    """

    settings: Settings
    delays: tuple[int, ...]


def animate(
    frames: Iterable[Picture],
    plan: OutputPlan,
    path: Path,
    check: Callable[[], None],
    is_cut: Callable[[], bool] = lambda: False,
) -> Written | None:
    """Write frames as the planned image; None where there is no frame.

    Where frames are missing at the end, the last one stands until the section's end, as it does in a player; where
    the file broke off, the image ends there.

    Args:
        frames: pictures of the planned size; each has to stay as it is until the next but one is asked for.
        plan: what to make of them.
        path: the file to write.
        check: called for each frame; may raise to stop.
        is_cut: asked where frames are missing at the end: whether the file broke off.

    Raises:
        CliploopError: LIMIT_EXCEEDED (bytes).
    """
    settings = Settings(
        plan.width,
        plan.height,
        plan.quality,
        plan.loop,
        plan.max_bytes,
        plan.alpha,
        carrying(plan.color, alpha=plan.alpha),
        plan.gif,
    )
    with path.open("wb") as file:
        writer = _WRITERS[plan.format, plan.alpha](file, settings)
        delays = []
        for frame, delay in _timed(frames, plan.delays(), writer.longest_delay, is_cut):
            check()
            writer.add(frame, delay)
            delays.append(delay)
        writer.close()
    return Written(settings, tuple(delays)) if delays else None


def _timed(
    frames: Iterable[Picture], delays: list[int], longest: int, is_cut: Callable[[], bool]
) -> Iterator[tuple[Picture, int]]:
    """Each frame with the time it stands, one frame late: only then it is known not to be the last."""
    shown: Picture | None = None
    number = 0
    for number, frame in enumerate(islice(frames, len(delays))):
        if shown is not None:
            yield from _standing(shown, delays[number - 1], longest)
        shown = frame
    if shown is not None:
        rest = delays[number:]
        yield from _standing(shown, rest[0] if len(rest) > 1 and is_cut() else sum(rest), longest)


def _standing(frame: Picture, delay: int, longest: int) -> Iterator[tuple[Picture, int]]:
    while delay > longest:
        # Half, lest a rest be left that is shorter than players show.
        yield frame, longest // 2
        delay -= longest // 2
    yield frame, delay
