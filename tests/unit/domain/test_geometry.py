from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cliploop.domain.geometry import displayed_size, output_size
from cliploop.domain.media import VideoStream
from cliploop.domain.template import ImageFormat, Template

HD = VideoStream(index=0, codec="h264", width=1920, height=1080, fps=Fraction(30))
PORTRAIT = replace(HD, rotation=90)
SQUARE = replace(HD, height=1920)
PAL_WIDE = replace(HD, width=720, height=576, pixel_aspect=Fraction(16, 11))


def template(width: int, height: int, *, may_upscale: bool = False, by_sides: bool = False) -> Template:
    return Template(1, ImageFormat.GIF, width=width, height=height, may_upscale=may_upscale, by_sides=by_sides)


@pytest.mark.parametrize(("video", "size"), [(HD, (1920, 1080)), (PORTRAIT, (1080, 1920)), (PAL_WIDE, (1047, 576))])
def test_a_size_is_the_one_that_players_show(video: VideoStream, size: tuple[int, int]) -> None:
    assert displayed_size(video) == size


@pytest.mark.parametrize(
    ("width", "height", "video", "size"),
    [
        pytest.param(0, 0, HD, (1920, 1080), id="as the source"),
        pytest.param(480, 0, HD, (480, 270), id="height follows"),
        pytest.param(-1, 540, HD, (960, 540), id="width follows"),
        pytest.param(320, -1, PAL_WIDE, (320, 176), id="pixels are not square"),
        pytest.param(270, 0, PORTRAIT, (270, 480), id="turned"),
        pytest.param(100, 50, HD, (100, 50), id="both given"),
        pytest.param(3840, 0, HD, (1920, 1080), id="never larger than the source"),
        pytest.param(3840, 1080, HD, (1920, 540), id="the asked proportion is kept"),
    ],
)
def test_an_output_size(width: int, height: int, video: VideoStream, size: tuple[int, int]) -> None:
    assert output_size(template(width, height), video) == size


def test_a_template_may_allow_upscaling() -> None:
    assert output_size(template(3840, 0, may_upscale=True), HD) == (3840, 2160)


@pytest.mark.parametrize(
    ("width", "height", "video", "size"),
    [
        pytest.param(480, 0, HD, (480, 270), id="the longer side of a landscape"),
        pytest.param(480, 0, PORTRAIT, (270, 480), id="the longer side of a portrait"),
        pytest.param(0, 270, PORTRAIT, (270, 480), id="the shorter side of a portrait"),
        pytest.param(320, 240, PORTRAIT, (240, 320), id="both sides"),
        pytest.param(320, 240, HD, (320, 240), id="both sides, not turned"),
        pytest.param(240, 320, PORTRAIT, (320, 240), id="both sides, the other way round"),
        pytest.param(480, 0, SQUARE, (480, 480), id="a square has two of each"),
        pytest.param(0, 0, PORTRAIT, (1080, 1920), id="as the source"),
    ],
)
def test_an_output_size_by_sides(width: int, height: int, video: VideoStream, size: tuple[int, int]) -> None:
    assert output_size(template(width, height, by_sides=True), video) == size


def test_sides_are_those_that_players_show() -> None:
    """Narrow pixels make a portrait of what is stored as wide as it is high."""
    narrow = replace(SQUARE, pixel_aspect=Fraction(1, 2))
    assert output_size(template(400, 0, by_sides=True), narrow) == (200, 400)


sides = st.integers(-1, 4096)


@given(sides, sides, st.integers(2, 4096), st.integers(2, 4096), st.sampled_from([0, 90, 180, 270]))
def test_sizes_are_even_and_never_larger_than_the_source(
    width: int, height: int, source_width: int, source_height: int, rotation: int
) -> None:
    video = replace(HD, width=source_width, height=source_height, rotation=rotation)
    shown_width, shown_height = displayed_size(video)
    out_width, out_height = output_size(template(width, height), video)
    assert out_width % 2 == out_height % 2 == 0
    assert 2 <= out_width <= shown_width + 1
    assert 2 <= out_height <= shown_height + 1


@given(sides, sides, st.integers(2, 4096), st.integers(2, 4096))
def test_a_turned_source_makes_the_turned_output_of_sides(
    width: int, height: int, source_width: int, source_height: int
) -> None:
    upright = replace(HD, width=source_width, height=source_height)
    asked = template(width, height, by_sides=True)
    assume(source_width != source_height)
    assert output_size(asked, replace(upright, rotation=90)) == output_size(asked, upright)[::-1]
