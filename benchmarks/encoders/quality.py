"""How like its source an animated image is: `python -m benchmarks.encoders.quality CLIP WIDTH FPS START END FILE`.

Both are compared as yuv420p, frame by frame at the job's moments: the clip as it was decoded and scaled, the image as
a viewer shows it, brought back into the clip's own matrix.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.encoders.footage import clip_named
from benchmarks.encoders.job import ACCURATE, Job
from benchmarks.encoders.metrics import Blemishes, Frame, Plane, blemishes
from cliploop.adapters.ffmpeg.locate import ffmpeg

_SSIM = re.compile(r"SSIM Y:([\d.]+).*?U:([\d.]+).*?V:([\d.]+).*?All:([\d.]+)")
_XPSNR = re.compile(r"XPSNR\s+y: *([\d.inf]+)\s+u: *([\d.inf]+)\s+v: *([\d.inf]+)")
_FRAME_SSIM = re.compile(r"All:([\d.]+)")


@dataclass(frozen=True)
class Quality:
    """Of one image.

    Attributes:
        ssim: All, Y, U and V; All weighs them 4:1:1, as there are samples.
        xpsnr: Y, U and V, in dB.
        worst_frame: the one with the lowest SSIM, counted from 0.
    """

    ssim: tuple[float, float, float, float]
    xpsnr: tuple[float, float, float]
    blocks: tuple[float, float, float]
    flicker: float
    worst_frame: int
    worst_ssim: float


def quality(job: Job, image: Path) -> Quality:
    """Measure an image against the frames that its encoder was to show."""
    reference = job.reference()
    with tempfile.TemporaryDirectory(dir=reference.parent) as folder:
        candidate = Path(folder) / "candidate.yuv"
        decode(job, image, candidate)
        said, by_frame = _filters(job, reference, candidate, Path(folder))
        rest: Blemishes = blemishes(zip(_planes(job, reference), _planes(job, candidate), strict=True))
    ssim, xpsnr = _SSIM.search(said), _XPSNR.search(said)
    if ssim is None or xpsnr is None:
        raise ValueError(f"ffmpeg named no SSIM or XPSNR: {said[-500:]}")
    y, u, v, whole = (float(value) for value in ssim.groups())
    luma, blue, red = (float(value) for value in xpsnr.groups())
    worst = int(np.argmin(by_frame))
    return Quality((whole, y, u, v), (luma, blue, red), rest.blocks, rest.flicker, worst, by_frame[worst])


def decode(job: Job, image: Path, path: Path) -> None:
    """Write what a viewer shows at the job's moments, as raw yuv420p."""
    back = f"scale=flags={ACCURATE}:out_color_matrix={job.clip.matrix}:out_range=tv,format=yuv420p"
    # An image may hold its last frame for longer instead of repeating it.
    back += ",tpad=stop=-1:stop_mode=clone"
    words = [*job.ended(), "-f", "rawvideo", str(path)]
    if image.suffix == ".gif":
        moments = f"fps={job.fps}:start_time=0"
        subprocess.run(
            [ffmpeg(), "-v", "error", "-y", "-i", str(image), "-vf", f"{moments},{back}", *words], check=True
        )
        return
    # libwebp's own decoder, as in browsers; ffmpeg's leaves the chroma planes to others to be scaled up.
    shape = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{job.width}x{job.height}", "-r", str(job.fps), "-i", "-"]
    command = [ffmpeg(), "-v", "error", "-y", *shape, "-vf", back, *words]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as encoder:
        assert encoder.stdin is not None  # noqa: S101
        for pixels in _shown(job, image):
            encoder.stdin.write(pixels)
        encoder.stdin.close()
        if encoder.wait():
            raise subprocess.CalledProcessError(encoder.returncode, command)


def _shown(job: Job, image: Path) -> Iterator[bytes]:
    """The frame that is on the screen at each of the job's moments."""
    number, until_ms, pixels = -1, 0.0, b""
    with Image.open(image) as opened:
        count = getattr(opened, "n_frames", 1)
        for moment in range(job.frames):
            while moment * 1000 / job.fps > until_ms - 1 and number + 1 < count:
                number += 1
                opened.seek(number)
                pixels = opened.convert("RGB").tobytes()
                until_ms += opened.info["duration"]
            yield pixels


def _filters(job: Job, reference: Path, candidate: Path, folder: Path) -> tuple[str, list[float]]:
    """What ffmpeg says about the two, and the SSIM of each frame."""
    shape = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{job.width}x{job.height}", "-r", str(job.fps)]
    graph = "[0]split[a][b];[1]split[c][d];[a][c]ssim=stats_file=ssim.txt;[b][d]xpsnr"
    words = [*shape, "-i", str(candidate.resolve()), *shape, "-i", str(reference.resolve()), "-lavfi", graph]
    done = subprocess.run(
        [ffmpeg(), "-hide_banner", "-nostdin", *words, "-f", "null", "-"],
        cwd=folder, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return done.stderr, [float(value) for value in _FRAME_SSIM.findall((folder / "ssim.txt").read_text())]


def _planes(job: Job, raw: Path) -> Iterator[Frame]:
    size = job.width * job.height
    half = (job.height + 1) // 2, (job.width + 1) // 2
    with raw.open("rb") as file:
        while luma := file.read(size):
            blue, red = file.read(half[0] * half[1]), file.read(half[0] * half[1])
            yield _plane(luma, job.height), _plane(blue, half[0]), _plane(red, half[0])


def _plane(data: bytes, height: int) -> Plane:
    return np.frombuffer(data, np.uint8).reshape(height, -1)


def line(name: str, file: Path, of: Quality) -> str:
    """For people."""
    whole, *planes = of.ssim
    by_plane = " ".join(f"{plane:.4f}" for plane in planes)
    return (
        f"{name:24} {file.stat().st_size / 1e6:7.3f} MB  SSIM {whole:.4f} (Y U V {by_plane})"
        f"  XPSNR {of.xpsnr[0]:.2f} dB  blocks {' '.join(f'{b:.2f}' for b in of.blocks)}  flicker {of.flicker:.3f}"
        f"  worst {of.worst_ssim:.4f} at {of.worst_frame}"
    )


def main() -> None:
    """Measure files that were made by hand."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, kind in (("clip", str), ("width", int), ("fps", int), ("start", float), ("end", float)):
        parser.add_argument(name, type=kind)
    parser.add_argument("files", type=Path, nargs="+")
    asked = parser.parse_args()
    job = Job(clip_named(asked.clip), asked.width, asked.fps, asked.start, asked.end)
    for file in asked.files:
        print(line(file.name, file, quality(job, file)), flush=True)


if __name__ == "__main__":
    main()
