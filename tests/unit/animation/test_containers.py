"""What we read back of a file is what Pillow reads of it, and nothing that is broken passes."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cliploop.animation.containers import BrokenFileError, Contents, read_gif, read_webp
from cliploop.domain.template import ImageFormat
from tests.reading import read_facts
from tests.unit.animation.films import FRAMES, joined, screen

READERS = {ImageFormat.GIF: read_gif, ImageFormat.WEBP: read_webp}
FILES = {format_: joined(screen()[:6], FRAMES, format_, loop=3) for format_ in ImageFormat}
FORMATS = pytest.mark.parametrize("format_", list(ImageFormat))
Reader = Callable[[BinaryIO], Contents]


@FORMATS
@pytest.mark.parametrize("loop", [0, 1, 2, 500])
def test_it_reads_what_pillow_reads(tmp_path: Path, format_: ImageFormat, loop: int) -> None:
    data = joined(screen()[:6], FRAMES, format_, loop=loop)
    path = tmp_path / "image"
    path.write_bytes(data)
    facts, contents = read_facts(path), READERS[format_](io.BytesIO(data))
    read = (contents.width, contents.height, contents.loop, contents.durations_ms)
    assert read == (facts.width, facts.height, facts.loop, facts.durations_ms)
    with Image.open(io.BytesIO(contents.first)) as first, Image.open(path) as image:
        assert first.convert("RGB").tobytes() == image.convert("RGB").tobytes()


@FORMATS
@given(kept=st.floats(0, 1, exclude_max=True))
def test_a_file_that_was_cut_off_is_broken(format_: ImageFormat, kept: float) -> None:
    data = FILES[format_]
    with pytest.raises(BrokenFileError):
        READERS[format_](io.BytesIO(data[: int(kept * len(data))]))


@FORMATS
def test_a_file_with_something_behind_its_end_is_broken(format_: ImageFormat) -> None:
    with pytest.raises(BrokenFileError):
        READERS[format_](io.BytesIO(FILES[format_] + b"\x00"))


@FORMATS
@given(at=st.floats(0, 1, exclude_max=True), value=st.integers(0, 255))
def test_no_byte_makes_reading_fail_in_another_way(format_: ImageFormat, at: float, value: int) -> None:
    data = bytearray(FILES[format_])
    data[int(at * len(data))] = value
    with contextlib.suppress(BrokenFileError):
        READERS[format_](io.BytesIO(data))


@FORMATS
def test_a_frame_outside_the_picture_is_broken(format_: ImageFormat) -> None:
    """The second frame is moved to the right by a wide margin."""
    data = bytearray(FILES[format_])
    second = [at for at in range(len(data) - 4) if data[at : at + 4] == b"ANMF"][1:2]
    if format_ is ImageFormat.WEBP:
        data[second[0] + 8] = 250
    else:
        length = len(READERS[format_](io.BytesIO(data)).first) - 1
        assert data[length : length + 2] == b"\x21\xf9"
        data[length + 9] = 250
    with pytest.raises(BrokenFileError):
        READERS[format_](io.BytesIO(data))
