from __future__ import annotations

from fractions import Fraction

import pytest

from cliploop.domain.color import Color, color_of
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.media import MediaInfo, VideoStream


def stream(width: int = 1920, height: int = 1080, **said: str) -> VideoStream:
    return VideoStream(0, "h264", width, height, Fraction(25), **({"pixel_format": "yuv420p"} | said))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("width", "height", "matrix"),
    [
        (720, 480, "bt601"),
        (720, 576, "bt601"),
        (1024, 576, "bt601"),
        (1280, 536, "bt709"),
        (1280, 720, "bt709"),
        (720, 1280, "bt709"),
        (640, 720, "bt709"),
    ],
)
def test_untagged_is_hd_by_its_lines_or_its_width(width: int, height: int, matrix: str) -> None:
    assert color_of(stream(width, height)) == Color(matrix, assumed=True)


@pytest.mark.parametrize(
    ("tag", "matrix"),
    [("bt470bg", "bt601"), ("smpte170m", "bt601"), ("bt709", "bt709"), ("fcc", "fcc"), ("bt2020nc", "bt2020")],
)
def test_a_tag_is_believed_whatever_the_size(tag: str, matrix: str) -> None:
    assert color_of(stream(color_matrix=tag)) == color_of(stream(320, 240, color_matrix=tag)) == Color(matrix)


def test_range_is_the_tags_else_the_pixel_formats() -> None:
    assert color_of(stream(pixel_format="yuvj420p")).full_range
    assert color_of(stream(color_range="pc")).full_range
    assert not color_of(stream(pixel_format="yuvj420p", color_range="tv")).full_range
    assert color_of(stream(pixel_format="gbrp")) == Color("rgb", full_range=True)


def test_only_the_transfer_makes_high_dynamic_range() -> None:
    wide = stream(color_matrix="bt2020nc", color_primaries="bt2020", color_transfer="bt709")
    assert not color_of(wide).tone_mapped
    assert color_of(stream(color_transfer="smpte2084")) == Color("bt2020", transfer="pq", assumed=True)
    assert color_of(stream(color_matrix="bt2020nc", color_transfer="arib-std-b67")).transfer == "hlg"


@pytest.mark.parametrize("profile", ["5.0", "5.1", "10.0"])
def test_dolby_vision_without_a_base_is_refused(profile: str) -> None:
    with pytest.raises(CliploopError, match="Dolby Vision") as caught:
        color_of(stream(dolby_vision=profile))
    assert caught.value.code == ErrorCode.SOURCE_COLOR_UNSUPPORTED


@pytest.mark.parametrize("profile", ["8.1", "8.4", "7.6", "10.1", ""])
def test_dolby_vision_over_a_base_is_its_base(profile: str) -> None:
    assert color_of(stream(dolby_vision=profile)).matrix == "bt709"


def test_a_matrix_that_cannot_be_undone_is_refused() -> None:
    with pytest.raises(CliploopError, match="ictcp"):
        color_of(stream(color_matrix="ictcp"))


def test_the_default_stream_is_shown_else_the_largest() -> None:
    streams = [
        VideoStream(number, "h264", side, side, Fraction(25), is_default=is_default)
        for number, side, is_default in ((0, 100, False), (1, 300, False), (2, 200, True), (3, 200, True))
    ]
    assert MediaInfo("mov", 1, 1, 1, tuple(streams)).main_video == streams[2]
    assert MediaInfo("mov", 1, 1, 1, tuple(streams[:2])).main_video == streams[1]
