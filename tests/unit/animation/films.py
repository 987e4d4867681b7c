"""Short films, images made of them in one part or many, and what a reader sees of those."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from cliploop.animation.parts import assemble, encode_part
from cliploop.animation.writer import Frame, Settings
from cliploop.domain.template import ImageFormat

WIDTH, HEIGHT = 132, 100
#: Frames of the films here, each for so many ticks.
FRAMES, DELAY = 49, 5


def film() -> list[Frame]:
    """Grain over a still wall, and a picture that moves through it."""
    rng = np.random.default_rng(11)
    across, down = np.arange(WIDTH)[None, :], np.arange(HEIGHT)[:, None]
    frames = []
    for number in range(FRAMES):
        light = 110 + 60 * np.sin(across / 17) * np.cos(down / 23)
        light[30:70, 2 * number : 2 * number + 30] += 40 * np.sin((across[:, :30] + down[30:70]) / 3)
        grain = rng.normal(0, 1.5, (HEIGHT, WIDTH, 3))
        frames.append((light[..., None] * (1, 0.9, 0.7) + grain).clip(0, 255).astype(np.uint8))
    return frames


def screen() -> list[Frame]:
    """A page of marks, on which a line grows and the pointer wanders."""
    rng = np.random.default_rng(12)
    marks = rng.integers(0, 2, (HEIGHT // 4, WIDTH // 2)).repeat(2, axis=0).repeat(2, axis=1)
    page = np.full((HEIGHT, WIDTH, 3), 250, np.uint8)
    page[: marks.shape[0], : marks.shape[1]][marks > 0] = (40, 60, 90)
    frames = []
    for number in range(FRAMES):
        frame = page.copy()
        frame[80:84, 4 : 6 + 2 * number] = (20, 20, 20)
        frame[60 - number : 66 - number, 2 * number : 2 * number + 5] = (200, 30, 30)
        frames.append(frame)
    return frames


def joined(frames: Sequence[Frame], length: int, format_: ImageFormat = ImageFormat.GIF, **kept: Any) -> bytes:
    """The image of some frames, in parts of a length."""
    settings, parts = Settings(WIDTH, HEIGHT, **kept), []
    for start in range(0, len(frames), length):
        part = io.BytesIO()
        after = frames[start - 1] if start else None
        timed = [(frame, DELAY) for frame in frames[start : start + length]]
        encode_part(timed, format_, settings, part, after=after, ends=start + length < len(frames))
        part.seek(0)
        parts.append(part)
    file = io.BytesIO()
    assemble(parts, format_, settings, file)
    return file.getvalue()


def shown(data: bytes) -> list[Frame]:
    """Every frame in RGB."""
    with Image.open(io.BytesIO(data)) as image:
        pictures = []
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            pictures.append(np.asarray(image.convert("RGB")))
        return pictures
