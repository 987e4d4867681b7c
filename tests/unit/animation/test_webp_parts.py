"""Animations written in parts, and on several threads, are the ones that would have been written at once."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cliploop.animation.webp import WebpWriter, header, set_length
from cliploop.animation.webp_quality import tolerance
from cliploop.animation.writer import Frame, Settings
from tests.conftest import NO_WEBP_TOOLS

WIDTH, HEIGHT = 132, 100
#: Frames of the animations here, each for 40 ms.
FRAMES = 49


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


def whole(frames: Sequence[Frame], quality: int = 75, threads: int = 2) -> bytes:
    file = io.BytesIO()
    writer = WebpWriter(file, Settings(WIDTH, HEIGHT, quality), threads=threads)
    for frame in frames:
        writer.add(frame, 40)
    writer.close()
    return file.getvalue()


def in_parts(frames: Sequence[Frame], length: int, quality: int = 75) -> bytes:
    settings = Settings(WIDTH, HEIGHT, quality)
    file = io.BytesIO()
    file.write(header(settings))
    for start in range(0, len(frames), length):
        part = io.BytesIO()
        writer = WebpWriter(part, settings, is_part=True)
        if start:
            writer.start_from(frames[start - 1])
        for number, frame in enumerate(frames[start : start + length], start):
            writer.add(frame, 40, ends=number == start + length - 1)
        writer.close()
        file.write(part.getvalue())
    set_length(file)
    return file.getvalue()


def shown(data: bytes) -> list[Frame]:
    with Image.open(io.BytesIO(data)) as image:
        pictures = []
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            image.load()
            assert image.info["duration"] == 40
            pictures.append(np.asarray(image.convert("RGB")))
        return pictures


CONTENT = pytest.mark.parametrize("content", [film, screen])


@CONTENT
@pytest.mark.parametrize("length", [1, 2, 7, 24])
def test_parts_show_what_the_whole_does(content: Callable[[], list[Frame]], length: int) -> None:
    frames = content()
    at_once, joined = shown(whole(frames)), shown(in_parts(frames, length))
    assert len(joined) == len(at_once) == FRAMES
    for one, other, frame in zip(at_once, joined, frames, strict=True):
        off = [np.abs(picture.astype(int) - frame).mean() for picture in (one, other)]
        assert off[1] <= off[0] + 0.5


@CONTENT
def test_parts_cost_next_to_nothing(content: Callable[[], list[Frame]]) -> None:
    frames = content()
    assert len(in_parts(frames, 24)) <= 1.02 * len(whole(frames))


def test_a_fade_is_followed_through_the_shortest_parts() -> None:
    # Each part knows only the last frame of the one before, not what was held since when.
    frames = [np.full((HEIGHT, WIDTH, 3), 60 + number // 4, np.uint8) for number in range(FRAMES)]
    for found, frame in zip(shown(in_parts(frames, 2)), frames, strict=True):
        assert np.abs(found.astype(int) - frame).max() <= tolerance(75).drift + 4


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


@pytest.mark.parametrize("length", [1, 24, FRAMES])
def test_libwebps_own_tools_find_nothing_wrong(tmp_path: Path, length: int) -> None:
    tool = shutil.which("webpinfo")
    if not tool:
        pytest.skip(NO_WEBP_TOOLS)
    path = tmp_path / "joined.webp"
    path.write_bytes(in_parts(film(), length))
    found = subprocess.run([tool, str(path)], capture_output=True, text=True, check=True).stdout
    assert "No error detected." in found
    assert found.count("Chunk ANMF") == FRAMES
