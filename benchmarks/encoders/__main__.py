"""Our encoders beside the others: `make bench`. Writes docs/benchmarks/encoders.md, charts and our worst frames.

What was measured is kept under .local/bench, so a run that was stopped goes on; the headline is always measured anew.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from PIL import features

from benchmarks.encoders import own, targets
from benchmarks.encoders.footage import CLIPS, ROOT, clip_named
from benchmarks.encoders.job import Job
from benchmarks.encoders.matrix import STEADY_FPS, WIDTH, Try, tries
from benchmarks.encoders.peers import (
    ENCODERS,
    FFMPEG_WEBP,
    GIFSKI,
    GIFSKI_GIF,
    OURS_GIF,
    OURS_WEBP,
    RECIPES,
    Encoder,
)
from benchmarks.encoders.plots import BYTES, SECONDS, chart
from benchmarks.encoders.report import Bench, page
from benchmarks.encoders.results import (
    KEPT,
    Result,
    headline_job,
    in_turn,
    kept_or_measured,
    made,
    runnable,
    versions,
)
from benchmarks.encoders.targets import Finding
from benchmarks.encoders.worst import save_worst
from benchmarks.machine import machine

DOCS = ROOT / "docs" / "benchmarks"
#: Where a quick run writes: it is to be looked at, and not to be kept.
_DRAFT = ROOT / ".local" / "bench" / "quick"
_HEADLINE = (OURS_GIF, GIFSKI_GIF, *RECIPES, OURS_WEBP, FFMPEG_WEBP)


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--only", default="", help="measure and print only what has this in its name; no page is written"
    )
    parser.add_argument("--quick", action="store_true", help="two clips at 640, usual qualities, one turn")
    parser.add_argument("--repeat", type=int, default=5, help="turns of the headline")
    parser.add_argument("--fresh", action="store_true", help="forget what earlier runs found out")
    asked = parser.parse_args()
    if asked.fresh:
        shutil.rmtree(KEPT, ignore_errors=True)
    able = runnable()
    results = _measured([each for each in tries(able, is_quick=asked.quick) if asked.only in each.name])
    if asked.only:
        return
    rounds = 1 if asked.quick else asked.repeat
    print(f"the headline, {rounds} turns", flush=True)
    headline = in_turn(headline_job(), _usual(_HEADLINE, able), rounds)
    results = _renewed(results, [*headline, *_films(results, able, rounds)])
    findings = [*_findings(results, headline), *_own_findings(results, rounds)]
    for finding in findings:
        print(f"{'MISSED ' if finding.is_kept is False else ''}{finding.sentence()}", flush=True)
    _write(
        Bench(machine(), _versions(), headline, results, findings, _skipped(able)), _DRAFT if asked.quick else DOCS
    )


def _measured(wanted: Sequence[Try]) -> list[Result]:
    results, began = [], time.monotonic()
    for number, each in enumerate(wanted, start=1):
        result, was_kept = kept_or_measured(each.job, each.encoder, each.level)
        results.append(result)
        said = "kept" if was_kept else f"{time.monotonic() - began:.0f} s"
        print(
            f"[{number}/{len(wanted)}, {said}] {each.name}: {result.cost.cpu_s:.2f} CPU s, "
            f"{result.bytes / 1e6:.3f} MB, SSIM {result.like.ssim[0]:.4f}, {result.cost.peak_mb:.0f} MB of memory",
            flush=True,
        )
    return results


def _usual(encoders: Sequence[Encoder], able: Sequence[Encoder]) -> list[tuple[Encoder, int]]:
    return [(each, each.qualities[0]) for each in encoders if each in able]


def _films(results: Sequence[Result], able: Sequence[Encoder], rounds: int) -> list[Result]:
    """Ours and gifski in turn on the other films, since their CPU seconds are compared."""
    names = dict.fromkeys(each.clip for each in results if each.kind == "film")
    jobs = [Job(clip_named(name), WIDTH) for name in names if name != headline_job().clip.name]
    return [each for job in jobs for each in in_turn(job, _usual((OURS_GIF, GIFSKI_GIF), able), rounds)]


def _renewed(results: Sequence[Result], fresh: Sequence[Result]) -> list[Result]:
    """The results, where there are fresh ones, those."""

    def what(each: Result) -> tuple[object, ...]:
        return each.label, each.format, each.clip, each.width, each.fps, each.seconds

    renewed = {what(each): each for each in fresh}
    return [renewed.get(what(each), each) for each in results]


def _findings(results: list[Result], headline: list[Result]) -> list[Finding]:
    """The promises that are about peers."""
    found = []
    ours_gif, ours_webp = (_only(headline, OURS_GIF), _only(headline, OURS_WEBP))
    found += targets.compare(targets.BUNNY, ours_gif, headline) if ours_gif else []
    found += targets.compare(targets.WEBP_SECONDS, ours_webp, headline) if ours_webp else []
    for clip in CLIPS:
        here = [each for each in results if each.clip == clip.name and (each.width, each.seconds) == (WIDTH, 5)]
        here = [each for each in here if each.fps != STEADY_FPS]
        usual = [each for encoder in ENCODERS if (each := _only(here, encoder))]
        gif, webp, gifski = (_only(usual, encoder) for encoder in (OURS_GIF, OURS_WEBP, GIFSKI_GIF))
        if gif:
            found += targets.compare(targets.FILMS if clip.kind == "film" else (), gif, usual)
            found += targets.compare(targets.EVERYWHERE, gif, usual)
        if gif and gifski and clip.kind == "screen":
            curve = [each for each in here if each.encoder == gif.encoder and each.format == "gif"]
            found.append(targets.same_likeness(curve, gifski))
        if webp:
            promises = targets.WEBP_OF_SCREENS if clip.kind == "screen" else targets.WEBP
            found += targets.compare(promises, webp, usual)
    return found


def _only(results: Sequence[Result], encoder: Encoder) -> Result | None:
    """The encoder's result at its usual quality."""
    wanted = (encoder.name, encoder.format, encoder.qualities[0])
    return next((each for each in results if (each.encoder, each.format, each.quality) == wanted), None)


