"""Traps of the trade that no other test stands on; docs/traps.md lists all 26 with their tests."""

from __future__ import annotations

import io
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cliploop.adapters.ffmpeg.encode import FfmpegEncoder
from cliploop.animation.webp_hold import Box, Tiled
from cliploop.animation.webp_still import still
from cliploop.domain.deadline import Deadline
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.limits import Limits
from cliploop.domain.plan import plan_output
from cliploop.domain.section import Section
from tests.media.workshop import GIF, H264, WEBP, make, no_pulse, probe, run, source_of


def test_the_effort_of_webp_stays_below_the_cliff() -> None:
    noise = np.random.default_rng(3).integers(0, 255, (64, 64, 3), np.uint8)
    made = still(Tiled.of(noise), Box(0, 0, 8, 8), np.ones((8, 8), np.bool_), 75)
    sizes = []
    for method in (4, 6):
        file = io.BytesIO()
        Image.fromarray(noise).save(file, "WEBP", quality=75, method=method, exact=True)
        sizes.append(len(file.getvalue()) - 12)
    assert len(made) == sizes[0] != sizes[1]


def test_a_screen_on_which_little_happens_costs_little(clips: Path, tmp_path: Path) -> None:
    # A page of fine detail on which a cursor blinks.
    page = "testsrc2=s=320x180:r=25:d=1,noise=alls=40,loop=loop=99:size=1,trim=end_frame=100,setpts=N/25/TB"
    cursor = (
        f"{page}[page];color=white:s=8x16:r=25:d=4[cursor];[page][cursor]overlay=100:80:enable='lt(mod(t,1),0.5)'"
    )
    path = make(
        clips / "page.mp4", "-f", "lavfi", "-i", cursor, "-c:v", "libx264", "-crf", "16", "-pix_fmt", "yuv420p"
    )
    templates = [replace(template, width=320) for template in (GIF, WEBP)]
    first = run(path, tmp_path, templates, Section(0, 83))
    sizes = [first.image(number).size for number in (0, 1)]
    whole = run(path, tmp_path, templates, Section(0, 4000))
    for number in (0, 1):
        assert whole.image(number).frames == 48
        assert whole.image(number).size < 2 * sizes[number]


def test_a_decoder_refuses_larger_frames_than_the_header_told(moving: Path, tmp_path: Path) -> None:
    source, media = source_of(moving), probe(moving)
    plan = plan_output(media, GIF, Section(), Limits())
    (result,) = FfmpegEncoder(Limits(source_pixels=320 * 180 - 1)).encode(
        source, media, [plan], scratch=tmp_path, deadline=Deadline.after(30), pulse=no_pulse
    )
    assert isinstance(result, CliploopError)
    assert (result.code, result.retryable) == (ErrorCode.LIMIT_EXCEEDED, False)


def test_the_same_source_gives_the_same_bytes(moving: Path, tmp_path: Path) -> None:
    digests = []
    for number in (1, 2):
        folder = tmp_path / str(number)
        folder.mkdir()
        made = run(moving, folder, [replace(GIF, width=320), replace(WEBP, width=320)], Section(0, 1000))
        digests.append([made.image(0).md5, made.image(1).md5])
    assert digests[0] == digests[1]


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(frames=47), "48 frames; the limit is 47"),
        (Limits(pixels=691_199), "691200 pixels in all frames; the limit is 691199"),
        (Limits(side=159), "160 pixels on the longer side; the limit is 159"),
        (Limits(source_pixels=57_599), "57600 pixels in a frame; the limit is 57599"),
    ],
)
def test_limits_name_themselves_and_the_value(moving: Path, tmp_path: Path, limits: Limits, words: str) -> None:
    media = probe(moving)
    with pytest.raises(CliploopError, match=words) as caught:
        plan_output(media, GIF, Section(), limits)
    assert (caught.value.code, caught.value.retryable) == (ErrorCode.LIMIT_EXCEEDED, False)


def test_a_file_that_grows_beyond_its_limit_names_it(clips: Path, tmp_path: Path) -> None:
    path = make(clips / "grainy.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=1,noise=alls=30:allf=t", *H264)
    made = run(path, tmp_path, [replace(GIF, width=0, fps=Fraction(25))], limits=Limits(bytes=100_000))
    assert "limit of 100000 bytes" in made.error().caller_text
    assert (tmp_path / "0.gif").stat().st_size <= 100_000
