"""What was asked for, what was done and what it cost, as JSON: docs/howto/encode-on-the-command-line.md."""

from __future__ import annotations

import json
import resource
from fractions import Fraction
from typing import Any

from cliploop import __version__
from cliploop.animation.gif_quality import GifQuality
from cliploop.cli.arguments import Order
from cliploop.cli.encode import Done, Failed, Made
from cliploop.cli.wording import is_remote, sentence, shown
from cliploop.domain.color import Color
from cliploop.domain.geometry import displayed_size
from cliploop.domain.media import MediaInfo
from cliploop.domain.plan import OutputPlan
from cliploop.domain.template import ImageFormat

_NOT_TOLD = "ffmpeg did not say how much it has read"


def written(order: Order, done: Done) -> str:
    """The report, for stdout."""
    return json.dumps(report(order, done), indent=2)


def report(order: Order, done: Done) -> dict[str, Any]:
    """The report. Times are seconds, sizes bytes and pixels; what cannot be told is null, with a reason beside it."""
    return {
        "cliploop": __version__,
        "input": shown(order.source),
        "source": _source(done.media),
        "requested": _requested(order),
        "outputs": [_output(result, order) for result in done.results],
        "bytes_read": {
            "bytes": done.bytes_read,
            "over": "http" if is_remote(order.source) else "file",
            "reason": _NOT_TOLD if done.bytes_read is None else None,
        },
        "seconds": {
            "probe": _rounded(done.probe_s),
            "decode": _decode_seconds(done),
            "total": _rounded(done.total_s),
        },
        "cpu_seconds": _cpu_seconds(),
        "peak_memory": vars(done.peak) if done.peak else None,
    }


def _source(media: MediaInfo) -> dict[str, Any]:
    video = media.main_video
    width, height = displayed_size(video) if video else (None, None)
    return {
        "container": media.container,
        "bytes": media.size or None,
        "duration": media.duration_ms / 1000,
        "codec": video.codec if video else None,
        "width": width,
        "height": height,
        "fps": _rate(video.fps) if video else None,
    }


def _requested(order: Order) -> dict[str, Any]:
    template = order.outputs[0].template
    return {
        "start": order.section.start_ms / 1000,
        "end": order.section.end_ms / 1000 or None,
        "width": template.width or None,
        "height": template.height or None,
        "fps": _rate(template.fps),
        "quality": template.quality,
        "loop": template.loop,
        "upscale": template.may_upscale,
        "gif": vars(template.gif) if template.gif else None,
    }


def _output(result: Made | Failed, order: Order) -> dict[str, Any]:
    named = {"path": result.wanted.name, "format": result.wanted.template.format.value}
    if isinstance(result, Failed):
        error = {"code": result.error.code.value, "message": sentence(result.error, order.source)}
        return named | {"error": error}
    image, seconds = result.image, result.image.seconds
    return named | {
        "error": None,
        "applied": _applied(result),
        "bytes": image.size,
        "md5": image.md5,
        "frames": image.frames,
        "duration": image.duration_ms / 1000,
        "seconds": {
            "waiting": _rounded(seconds.waiting),
            "encode": _rounded(seconds.encoding),
            "verify": _rounded(seconds.verifying),
        },
    }


def _applied(made: Made) -> dict[str, Any]:
    plan = made.plan
    return {
        "start": plan.section.start_ms / 1000,
        "end": plan.section.end_ms / 1000,
        "width": plan.width,
        "height": plan.height,
        "fps": _rate(plan.rate),
        "frames": plan.frames,
        "quality": plan.quality,
        "gif": _gif(plan),
        "loop": plan.loop,
        "colour": _colour(plan.color),
        "alpha": plan.alpha,
        "source_broke_off": plan.is_cut,
    }


def _gif(plan: OutputPlan) -> dict[str, Any] | None:
    if plan.format is not ImageFormat.GIF:
        return None
    quality = GifQuality.of(plan.quality, plan.gif)
    return {"colors": quality.colors, "hold": round(100 * quality.hold), "dither": quality.dither or 0}


def _colour(color: Color) -> dict[str, Any]:
    return {
        "matrix": color.matrix,
        "range": "full" if color.full_range else "limited",
        "transfer": color.transfer,
        "tone_mapped": color.tone_mapped,
        "assumed": color.assumed,
    }


def _decode_seconds(done: Done) -> float | None:
    # The images of one section come from one decode; each has its seconds.
    seconds = [result.image.seconds.decoding for result in done.results if isinstance(result, Made)]
    return _rounded(max(seconds)) if seconds else None


def _cpu_seconds() -> dict[str, float]:
    usages = {"self": resource.RUSAGE_SELF, "children": resource.RUSAGE_CHILDREN}
    seconds = {}
    for name, who in usages.items():
        usage = resource.getrusage(who)
        seconds[name] = _rounded(usage.ru_utime + usage.ru_stime)
    return seconds | {"total": _rounded(sum(seconds.values()))}


def _rate(rate: Fraction) -> dict[str, Any]:
    return {"value": round(float(rate), 3), "exact": str(rate)}


def _rounded(seconds: float) -> float:
    return round(seconds, 3)
