"""Pillow alone, as its documentation has it: frames from ffmpeg's pipe, `save_all`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import IO, Any

from PIL import Image


def main() -> None:
    """Arguments: width, height, rate, quality (0 for GIF), the file, and the command that writes raw RGB."""
    width, height, fps, quality = (int(word) for word in sys.argv[1:5])
    with subprocess.Popen(sys.argv[6:], stdout=subprocess.PIPE) as decoder:
        assert decoder.stdout is not None  # noqa: S101
        frames = _frames(decoder.stdout, (width, height))
        options: dict[str, Any] = {"save_all": True, "append_images": frames, "duration": 1000 / fps, "loop": 0}
        if quality:
            options |= {"quality": quality}
        next(frames).save(sys.argv[5], **options)


def _frames(pipe: IO[bytes], size: tuple[int, int]) -> Iterator[Image.Image]:
    while pixels := pipe.read(size[0] * size[1] * 3):
        yield Image.frombytes("RGB", size, pixels)


if __name__ == "__main__":
    main()
