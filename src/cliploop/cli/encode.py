"""One order, from the source to the files: probe, plan, encode, put."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO
from urllib.parse import quote

from cliploop.adapters.ffmpeg.encode import FfmpegEncoder
from cliploop.adapters.ffmpeg.meter import Meter
from cliploop.adapters.ffmpeg.probe import FfmpegProber
from cliploop.application.ports import EncodedImage, ReadableSource
from cliploop.cli.arguments import Order, Wanted
from cliploop.cli.memory import Peak, Watcher
from cliploop.cli.progress import bar_on
from cliploop.cli.targets import put, scratch_beside
from cliploop.cli.wording import is_remote
from cliploop.domain.deadline import Deadline
from cliploop.domain.errors import CliploopError
from cliploop.domain.limits import Limits
from cliploop.domain.media import MediaInfo
from cliploop.domain.plan import OutputPlan, plan_output

#: Nobody waits longer; what hangs ends.
_LONGEST_S = 24 * 3600
_DRAWN_EVERY_S = 0.1
_LIMITS = Limits()


@dataclass(frozen=True)
class Made:
    """An output that is in its place, and the plan that it followed."""

    wanted: Wanted
    plan: OutputPlan
    image: EncodedImage


@dataclass(frozen=True)
class Failed:
    """An output that could not be made."""

    wanted: Wanted
    error: CliploopError


@dataclass(frozen=True)
class Done:
    """What became of an order.

    Attributes:
        bytes_read: of the source; None where nobody asked, or ffmpeg did not tell.
        probe_s: seconds from the start to knowing what is in the source.
        total_s: seconds from the start to the last output's being in its place.
    """

    media: MediaInfo
    results: tuple[Made | Failed, ...]
    bytes_read: int | None
    probe_s: float
    total_s: float
    peak: Peak | None


def encode(order: Order, terminal: TextIO) -> Done:
    """Make what is asked for. Outputs that cannot be made do not keep the others from being made.

    Raises:
        CliploopError: nothing was made.
    """
    started_s = time.monotonic()
    deadline, meter = Deadline.after(_LONGEST_S), Meter() if order.json else None
    with ExitStack() as stack:
        watcher = stack.enter_context(Watcher()) if order.json else None
        scratch = stack.enter_context(scratch_beside(order.outputs[0].path))
        source = _opened(order.source)
        media = FfmpegProber(_LIMITS, meter).probe(source, deadline)
        probe_s = time.monotonic() - started_s
        plans = [_planned(media, wanted, order) for wanted in order.outputs]
        encoder = FfmpegEncoder(_LIMITS, _DRAWN_EVERY_S, meter)
        images = _encoded(encoder, source, media, plans, scratch, deadline, terminal)
        results = tuple(map(_settled, order.outputs, plans, images))
        total_s = time.monotonic() - started_s
    peak = watcher.peak() if watcher else None
    return Done(media, results, meter.bytes_read if meter else None, probe_s, total_s, peak)


def _opened(source: str) -> ReadableSource:
    if is_remote(source):
        scheme, _, rest = source.partition(":")
        # As browsers do: what must not stand in an address is escaped, what is escaped already stays. Its size is
        # not asked for: it would be one more request, and nothing depends on it.
        return ReadableSource(f"{scheme.lower()}:{quote(rest, safe='%/:?#[]@!$&()*+,;=~' + chr(39))}", 0)
    return ReadableSource(source, Path(source).stat().st_size)


def _planned(media: MediaInfo, wanted: Wanted, order: Order) -> OutputPlan | CliploopError:
    try:
        return plan_output(media, wanted.template, order.section, _LIMITS)
    except CliploopError as error:
        return error


def _encoded(
    encoder: FfmpegEncoder,
    source: ReadableSource,
    media: MediaInfo,
    plans: Sequence[OutputPlan | CliploopError],
    scratch: Path,
    deadline: Deadline,
    terminal: TextIO,
) -> list[EncodedImage | CliploopError]:
    """An image or an error for each plan, in their order."""
    wanted = [plan for plan in plans if isinstance(plan, OutputPlan)]
    if not wanted:
        return [plan for plan in plans if isinstance(plan, CliploopError)]
    bar = bar_on(terminal)
    try:
        images = iter(encoder.encode(source, media, wanted, scratch=scratch, deadline=deadline, pulse=bar.draw))
    finally:
        bar.clear()
    return [plan if isinstance(plan, CliploopError) else next(images) for plan in plans]


def _settled(wanted: Wanted, plan: OutputPlan | CliploopError, image: EncodedImage | CliploopError) -> Made | Failed:
    """Put an image in its place."""
    if isinstance(plan, CliploopError):
        return Failed(wanted, plan)
    if isinstance(image, CliploopError):
        return Failed(wanted, image)
    try:
        put(image.path, wanted.path)
    except CliploopError as error:
        return Failed(wanted, error)
    return Made(wanted, plan if image.cut_after is None else plan.cut_to(image.cut_after), image)
