"""What only ours promises: two images for little more than one, level memory, and little read from a large file."""

from __future__ import annotations

import subprocess
from pathlib import Path

from benchmarks.encoders import measure
from benchmarks.encoders.footage import ROOT, clip_named
from benchmarks.encoders.job import Job
from benchmarks.encoders.measure import Cost
from benchmarks.encoders.peers import OURS_GIF, ours
from benchmarks.encoders.results import Result, middle
from benchmarks.encoders.targets import Finding
from cliploop.adapters.ffmpeg.locate import ffmpeg
from tests.media.range_server import serving

_FOLDER = ROOT / ".local" / "bench" / "remote"
_LONG_MIN, _LONG_BITS = 30, 2_550_000
_AT_S, _FOR_S = 1200, 3
_LEVEL = OURS_GIF.qualities[0]


def together(job: Job, rounds: int) -> list[Finding]:
    """A GIF and a WebP from one command, beside one command for each."""
    folder = _FOLDER.parent / "together"
    folder.mkdir(parents=True, exist_ok=True)
    gif, webp = folder / "image.gif", folder / "image.webp"
    costs: dict[int, list[Cost]] = {}
    for _ in range(rounds):
        for number, paths in enumerate(([gif], [webp], [gif, webp])):
            costs.setdefault(number, []).append(measure.run(ours(job, _LEVEL, paths)))
    one, other, both = (middle(costs[number]) for number in range(3))
    return [
        Finding(
            "GIF + WebP from one task: seconds / apart", job.clip.name, both.wall_s / (one.wall_s + other.wall_s), 0.8
        ),
        Finding("GIF + WebP from one task: CPU / apart", job.clip.name, both.cpu_s / (one.cpu_s + other.cpu_s), 0.8),
    ]


def in_our_process(results: list[Result]) -> list[Finding]:
    """CPU by output and memory, without ffmpeg, of the GIFs that are large or long."""
    findings = []
    for each in results:
        if each.encoder != OURS_GIF.name or each.format != "gif":
            continue
        where = f"{each.clip} {each.width}x{each.height}, {each.seconds:g} s"
        if each.width >= 1280 or each.seconds >= 60:  # noqa: PLR2004
            spent = each.cost.own_cpu_s * 1000 / each.megapixels
            findings.append(Finding("GIF: our own process, ms of CPU a megapixel", where, spent, 50))
        if each.width >= 1280:  # noqa: PLR2004
            findings.append(Finding("GIF: our own process, MB", where, each.cost.own_peak_mb, 100))
    return findings


def steady(results: list[Result], fps: int) -> list[Finding]:
    """Memory of the whole tree for a long section, beside that for a short one."""
    findings = []
    for name in ("gif", "webp"):
        peaks = {
            each.seconds: each.cost.peak_mb
            for each in results
            if each.encoder == OURS_GIF.name and each.format == name and each.fps == fps
        }
        if {5, 60} <= set(peaks):
            findings.append(Finding(f"{name}: memory for 60 s / for 5 s", "bunny", peaks[60] / peaks[5], 1.15))
            findings.append(Finding(f"{name}: MB for 60 s, all processes", "bunny", peaks[60], 300))
    return findings


def remote(rounds: int) -> list[Finding]:
    """Three seconds out of the middle of half an hour, over HTTP, beside the same seconds of a short local file."""
    long, short = _long_file(), clip_named("bunny").path
    image = [_FOLDER / "image.gif"]
    looked_at = Job(clip_named("bunny"), 640, start=_AT_S, end=_AT_S + _FOR_S)
    from_short = Job(clip_named("bunny"), 640, end=_FOR_S)
    served: list[float] = []
    seconds: dict[str, list[Cost]] = {}
    for _ in range(rounds):
        with serving(_FOLDER) as server:
            words = ours(looked_at, _LEVEL, image, server.url(long.name))
            seconds.setdefault("remote", []).append(measure.run(words))
            served.append(server.bytes_served / 1e6)
        seconds.setdefault("local", []).append(measure.run(ours(from_short, _LEVEL, image, str(short))))
    ratio = middle(seconds["remote"]).wall_s / middle(seconds["local"]).wall_s
    what = f"3 s of {_LONG_MIN} min, {long.stat().st_size / 1e6:.0f} MB, over HTTP"
    return [
        Finding(f"{what}: MB served", "bunny", max(served), 20),
        Finding(f"{what}: seconds / from a short local file", "bunny", ratio, 2),
    ]


def _long_file() -> Path:
    """The bunny over and over, at a bit rate that makes it large, with its index at the end."""
    path = _FOLDER / "long.mp4"
    if not path.exists():
        _FOLDER.mkdir(parents=True, exist_ok=True)
        once, half = _FOLDER / "once.mp4", _FOLDER / "half.mp4"
        rate = ["-c:v", "libx264", "-preset", "veryfast", "-b:v", str(_LONG_BITS), "-g", "50", "-an"]
        first = [ffmpeg(), "-v", "error", "-y", "-i", str(clip_named("bunny").path), *rate, str(once)]
        repeat = [ffmpeg(), "-v", "error", "-y", "-stream_loop", "-1", "-i", str(once), "-t", str(_LONG_MIN * 60)]
        for words in (first, [*repeat, "-c", "copy", str(half)]):
            subprocess.run(words, check=True)
        half.rename(path)
    return path
