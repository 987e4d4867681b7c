from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from benchmarks.encoders.footage import CLIPS
from benchmarks.encoders.job import Job
from benchmarks.encoders.matrix import Try
from benchmarks.encoders.measure import Cost
from benchmarks.encoders.peers import ENCODERS, OURS_GIF
from benchmarks.encoders.plots import _COLOURS, BYTES, SECONDS, Axis, chart
from benchmarks.encoders.quality import Quality
from benchmarks.encoders.report import Bench, page
from benchmarks.encoders.results import Result
from benchmarks.encoders.targets import BUNNY, compare
from benchmarks.encoders.worst import _furthest

OURS = Result(
    encoder="cliploop",
    label="cliploop Q75",
    format="gif",
    quality=75,
    clip="bunny",
    kind="film",
    width=640,
    height=360,
    fps=10,
    seconds=5,
    frames=50,
    bytes=4_600_000,
    cost=Cost(0.6, 1.0, 0.6, 90, 60),
    like=Quality((0.978, 0.98, 0.97, 0.97), (37.5, 40, 40), (0.4, 0.5, 0.6), 0.3, 7, 0.97),
    runs=5,
    when="2026-11-21",
)
GIFSKI = replace(OURS, encoder="gifski", label="gifski Q90", quality=90, bytes=4_000_000, cost=Cost(4, 7, 7, 55, 55))


def test_the_page_says_what_was_kept_and_what_was_missed() -> None:
    both = [OURS, GIFSKI]
    bench = Bench("a machine", "versions", both, both, compare(BUNNY, OURS, both), ["Pillow (none)"])
    text = page(bench, ["chart.svg"], ["worst.png"])
    assert "2 of 4 are kept." in text
    assert "| GIF: CPU / gifski's | bunny | 0.1429 | ≤ 0.2 | kept |" in text
    assert "| GIF: bytes / gifski's | bunny | 1.15 | ≤ 0.92 | **missed** |" in text
    assert "| GIF: CPU / ffmpeg's in one graph | bunny |  | ≤ 0.25 | not told |" in text
    assert "| bunny | gif | gifski Q90 | 0.14 | 0.15 | 1.15 | +0.0000 |" in text
    assert "medians of 5" in text
    assert "![worst.png](worst.png)" in text
    assert "Not measured here: Pillow (none)" in text


def test_only_the_usual_quality_is_in_the_tables() -> None:
    better = replace(OURS, label="cliploop Q95", quality=95)
    text = page(Bench("", "", [OURS], [OURS, better], [], []), [], [])
    assert "cliploop Q75" in text
    assert "cliploop Q95" not in text


@pytest.mark.parametrize("axis", [BYTES, SECONDS], ids=lambda axis: axis.title)
def test_a_chart_is_a_picture_with_a_dot_for_each_result(axis: Axis) -> None:
    picture = ET.fromstring(chart("a < b", axis, [OURS, GIFSKI]))  # noqa: S314
    circles = picture.findall(".//{http://www.w3.org/2000/svg}circle")
    assert len(circles) == 4, "two results and their legend"


def test_every_encoder_has_a_colour() -> None:
    assert {encoder.name for encoder in ENCODERS} == set(_COLOURS)


def test_clips_keep_their_shape_in_even_lines() -> None:
    sizes = {clip.name: [(width, Job(clip, width).height) for width in (320, 640)] for clip in CLIPS}
    assert sizes["bunny"] == [(320, 180), (640, 360)]
    assert sizes["bikes"] == [(320, 136), (640, 272)]
    assert sizes["yard"] == [(320, 240), (640, 480)]


def test_a_try_is_named_by_all_that_tells_it_from_others() -> None:
    assert Try(Job(CLIPS[0], 640), OURS_GIF, 75).name == "bunny-640-10fps-0-5s cliploop Q75 gif"


def test_the_part_that_is_shown_is_where_ours_is_the_furthest_off() -> None:
    source = np.zeros((360, 640, 3), np.uint8)
    shown = source.copy()
    shown[300:310, 500:520] = 90
    left, top = _furthest(source, shown)
    assert 320 <= left <= 500
    assert 160 <= top <= 300
