"""Makes the sources that the media tests read, on the spot, and runs the adapters on them."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cliploop.adapters.ffmpeg import encode as encode_module
from cliploop.adapters.ffmpeg.encode import FfmpegEncoder
from cliploop.adapters.ffmpeg.locate import ffmpeg
from cliploop.adapters.ffmpeg.probe import FfmpegProber
from cliploop.adapters.ffmpeg.process import Run
from cliploop.application.ports import EncodedImage, Progress, Pulse, ReadableSource
from cliploop.domain.deadline import Deadline
from cliploop.domain.errors import CliploopError
from cliploop.domain.limits import Limits
from cliploop.domain.media import MediaInfo
from cliploop.domain.plan import OutputPlan, plan_output
from cliploop.domain.section import Section
from cliploop.domain.template import ImageFormat, Template

GIF = Template(1, ImageFormat.GIF, width=160, fps=Fraction(12))
WEBP = Template(2, ImageFormat.WEBP, width=160, fps=Fraction(12))
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")


def make(path: Path, *words: str) -> Path:
    """Run ffmpeg once to make a file; a file that is there already is taken as it is."""
    if not path.exists():
        subprocess.run([ffmpeg(), "-v", "error", "-nostdin", "-y", *words, str(path)], check=True)
    return path


def source_of(path: Path) -> ReadableSource:
    return ReadableSource(str(path), path.stat().st_size)


def no_pulse(_: Progress) -> None:
    """Nothing to tell."""


@dataclass
class Made:
    """What came of a source."""

    media: MediaInfo
    plans: list[OutputPlan]
    results: list[EncodedImage | CliploopError] = field(default_factory=list)

    def image(self, number: int = 0) -> EncodedImage:
        result = self.results[number]
        assert isinstance(result, EncodedImage), getattr(result, "log_text", result)
        return result

    def error(self, number: int = 0) -> CliploopError:
        result = self.results[number]
        assert isinstance(result, CliploopError)
        return result

    def pixels(self, number: int = 0, frame: int = 0) -> NDArray[np.uint8]:
        with Image.open(self.image(number).path) as image:
            image.seek(frame)
            return np.asarray(image.convert("RGB"))


def probe(source: ReadableSource | Path) -> MediaInfo:
    source = source_of(source) if isinstance(source, Path) else source
    return FfmpegProber().probe(source, Deadline.after(30))


def run(
    source: ReadableSource | Path,
    scratch: Path,
    templates: Sequence[Template] = (GIF, WEBP),
    section: Section | None = None,
    *,
    limits: Limits | None = None,
    seconds: float = 60,
    pulse: Pulse = no_pulse,
) -> Made:
    source = source_of(source) if isinstance(source, Path) else source
    media = probe(source)
    plans = [plan_output(media, template, section or Section(), limits or Limits()) for template in templates]
    results = FfmpegEncoder().encode(
        source, media, plans, scratch=scratch, deadline=Deadline.after(seconds), pulse=pulse
    )
    return Made(media, plans, results)


def counted_runs(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    """The words of every decoder that is started from now on."""
    started: list[Sequence[str]] = []

    class CountedRun(Run):
        def __init__(
            self, words: Sequence[str], *, folder: Path, deadline: Deadline, pass_fds: Sequence[int]
        ) -> None:
            started.append(words)
            super().__init__(words, folder=folder, deadline=deadline, pass_fds=pass_fds)

    monkeypatch.setattr(encode_module, "Run", CountedRun)
    return started
