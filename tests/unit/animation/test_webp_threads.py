"""Stills of a WebP are made on several threads, which nobody can tell from the file."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from cliploop.animation.webp import WebpWriter
from cliploop.animation.writer import Frame, Settings
from tests.unit.animation.films import HEIGHT, WIDTH, film, screen

CONTENT = pytest.mark.parametrize("content", [film, screen])


def whole(frames: Sequence[Frame], quality: int = 75, threads: int = 2) -> bytes:
    file = io.BytesIO()
    writer = WebpWriter(file, Settings(WIDTH, HEIGHT, quality), threads=threads)
    for frame in frames:
        writer.add(frame, 40)
    writer.close()
    return file.getvalue()


@CONTENT
def test_the_number_of_threads_changes_no_byte(content: Callable[[], list[Frame]]) -> None:
    frames = content()
    assert whole(frames, threads=1) == whole(frames, threads=3)


def test_a_frame_may_change_as_soon_as_it_was_added() -> None:
    frames, file, buffer = film(), io.BytesIO(), np.empty((HEIGHT, WIDTH, 3), np.uint8)
    writer = WebpWriter(file, Settings(WIDTH, HEIGHT))
    for frame in frames:
        buffer[:] = frame
        writer.add(buffer, 40)
    buffer[:] = 0
    writer.close()
    assert file.getvalue() == whole(frames)


@CONTENT
def test_a_higher_quality_is_never_smaller(content: Callable[[], list[Frame]]) -> None:
    sizes = [len(whole(content()[:12], quality)) for quality in (1, 10, 25, 40, 50, 60, 70, 75, 80, 85, 90, 95, 100)]
    assert sizes == sorted(sizes)
