"""Small charts as SVG: a panel a clip, a line an encoder. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from benchmarks.encoders.results import Result

_PANEL, _GAP, _LEFT, _TOP = (330, 250), 26, 52, 66
_COLUMNS = 3
_COLOURS = {
    "cliploop": "#d62728",
    "gifski": "#1f77b4",
    "ffmpeg one graph": "#2ca02c",
    "ffmpeg diff + bayer": "#98a816",
    "ffmpeg a palette a frame": "#17a398",
    "ffmpeg libwebp_anim": "#2ca02c",
    "Pillow": "#7f7f7f",
}
_LIKENESSES = (0.8, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995)
_AMOUNTS = tuple(digit * 10.0**power for power in range(-3, 4) for digit in (1, 1.5, 2, 3, 5, 7))


@dataclass(frozen=True)
class Axis:
    """What is drawn from left to right."""

    title: str
    value: Callable[[Result], float]


BYTES = Axis("MB", lambda result: result.bytes / 1e6)
SECONDS = Axis("CPU seconds", lambda result: result.cost.cpu_s)


@dataclass(frozen=True)
class _Scale:
    low: float
    high: float
    first: float
    last: float

    def at(self, value: float) -> float:
        return self.first + (value - self.low) / (self.high - self.low) * (self.last - self.first)

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high


def chart(title: str, axis: Axis, results: Sequence[Result]) -> str:
    """Likeness against an amount, for each clip that there are results of."""
    clips = list(dict.fromkeys(result.clip for result in results))
    rows = -(-len(clips) // _COLUMNS)
    width = _LEFT + min(_COLUMNS, len(clips)) * (_PANEL[0] + _GAP + 24)
    height = _TOP + rows * (_PANEL[1] + _GAP + 44)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">',
        '<g font-family="sans-serif" font-size="11" fill="#333">',
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="{_LEFT}" y="22" font-size="15">{escape(title)}</text>',
        *_legend(results),
    ]
    for number, clip in enumerate(clips):
        left = _LEFT + number % _COLUMNS * (_PANEL[0] + _GAP + 24)
        top = _TOP + number // _COLUMNS * (_PANEL[1] + _GAP + 44)
        parts += _panel(clip, axis, [result for result in results if result.clip == clip], left, top)
    return "\n".join([*parts, "</g></svg>"]) + "\n"


def _legend(results: Sequence[Result]) -> list[str]:
    parts, x = [], _LEFT
    for name in dict.fromkeys(result.encoder for result in results):
        parts.append(f'<circle cx="{x + 5}" cy="42" r="5" fill="{_COLOURS[name]}"/>')
        parts.append(f'<text x="{x + 15}" y="46">{escape(name)}</text>')
        x += 34 + 7 * len(name)
    return parts


def _panel(clip: str, axis: Axis, results: list[Result], left: float, top: float) -> list[str]:
    amounts = [math.log10(axis.value(result)) for result in results]
    unlike = [_stretched(result.like.ssim[0]) for result in results]
    across = _Scale(min(amounts) - 0.08, max(amounts) + 0.08, left, left + _PANEL[0])
    down = _Scale(min(unlike) - 0.06, max(unlike) + 0.06, top + _PANEL[1], top)
    parts = [
        f'<rect x="{left}" y="{top}" width="{_PANEL[0]}" height="{_PANEL[1]}" fill="none" stroke="#999"/>',
        f'<text x="{left}" y="{top + _PANEL[1] + 28}" font-weight="bold">{escape(clip)}</text>',
        f'<text x="{left + _PANEL[0]}" y="{top + _PANEL[1] + 28}" text-anchor="end">{axis.title}</text>',
        *_grid(across, down, left, top),
    ]
    for name in dict.fromkeys(result.encoder for result in results):
        line = sorted((result for result in results if result.encoder == name), key=lambda each: each.quality)
        points = [
            (across.at(math.log10(axis.value(each))), down.at(_stretched(each.like.ssim[0])), each) for each in line
        ]
        parts += _line(_COLOURS[name], points)
    return parts


def _stretched(ssim: float) -> float:
    """So that .99 and .999 are as far from each other as .9 and .99."""
    return -math.log10(max(1e-6, 1 - ssim))


def _grid(across: _Scale, down: _Scale, left: float, top: float) -> list[str]:
    parts = []
    for amount in _AMOUNTS:
        if across.holds(math.log10(amount)):
            x = across.at(math.log10(amount))
            parts.append(f'<path d="M{x:.1f} {top}v{_PANEL[1]}" stroke="#e4e4e4"/>')
            parts.append(f'<text x="{x:.1f}" y="{top + _PANEL[1] + 14}" text-anchor="middle">{amount:g}</text>')
    for likeness in _LIKENESSES:
        if down.holds(_stretched(likeness)):
            y = down.at(_stretched(likeness))
            parts.append(f'<path d="M{left} {y:.1f}h{_PANEL[0]}" stroke="#e4e4e4"/>')
            parts.append(f'<text x="{left - 5}" y="{y + 4:.1f}" text-anchor="end">{likeness:g}</text>')
    return parts


def _line(colour: str, points: list[tuple[float, float, Result]]) -> list[str]:
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y, _ in points)
    parts = [f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>']
    for x, y, each in points:
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>')
        if each.quality:
            parts.append(
                f'<text x="{x + 5:.1f}" y="{y + 11:.1f}" font-size="9" fill="{colour}">{each.quality}</text>'
            )
    return parts
