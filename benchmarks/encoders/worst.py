"""Ours at its worst, to be looked at: a part of the frame that SSIM likes least, beside the source and gifski."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.encoders.job import ACCURATE, Job
from benchmarks.encoders.quality import decode
from cliploop.adapters.ffmpeg.locate import ffmpeg

#: Of the part that is shown; it is doubled.
_PART = (200, 150)
_MARGIN = 8

Pixels = NDArray[np.uint8]


def save_worst(job: Job, number: int, ours: Path, other: Path, path: Path) -> None:
    """Write one picture: the source, ours, the other's, where ours is the furthest off."""
    with tempfile.TemporaryDirectory(dir=job.reference().parent) as folder:
        raw = Path(folder) / "shown.yuv"
        shown = [_frame(job, job.reference(), number)]
        for image in (ours, other):
            decode(job, image, raw)
            shown.append(_frame(job, raw, number))
    left, top = _furthest(shown[0], shown[1])
    box = left, top, left + _PART[0], top + _PART[1]
    size = (_PART[0] * 2, _PART[1] * 2)
    sheet = Image.new("RGB", (3 * size[0] + 2 * _MARGIN, size[1]), (255, 255, 255))
    for place, pixels in enumerate(shown):
        part = Image.fromarray(pixels).crop(box).resize(size, Image.Resampling.NEAREST)
        sheet.paste(part, (place * (size[0] + _MARGIN), 0))
    sheet.save(path, optimize=True)


def _frame(job: Job, raw: Path, number: int) -> Pixels:
    """One frame of raw yuv420p, in RGB."""
    size = job.width * job.height * 3 // 2
    with raw.open("rb") as file:
        file.seek(size * number)
        data = file.read(size)
    shape = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{job.width}x{job.height}", "-i", "-"]
    colours = f"scale=flags={ACCURATE}:in_color_matrix={job.clip.matrix}:in_range=tv,format=rgb24"
    words = [ffmpeg(), "-v", "error", *shape, "-vf", colours, "-f", "rawvideo", "-"]
    done = subprocess.run(words, input=data, check=True, capture_output=True)
    return np.frombuffer(done.stdout, np.uint8).reshape(job.height, job.width, 3)


def _furthest(source: Pixels, shown: Pixels) -> tuple[int, int]:
    """The corner of the part with the largest squared error: by sums over rectangles."""
    error = np.square(np.subtract(source, shown, dtype=np.int32)).sum(axis=2)
    sums = np.pad(error.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    wide, high = min(_PART[0], error.shape[1]), min(_PART[1], error.shape[0])
    parts = sums[high:, wide:] - sums[:-high, wide:] - sums[high:, :-wide] + sums[:-high, :-wide]
    top, left = np.unravel_index(int(parts.argmax()), parts.shape)
    return int(left), int(top)
