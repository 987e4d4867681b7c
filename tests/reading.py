"""An animated image as Pillow reads it, every frame decoded: a reader that is not ours."""

from __future__ import annotations

import hashlib
from pathlib import Path

from PIL import Image

from cliploop.animation.verify import ImageFacts
from cliploop.domain.template import ImageFormat


def read_facts(path: Path) -> ImageFacts:
    """Read an animated image to its end, decoding every frame."""
    with Image.open(path, formats=["GIF", "WEBP"]) as image:
        durations = []
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            image.load()
            durations.append(int(image.info.get("duration", 0)))
        return ImageFacts(
            format=ImageFormat(str(image.format).lower()),
            size=path.stat().st_size,
            md5=hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest(),
            width=image.width,
            height=image.height,
            loop=_loop(image),
            durations_ms=tuple(durations),
        )


def _loop(image: Image.Image) -> int:
    # GIF counts repetitions after the first showing, and has no block at all for a single showing.
    if image.format == "WEBP":
        return int(image.info["loop"])
    repeats = image.info.get("loop")
    return 1 if repeats is None else repeats + 1 if repeats else 0
