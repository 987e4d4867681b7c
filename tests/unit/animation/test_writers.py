"""Files that other readers open: frames in, the same frames out, within what the format can hold."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cliploop.animation.gif import GifWriter
from cliploop.animation.verify import verify
from cliploop.animation.webp import WebpWriter
from cliploop.animation.writer import AnimationWriter, Frame, Settings
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.template import ImageFormat
from tests.reading import read_facts
from tests.unit.animation.films import shown

Writer = Callable[[BinaryIO, Settings], AnimationWriter[Any]]
WRITERS = pytest.mark.parametrize("writer", [GifWriter, WebpWriter], ids=["gif", "webp"])
TICK_MS = {GifWriter: 10, WebpWriter: 1}
WIDTH, HEIGHT = 70, 50


def written(writer: Writer, frames: Sequence[Frame], delays: Sequence[int], **kept: Any) -> bytes:
    file = io.BytesIO()
    height, width = frames[0].shape[:2]
    made = writer(file, Settings(width, height, **kept))
    for frame, delay in zip(frames, delays, strict=True):
        made.add(frame, delay)
    made.close()
    return file.getvalue()


def facts_of(data: bytes, folder: Path) -> tuple[int, ...]:
    path = folder / "image"
    path.write_bytes(data)
    return read_facts(path).durations_ms


def plain(*color: int) -> Frame:
    return np.full((HEIGHT, WIDTH, 3), color, np.uint8)


def with_square(frame: Frame, left: int, top: int, *color: int) -> Frame:
    changed = frame.copy()
    changed[top : top + 9, left : left + 9] = color
    return changed


@WRITERS
def test_a_square_that_moves_leaves_no_trail(writer: Writer) -> None:
    ground = plain(40, 90, 160)
    frames = [with_square(ground, 5 * step, 3 * step, 240, 200, 30) for step in range(8)]
    for found, frame in zip(shown(written(writer, frames, [20] * 8, quality=90)), frames, strict=True):
        # The colours of a square of 9 pixels are halved in VP8, so its rim is not looked at.
        near = np.abs(found.astype(int) - frame).max(axis=2)
        assert np.median(near) <= 4
        assert (near > 60).mean() < 0.06


@WRITERS
def test_what_stands_still_is_drawn_once_and_stays_as_it_was(writer: Writer) -> None:
    noise = np.random.default_rng(7).integers(1, 5, (HEIGHT, WIDTH, 3), np.uint8) * np.uint8(50)
    jitter = [noise, np.clip(noise.astype(int) + 1, 0, 255).astype(np.uint8), noise]
    once = written(writer, jitter[:1], [20])
    thrice = written(writer, jitter, [20] * 3)
    assert len(thrice) - len(once) < 300
    first, second, third = shown(thrice)
    assert np.array_equal(first, second)
    assert np.array_equal(first, third)


@WRITERS
def test_a_slow_fade_is_followed(writer: Writer) -> None:
    frames = [plain(value, value, value) for value in range(60)]
    for found, frame in zip(shown(written(writer, frames, [20] * 60)), frames, strict=True):
        assert np.abs(found.astype(int) - frame).max() <= 8


@WRITERS
def test_one_frame(writer: Writer, tmp_path: Path) -> None:
    data = written(writer, [plain(1, 2, 3)], [50])
    assert facts_of(data, tmp_path) == (50 * TICK_MS[writer],)  # type: ignore[index]


@WRITERS
@settings(max_examples=30, deadline=None)
@given(delays=st.lists(st.integers(11, 60_000), min_size=2, max_size=6), data=st.data())
def test_every_delay_is_kept(
    tmp_path_factory: pytest.TempPathFactory, writer: Writer, delays: list[int], data: st.DataObject
) -> None:
    colors = data.draw(st.lists(st.sampled_from([0, 1, 90, 255]), min_size=len(delays), max_size=len(delays)))
    frames = [plain(color, 100, 255 - color) for color in colors]
    found = facts_of(written(writer, frames, delays), tmp_path_factory.mktemp("image"))
    assert found == tuple(delay * TICK_MS[writer] for delay in delays)  # type: ignore[index]


@WRITERS
@pytest.mark.parametrize("side", [2, 4, 15, 16, 17, 34])
def test_small_and_odd_sizes(writer: Writer, side: int) -> None:
    rng = np.random.default_rng(side)
    frames = [rng.integers(0, 255, (side, side + 2, 3), np.uint8) for _ in range(3)]
    assert [picture.shape for picture in shown(written(writer, frames, [20] * 3))] == [(side, side + 2, 3)] * 3


@WRITERS
def test_writing_stops_at_the_limit(writer: Writer) -> None:
    rng = np.random.default_rng(3)
    frames = [rng.integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8) for _ in range(20)]
    with pytest.raises(CliploopError) as caught:
        written(writer, frames, [20] * 20, max_bytes=9_000)
    assert caught.value.code == ErrorCode.LIMIT_EXCEEDED


@WRITERS
def test_the_same_frames_make_the_same_bytes(writer: Writer) -> None:
    rng = np.random.default_rng(5)
    frames = [rng.integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8) for _ in range(3)]
    assert written(writer, frames, [20] * 3) == written(writer, frames, [20] * 3)


def test_a_gif_of_a_gradient_has_no_bands() -> None:
    ramp = np.linspace(20, 90, 256).astype(np.uint8)
    frame = np.repeat(np.repeat(ramp[None, :, None], 128, axis=0), 3, axis=2)
    frame[..., 2] += 60
    (found,) = shown(written(GifWriter, [frame], [20]))
    means = found.astype(float).reshape(16, 8, 32, 8, 3).mean(axis=(1, 3))
    wanted = frame.astype(float).reshape(16, 8, 32, 8, 3).mean(axis=(1, 3))
    assert np.abs(means - wanted).max() < 1.5


def test_blocks_that_are_held_do_not_show_as_a_grid() -> None:
    # A small change every frame beside saturated, still areas: what is around it must not be touched.
    ground = np.zeros((96, 96, 3), np.uint8)
    ground[:, :48], ground[:, 48:] = (0, 0, 255), (255, 255, 0)
    frames = [with_square(ground, 40, 8 * step, 255, 0, 0) for step in range(10)]
    last = shown(written(WebpWriter, frames, [40] * 10))[-1].astype(int)
    still = last[:, :24]
    assert np.abs(still - (0, 0, 255)).max() <= 6


def test_a_webp_declares_its_length_and_its_loop() -> None:
    data = written(WebpWriter, [plain(9, 9, 9), plain(200, 9, 9)], [20, 20], loop=3)
    assert data[:4] == b"RIFF"
    assert int.from_bytes(data[4:8], "little") == len(data) - 8
    assert data[30:34] == b"ANIM"
    assert int.from_bytes(data[42:44], "little") == 3


def test_a_gif_that_plays_once_has_no_loop_block() -> None:
    assert b"NETSCAPE" not in written(GifWriter, [plain(9, 9, 9)], [20], loop=1)
    assert b"NETSCAPE2.0\x03\x01\x00\x00\x00" in written(GifWriter, [plain(9, 9, 9)], [20], loop=0)


def test_what_is_no_image_is_invalid(tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.write_bytes(b"GIF89a and no more")
    with pytest.raises(CliploopError) as caught:
        verify(path, ImageFormat.GIF, Settings(WIDTH, HEIGHT), [20])
    assert caught.value.code == ErrorCode.OUTPUT_INVALID


@pytest.mark.parametrize(
    ("kept", "delays"), [({"loop": 2}, [20, 20]), ({}, [20, 21]), ({}, [20]), ({"width": WIDTH + 1}, [20, 20])]
)
def test_an_image_is_held_to_what_was_planned(tmp_path: Path, kept: dict[str, Any], delays: list[int]) -> None:
    path = tmp_path / "image"
    path.write_bytes(written(GifWriter, [plain(9, 9, 9), plain(200, 9, 9)], [20, 20]))
    planned = Settings(**{"width": WIDTH, "height": HEIGHT, **kept})
    with pytest.raises(CliploopError) as caught:
        verify(path, ImageFormat.GIF, planned, delays)
    assert caught.value.code == ErrorCode.OUTPUT_INVALID


def test_a_gif_that_is_compressed_behind_is_the_one_that_is_compressed_at_once(tmp_path: Path) -> None:
    frames = [np.random.default_rng(number).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8) for number in range(6)]
    made = []
    for threads in (1, 2):
        path = tmp_path / f"{threads}.gif"
        with path.open("wb") as file:
            writer = GifWriter(file, Settings(WIDTH, HEIGHT), threads=threads)
            for frame in frames:
                writer.add(frame, 5)
            writer.close()
        made.append(path.read_bytes())
    assert made[0] == made[1]
