"""Parts of an image join to what one part would have been: to a viewer, and to other readers."""

from __future__ import annotations

import io
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cliploop.animation.webp_quality import tolerance
from cliploop.animation.writer import Frame
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.template import GifTuning, ImageFormat
from tests.conftest import NO_WEBP_TOOLS
from tests.unit.animation.films import DELAY, FRAMES, HEIGHT, WIDTH, film, joined, screen, shown

CONTENT = pytest.mark.parametrize("frames", [film(), screen()], ids=["film", "screen"])
LENGTHS = pytest.mark.parametrize("length", [1, 2, 7, 24, FRAMES])
FORMATS = pytest.mark.parametrize("format_", list(ImageFormat))


@FORMATS
@CONTENT
@LENGTHS
def test_parts_have_every_frame_one_header_and_one_loop_count(
    format_: ImageFormat, frames: list[Frame], length: int
) -> None:
    data = joined(frames, length, format_, loop=3)
    unit = 10 if format_ is ImageFormat.GIF else 1
    with Image.open(io.BytesIO(data)) as image:
        assert getattr(image, "n_frames", 1) == FRAMES
        assert image.info["loop"] == (2 if format_ is ImageFormat.GIF else 3)
        durations = []
        for number in range(FRAMES):
            image.seek(number)
            image.load()
            durations.append(image.info["duration"])
    assert durations == [DELAY * unit] * FRAMES
    assert data.count(b"NETSCAPE2.0") == (format_ is ImageFormat.GIF)


@FORMATS
@CONTENT
@LENGTHS
def test_no_seam_is_seen(format_: ImageFormat, frames: list[Frame], length: int) -> None:
    """No frame is further from its source than the worst of one part, and none flashes between its neighbours."""
    source = np.stack(frames).astype(np.int16)
    whole, parts = (np.stack(shown(joined(frames, each, format_))).astype(np.int16) for each in (FRAMES, length))
    off = [np.abs(made - source).mean(axis=(1, 2, 3)) for made in (whole, parts)]
    assert off[1].max() <= off[0].max() + 0.5
    still = np.abs(np.diff(source, axis=0)).max(axis=3) <= 4
    steps = [
        np.where(still, np.abs(np.diff(made, axis=0)).max(axis=3), 0).mean(axis=(1, 2)) for made in (whole, parts)
    ]
    assert steps[1].max() <= steps[0].max() + 1


@FORMATS
@CONTENT
def test_seams_cost_next_to_nothing(format_: ImageFormat, frames: list[Frame]) -> None:
    assert len(joined(frames, 25, format_)) <= 1.02 * len(joined(frames, FRAMES, format_))


@FORMATS
def test_one_part_is_the_file_that_is_written_at_once(format_: ImageFormat) -> None:
    assert joined(screen(), FRAMES, format_) == joined(screen(), FRAMES + 5, format_)


@FORMATS
def test_a_slow_fade_is_not_lost_over_the_seams(format_: ImageFormat) -> None:
    """Each part knows only the last frame of the one before, not what was held since when."""
    frames = [np.full((HEIGHT, WIDTH, 3), 60 + number // 4, np.uint8) for number in range(FRAMES)]
    most = tolerance(75).drift + 4 if format_ is ImageFormat.WEBP else 4
    for found, frame in zip(shown(joined(frames, 2, format_)), frames, strict=True):
        assert np.abs(found.astype(int) - frame).max() <= most


@FORMATS
def test_parts_together_are_held_to_the_limit(format_: ImageFormat) -> None:
    size = len(joined(film(), 24, format_))
    with pytest.raises(CliploopError) as caught:
        joined(film(), 24, format_, max_bytes=size - 1)
    assert caught.value.code is ErrorCode.LIMIT_EXCEEDED


@CONTENT
@FORMATS
def test_a_higher_quality_is_a_larger_file(format_: ImageFormat, frames: list[Frame]) -> None:
    sizes = [len(joined(frames, FRAMES, format_, quality=quality)) for quality in (1, 20, 40, 60, 75, 88, 100)]
    assert all(less <= 1.005 * more for less, more in pairwise(sizes))


@FORMATS
def test_quality_makes_a_difference(format_: ImageFormat) -> None:
    sizes = [len(joined(film(), FRAMES, format_, quality=quality)) for quality in (1, 75, 100)]
    assert sizes[0] < 0.8 * sizes[1] < 0.8 * sizes[2]


def test_what_is_chosen_by_hand_goes_before_the_quality() -> None:
    def size(**gif: int) -> int:
        return len(joined(film(), FRAMES, gif=GifTuning(**gif)))

    assert size(hold=400) < size() < size(hold=0)
    assert size(colors=32) < size()
    assert size(dither=0) != size(dither=1)


@pytest.mark.parametrize("length", [1, 24, FRAMES])
def test_libwebps_own_tools_find_nothing_wrong(tmp_path: Path, length: int) -> None:
    tool = shutil.which("webpinfo")
    if not tool:
        pytest.skip(NO_WEBP_TOOLS)
    path = tmp_path / "joined.webp"
    path.write_bytes(joined(film(), length, ImageFormat.WEBP))
    found = subprocess.run([tool, str(path)], capture_output=True, text=True, check=True).stdout
    assert "No error detected." in found
    assert found.count("Chunk ANMF") == FRAMES


@pytest.mark.parametrize("length", [1, 2, 3, 12])
@FORMATS
def test_what_is_uncovered_over_a_seam_is_transparent(format_: ImageFormat, length: int) -> None:
    """A square on nothing moves on, is away for a frame, and comes again."""
    frames = []
    for number in range(12):
        frame = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
        if number != 7:
            frame[20:60, 8 * number : 8 * number + 24] = (200, 80, 40, 255)
        frames.append(frame)
    with Image.open(io.BytesIO(joined(frames, length, format_, alpha=True))) as image:
        for number, frame in enumerate(frames):
            image.seek(number)
            seen = np.asarray(image.convert("RGBA"))[..., 3]
            assert (seen == frame[..., 3]).all(), number
