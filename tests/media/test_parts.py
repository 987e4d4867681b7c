"""Images joined from parts of real footage, as a reader finds them that shares no code with the one that wrote."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import numpy as np
import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from cliploop.animation.layout import Layout
from cliploop.animation.parts import assemble, encode_part
from cliploop.animation.writer import Frame, Settings
from cliploop.domain.template import ImageFormat

WIDTH, HEIGHT, FRAMES = 160, 90, 24
#: A tenth of a second in each format's ticks, and what its pictures are made from.
DELAYS = {ImageFormat.GIF: 10, ImageFormat.WEBP: 100}
LAYOUTS = {ImageFormat.GIF: Layout.YUV420, ImageFormat.WEBP: Layout.RGB}
FORMATS = pytest.mark.parametrize("format_", list(ImageFormat))


def decoded(path: Path, layout: Layout, *filters: str) -> Frame:
    """A picture's bytes in each row; whatever ffmpeg has to say against the file is an error.

    The packaged ffmpeg, not one that may be on PATH: older ones know no animated WebP.
    """
    words = ["-v", "warning", "-nostdin", "-i", str(path), "-fps_mode", "passthrough"]
    made = ["-vf", ",".join([*filters, f"format={layout}"]), "-f", "rawvideo", "-"]
    run = subprocess.run([get_ffmpeg_exe(), *words, *made], capture_output=True, check=True)
    assert not run.stderr.decode()
    return np.frombuffer(run.stdout, np.uint8).reshape(-1, layout.size(WIDTH, HEIGHT))


def footage(path: Path, layout: Layout) -> Frame:
    # A GIF's planes are of full range, as its writer takes them if it is not told otherwise.
    scale = f"scale={WIDTH}:{HEIGHT}:in_color_matrix=bt601:out_color_matrix=bt601"
    full = ":out_range=pc" if layout.is_planar else ""
    return decoded(path, layout, f"trim=end_frame={2 * FRAMES}", "select=not(mod(n\\,2))", scale + full)


def joined(pictures: Frame, length: int, format_: ImageFormat, path: Path) -> Path:
    settings, layout, parts = Settings(WIDTH, HEIGHT), LAYOUTS[format_], []
    frames = [layout.picture(data, WIDTH, HEIGHT) for data in pictures]
    for start in range(0, len(frames), length):
        timed = [(frame, DELAYS[format_]) for frame in frames[start : start + length]]
        after = frames[start - 1] if start else None
        part = io.BytesIO()
        encode_part(timed, format_, settings, part, after=after, ends=start + length < len(frames))
        part.seek(0)
        parts.append(part)
    with path.open("w+b") as file:
        assemble(parts, format_, settings, file)
    return path


@FORMATS
def test_ffmpeg_reads_every_frame_without_a_word_and_sees_no_seam(
    moving: Path, tmp_path: Path, format_: ImageFormat
) -> None:
    pictures = footage(moving, LAYOUTS[format_])
    source = footage(moving, Layout.RGB).astype(np.int16)
    assert len(pictures) == len(source) == FRAMES
    off = {}
    for length in (FRAMES, 7, 1):
        path = joined(pictures, length, format_, tmp_path / f"{length}.{format_}")
        shown = decoded(path, Layout.RGB)
        assert len(shown) == FRAMES
        off[length] = np.abs(shown - source).mean(axis=1)
    for one in off.values():
        assert (one - off[FRAMES]).max() <= 0.5
        # A flash is a frame that is further off than both of its neighbours.
        assert (one[1:-1] - np.maximum(one[:-2], one[2:])).max() <= 0.5
