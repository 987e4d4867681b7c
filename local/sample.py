"""The demo's video, drawn on the spot: eight seconds of drifting light with a soft chord."""

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
_DRAWN = 2  # drawn at half the size; the picture is soft anyway

# Where each light goes (turns around the picture in eight seconds, reach), how large it is, and its colour.
_LIGHTS = (
    ((1, 2), 0.34, (1.0, 0.25, 0.35)),
    ((2, 1), 0.28, (0.15, 0.75, 1.0)),
    ((-1, 3), 0.24, (1.0, 0.75, 0.1)),
    ((-3, -2), 0.20, (0.55, 0.3, 1.0)),
)


def sample_video() -> Path:
    """The file; drawn the first time, kept for the next."""
    path = STATE / "sample-1.mp4"
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
    x, y = (columns / columns.max() - 0.5) * 16 / 9, rows / rows.max() - 0.5
    for number in range(SECONDS * FPS):
        picture = _picture(x, y, 2 * np.pi * number / (SECONDS * FPS))
        yield (picture.clip(0, 1) * 255).astype(np.uint8).tobytes()


def _picture(x: Image, y: Image, angle: float) -> Image:
    """One moment. Everything turns in whole circles, so that the end meets the beginning."""
    wave = 0.5 + 0.5 * np.sin(5 * x + 3 * np.sin(4 * y + angle) + 2 * angle)
    picture = np.stack([0.10 + 0.16 * wave, 0.04 + 0.06 * wave, 0.26 + 0.22 * (1 - wave)], axis=-1)
    for (turns_x, turns_y), size, colour in _LIGHTS:
        centre = 0.62 * np.cos(turns_x * angle + size * 20), 0.3 * np.sin(turns_y * angle + size * 9)
        distance = (x - centre[0]) ** 2 + (y - centre[1]) ** 2
        glow = np.exp(-distance / (0.5 * size**2))[..., None]
        picture = picture * (1 - 0.85 * glow) + glow * np.array(colour, np.float32)
    return picture.astype(np.float32)
