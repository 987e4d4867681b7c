"""The demo's video, drawn on the spot: eight seconds of waves and leaping balls with a soft chord."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import imageio_ffmpeg
import numpy as np

from local.stack import STATE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    Image = NDArray[np.float32]

SECONDS, FPS = 8, 25
WIDTH, HEIGHT = 960, 540
_DRAWN = 2  # drawn at half the size, which is four times faster

# The sky from top to bottom, the sun, and the waves from the far one to the near one:
# (height of the water, of the wave, waves in the picture, how often they pass in eight seconds, colour).
_SKY = ((0.16, 0.08, 0.42), (1.0, 0.45, 0.35))
_SUN = (1.0, 0.83, 0.25)
_WAVES = (
    (0.56, 0.030, 2.0, 1, (0.86, 0.22, 0.50)),
    (0.64, 0.040, 1.5, -2, (0.55, 0.16, 0.62)),
    (0.73, 0.045, 2.5, 2, (0.20, 0.26, 0.78)),
    (0.83, 0.055, 1.5, 3, (0.05, 0.55, 0.80)),
    (0.93, 0.045, 2.0, -3, (0.10, 0.80, 0.70)),
)
# Balls that leap out of the waves: (where, when, size, in front of which wave, colour).
_BALLS = (
    (0.22, 0.0, 0.050, 1, (1.0, 0.95, 0.90)),
    (0.50, 0.4, 0.060, 3, (1.0, 0.35, 0.20)),
    (0.80, 0.7, 0.055, 2, (0.35, 0.95, 0.45)),
)


def sample_video() -> Path:
    """The file; drawn the first time, kept for the next."""
    path = STATE / "sample-2.mp4"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_name(f"{path.stem}.{os.getpid()}.mp4")
        _encode(scratch)
        scratch.rename(path)
    return path


def _encode(path: Path) -> None:
    size = f"{WIDTH // _DRAWN}x{HEIGHT // _DRAWN}"
    chord = "+".join(f"0.12*sin({hertz}*2*PI*t)" for hertz in (110, 164.8, 220, 277.2))
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-loglevel", "error",
        "-f", "rawvideo", "-pix_fmt", "rgb24", "-video_size", size, "-framerate", str(FPS), "-i", "-",
        "-f", "lavfi", "-i", f"aevalsrc=({chord})*(0.75-0.25*cos(2*PI*t/4)):d={SECONDS}",
        "-vf", f"scale={WIDTH}:{HEIGHT}:flags=bicubic", "-c:v", "libx264", "-preset", "veryfast", "-crf", "18",
        "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "96k", "-movflags", "+faststart", str(path),
    ]  # fmt: skip
    frames = b"".join(_frames())
    subprocess.run(command, input=frames, check=True)


def _frames() -> Iterator[bytes]:
    rows, columns = np.mgrid[0 : HEIGHT // _DRAWN, 0 : WIDTH // _DRAWN].astype(np.float32)
    x, y = columns / columns.max(), rows / rows.max()
    for number in range(SECONDS * FPS):
        picture = _picture(x, y, 2 * np.pi * number / (SECONDS * FPS))
        yield (picture.clip(0, 1) * 255).astype(np.uint8).tobytes()


def _picture(x: Image, y: Image, angle: float) -> Image:
    """One moment. Everything turns in whole circles, so that the end meets the beginning."""
    picture = np.array(_SKY[0], np.float32) * (1 - y[..., None]) + np.array(_SKY[1], np.float32) * y[..., None]
    _paint(picture, _disc(x, y, (0.62 + 0.05 * np.cos(angle), 0.36 + 0.04 * np.sin(angle)), 0.15), _SUN)
    for number, (level, height, count, turns, colour) in enumerate(_WAVES):
        for where, when, size, wave, tint in _BALLS:
            if wave == number:
                leap = abs(np.sin(angle + np.pi * when))
                _paint(picture, _disc(x, y, (where, 0.95 - 0.75 * leap), size), tint)
        surface = level + height * np.sin(2 * np.pi * count * x[0] + turns * angle)
        _paint(picture, _inside(y - surface), colour)
    return picture


def _disc(x: Image, y: Image, centre: tuple[float, float], radius: float) -> Image:
    wide, high = (x - np.float32(centre[0])) * np.float32(WIDTH / HEIGHT), y - np.float32(centre[1])
    return _inside(np.float32(radius) - np.sqrt(wide**2 + high**2))


def _inside(depth: Image) -> Image:
    """How much of each pixel is covered: edges are a pixel wide."""
    return (depth * (HEIGHT / _DRAWN) + 0.5).clip(0, 1).astype(np.float32)


def _paint(picture: Image, cover: Image, colour: tuple[float, float, float]) -> None:
    picture += cover[..., None] * (np.array(colour, np.float32) - picture)