def _own_findings(results: list[Result], rounds: int) -> list[Finding]:
    """The promises that need no peer."""
    found = [*own.in_our_process(results), *own.steady(results, STEADY_FPS)]
    return [*found, *own.together(headline_job(), rounds), *own.remote(rounds)]


def _versions() -> str:
    libraries = ", ".join(f"{name} {version}" for name, version in versions().items())
    return f"Python {sys.version.split()[0]}, {libraries}, libwebp {features.version('webp')}, {GIFSKI}"


def _skipped(able: Sequence[Encoder]) -> list[str]:
    return [f"{each.name} ({each.lacking()})" for each in ENCODERS if each not in able]


def _write(bench: Bench, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    here = [each for each in bench.results if (each.width, each.seconds, each.fps) == (WIDTH, 5, 10)]
    charts = []
    for format_ in ("gif", "webp"):
        for axis in (BYTES, SECONDS):
            name = f"encoders-{format_}-{'bytes' if axis is BYTES else 'seconds'}.svg"
            drawn = [each for each in here if each.format == format_]
            (folder / name).write_text(chart(f"{format_.upper()}: SSIM by {axis.title}", axis, drawn))
            charts.append(name)
    (folder / "encoders.md").write_text(page(bench, charts, _worst_frames(here, folder)))
    print(f"wrote {folder / 'encoders.md'}")


def _worst_frames(results: Sequence[Result], folder: Path) -> list[str]:
    names = []
    for clip in dict.fromkeys(each.clip for each in results):
        mine = [each for each in results if each.clip == clip]
        ours, other = _only(mine, OURS_GIF), _only(mine, GIFSKI_GIF)
        if ours and other:
            job = Job(clip_named(clip), WIDTH)
            paths = [made(job, encoder, encoder.qualities[0]) for encoder in (OURS_GIF, GIFSKI_GIF)]
            names.append(f"encoders-worst-{clip}.png")
            save_worst(job, ours.like.worst_frame, paths[0], paths[1], folder / names[-1])
    return names


if __name__ == "__main__":
    main()
