"""The instrument itself: a copy is like its source, and what is wrong shows."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.encoders import footage, job
from benchmarks.encoders.footage import Clip
from benchmarks.encoders.job import Job
from benchmarks.encoders.peers import DIFF_BAYER
from benchmarks.encoders.quality import quality
from cliploop.adapters.ffmpeg.locate import ffmpeg

pytestmark = pytest.mark.media


def still_then_moving(path: Path) -> None:
    """Half a second of one picture, then a moving one, in BT.709."""
    graph = "mandelbrot=s=128x96:r=10:end_scale=0.01,trim=end=1.5,loop=loop=5:size=1:start=0"
    yuv = "scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd,format=yuv420p"
    words = ["-f", "lavfi", "-i", f"{graph},{yuv}", "-c:v", "ffv1", str(path)]
    subprocess.run([ffmpeg(), "-v", "error", *words], check=True)


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    monkeypatch.setattr(footage, "FOLDER", tmp_path)
    monkeypatch.setattr(job, "FRAMES", tmp_path)
    return Job(Clip("small", "film", 128, 96, "bt709", 1.5, ".mkv", still_then_moving), 128, end=1.5)


def pictures(of: Job) -> list[Image.Image]:
    return [Image.open(path).convert("RGB") for path in of.pictures()]


def save(frames: Sequence[Image.Image], path: Path) -> Path:
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100, lossless=True)
    return path


def test_a_lossless_copy_is_like_its_source_though_frames_were_merged(asked: Job, tmp_path: Path) -> None:
    image = save(pictures(asked), tmp_path / "copy.webp")
    with Image.open(image) as opened:
        assert getattr(opened, "n_frames", 1) < asked.frames, "standing frames became one"
    found = quality(asked, image)
    assert found.ssim[0] > 0.998
    assert min(found.ssim) > 0.99, "chroma is taken to full size and back"
    assert max(found.blocks) < 0.3


def test_the_wrong_matrix_shows(asked: Job, tmp_path: Path) -> None:
    frames = [
        frame.convert("RGB", matrix=(1, 0, 0, 0, 0, 0.9, 0, 0, 0, 0, 1, 0)) for frame in pictures(asked)
    ]  # a tenth less green
    found = quality(asked, save(frames, tmp_path / "tinted.webp"))
    assert max(found.blocks) > 2


def test_a_frame_that_is_late_shows_and_is_named(asked: Job, tmp_path: Path) -> None:
    frames = pictures(asked)
    frames[11] = frames[10]
    found = quality(asked, save(frames, tmp_path / "late.webp"))
    assert found.worst_frame == 11
    assert found.worst_ssim < min(found.ssim)


def test_a_gif_is_read_too(asked: Job, tmp_path: Path) -> None:
    image = tmp_path / "image.gif"
    subprocess.run(DIFF_BAYER.command(asked, 0, image), check=True)
    assert 0.7 < quality(asked, image).ssim[0] < 0.9999
