"""One encoder on one job: made, measured, and kept, so that a run that was stopped goes on where it was."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.encoders import measure
from benchmarks.encoders.footage import ROOT, clip_named
from benchmarks.encoders.job import Job
from benchmarks.encoders.measure import Cost
from benchmarks.encoders.peers import ENCODERS, GIFSKI_GIF, Encoder
from benchmarks.encoders.quality import Quality, quality

KEPT = ROOT / ".local" / "bench" / "results"
MADE = ROOT / ".local" / "bench" / "made"


@dataclass(frozen=True)
class Result:
    """What came of it.

    Attributes:
        label: the encoder with its quality.
        cost: of the runs, field by field the median.
        runs: how many there were.
        when: the day, as ISO has it.
    """

    encoder: str
    label: str
    format: str
    quality: int
    clip: str
    kind: str
    width: int
    height: int
    fps: int
    seconds: float
    frames: int
    bytes: int
    cost: Cost
    like: Quality
    runs: int
    when: str

    @property
    def megapixels(self) -> float:
        """All frames together."""
        return self.frames * self.width * self.height / 1e6


def made(job: Job, encoder: Encoder, level: int) -> Path:
    """Where the image goes."""
    name = encoder.label(level).replace(" ", "-").replace("+", "and")
    return MADE / job.name / f"{name}.{encoder.format}"


def encode(job: Job, encoder: Encoder, level: int) -> tuple[Cost, Path]:
    """Make the image once; what is not to be counted is made before."""
    path = made(job, encoder, level)
    path.parent.mkdir(parents=True, exist_ok=True)
    return measure.run(encoder.command(job, level, path)), path


def in_turn(
    job: Job,
    tries: Sequence[tuple[Encoder, int]],
    rounds: int,
    choose: Callable[[Sequence[Cost]], Cost] | None = None,
) -> list[Result]:
    """Every encoder so often, one after the other in each round, so that a slow minute is everybody's.

    What an encoder's runs cost together is for ``choose`` to say; without it, the medians.
    """
    costs: dict[int, list[Cost]] = {}
    paths: dict[int, Path] = {}
    for _ in range(rounds):
        for number, (encoder, level) in enumerate(tries):
            cost, paths[number] = encode(job, encoder, level)
            costs.setdefault(number, []).append(cost)
    return [
        _result(job, encoder, level, paths[number], (choose or middle)(costs[number]), rounds)
        for number, (encoder, level) in enumerate(tries)
    ]


def _result(job: Job, encoder: Encoder, level: int, path: Path, cost: Cost, runs: int) -> Result:
    return Result(
        encoder=encoder.name,
        label=encoder.label(level),
        format=encoder.format,
        quality=level,
        clip=job.clip.name,
        kind=job.clip.kind,
        width=job.width,
        height=job.height,
        fps=job.fps,
        seconds=job.seconds,
        frames=job.frames,
        bytes=path.stat().st_size,
        cost=cost,
        like=quality(job, path),
        runs=runs,
        when=f"{datetime.now(UTC):%Y-%m-%d}",
    )


def middle(costs: Sequence[Cost]) -> Cost:
    """The medians."""
    rows = [asdict(cost) for cost in costs]
    return Cost(**{name: median(row[name] for row in rows) for name in rows[0]})


def least_cpu(costs: Sequence[Cost]) -> Cost:
    """The run that was disturbed the least."""
    return min(costs, key=lambda cost: cost.cpu_s)


def kept_or_measured(job: Job, encoder: Encoder, level: int) -> tuple[Result, bool]:
    """What an earlier run found out with the same version and words, else measured now; and whether it was kept."""
    path = KEPT / f"{_fingerprint(job, encoder, level)}.json"
    if path.exists() and made(job, encoder, level).exists():
        return _read(json.loads(path.read_text())), True
    result = in_turn(job, [(encoder, level)], 1)[0]
    KEPT.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(result), indent=1))
    return result, False


def _read(row: dict[str, Any]) -> Result:
    like: dict[str, Any] = {name: tuple(of) if isinstance(of, list) else of for name, of in row["like"].items()}
    return Result(**row | {"cost": Cost(**row["cost"]), "like": Quality(**like)})


def _fingerprint(job: Job, encoder: Encoder, level: int) -> str:
    # The names of gifski's pictures would be made for this, which takes longer than to find a kept result.
    words = [] if encoder is GIFSKI_GIF else encoder.command(job, level, Path("image"))
    parts = [encoder.name, encoder.format, str(level), job.name, *words, *versions().values()]
    if encoder.is_ours:
        parts.append(_our_code())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:20]


@cache
def versions() -> dict[str, str]:
    """Of what the encoders are made of."""
    return {name: version(name) for name in ("imageio-ffmpeg", "pillow", "numpy")}


@cache
def _our_code() -> str:
    files = sorted((ROOT / "src" / "cliploop").rglob("*.py"))
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def headline_job() -> Job:
    """The one that all promises are about: 5 s of the bunny, 640x360, 10 frames a second."""
    return Job(clip_named("bunny"), 640)


def runnable(encoders: Sequence[Encoder] = ENCODERS) -> list[Encoder]:
    """Those that can run here; why the others can't is printed."""
    able = []
    for encoder in encoders:
        if lacking := encoder.lacking():
            print(f"skipped: {encoder.name} ({encoder.format}): {lacking}", flush=True)
        else:
            able.append(encoder)
    return able
