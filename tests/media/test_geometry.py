"""Sizes and directions as a player shows them: pixels made square, turned upright, no side lost."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from cliploop.domain.section import Section
from tests.media.workshop import GIF, H264, WEBP, Made, make, run

#: The colours of a picture's corners, from the upper left one clockwise.
CORNERS = {"red": (255, 0, 0), "lime": (0, 255, 0), "blue": (0, 0, 255), "white": (255, 255, 255)}


def corners(clips: Path, size: str, aspect: str = "1") -> Path:
    """A film whose four quarters have the colours above."""
    width, height = (int(side) for side in size.split("x"))
    quarters = ";".join(f"color={name}:s={width // 2}x{height // 2}:r=25:d=0.4[{name}]" for name in CORNERS)
    graph = f"{quarters};[red][lime][white][blue]xstack=grid=2x2,setsar={aspect}"
    name = f"corners-{size}-{aspect.replace('/', '-')}.mp4"
    return make(clips / name, "-f", "lavfi", "-i", graph, *H264)


def seen(made: Made, number: int) -> list[str]:
    """The names of the four corners, clockwise."""
    pixels = made.pixels(number).astype(int)
    height, width = pixels.shape[:2]
    places = [
        (height // 4, width // 4),
        (height // 4, 3 * width // 4),
        (3 * height // 4, 3 * width // 4),
        (3 * height // 4, width // 4),
    ]
    names = list(CORNERS)
    return [
        names[int(np.argmin([np.abs(pixels[place] - color).sum() for color in CORNERS.values()]))] for place in places
    ]


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
@pytest.mark.parametrize(("aspect", "shown"), [("1", 320), ("16/11", 466)])
def test_a_turned_film_stands_upright_in_square_pixels(
    clips: Path, tmp_path: Path, turned: int, aspect: str, shown: int
) -> None:
    coded = corners(clips, "320x180", aspect)
    name = f"turned-{turned}-{shown}.mp4"
    path = make(clips / name, "-display_rotation", str(-turned), "-i", str(coded), "-c", "copy")
    made = run(path, tmp_path, [replace(GIF, width=0), replace(WEBP, width=0)])
    upright = (180, shown) if turned % 180 else (shown, 180)
    steps = turned // 90
    for number in (0, 1):
        assert (made.image(number).width, made.image(number).height) == upright
        assert seen(made, number) == [list(CORNERS)[(corner - steps) % 4] for corner in range(4)]


@pytest.mark.parametrize(
    ("asked", "made_as"),
    [
        ((160, 0), (160, 90)),
        ((160, -1), (160, 90)),
        ((0, 90), (160, 90)),
        ((-1, 90), (160, 90)),
        ((0, 0), (320, 180)),
        ((100, 100), (100, 100)),
        ((640, 0), (320, 180)),
        ((640, 640), (180, 180)),
        ((150, 0), (150, 84)),
    ],
)
def test_sizes_that_are_asked_for(
    clips: Path, tmp_path: Path, asked: tuple[int, int], made_as: tuple[int, int]
) -> None:
    width, height = asked
    made = run(corners(clips, "320x180"), tmp_path, [replace(WEBP, width=width, height=height)])
    assert (made.image().width, made.image().height) == made_as
    assert seen(made, 0) == list(CORNERS)


def test_larger_than_the_source_only_where_the_template_says_so(clips: Path, tmp_path: Path) -> None:
    made = run(
        corners(clips, "320x180"), tmp_path, [replace(GIF, width=640), replace(GIF, width=640, may_upscale=True)]
    )
    assert [made.image(number).width for number in (0, 1)] == [320, 640]
    assert seen(made, 1) == list(CORNERS)


@pytest.mark.parametrize("size", ["321x181", "33x17", "3x3", "1x1"])
def test_odd_sizes_become_even(clips: Path, tmp_path: Path, size: str) -> None:
    words = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv444p")
    path = make(
        clips / f"odd-{size}.mp4", "-f", "lavfi", "-i", f"color=red:s={size}:r=25:d=0.4,format=yuv444p", *words
    )
    made = run(path, tmp_path, [replace(GIF, width=0), replace(WEBP, width=0)])
    for number in (0, 1):
        image = made.image(number)
        assert (image.width % 2, image.height % 2) == (0, 0)
        assert abs(image.width - int(size.split("x", maxsplit=1)[0])) <= 1
        assert made.pixels(number)[..., 0].min() > 240


def test_a_film_that_changes_its_size_keeps_its_time(numbered: Path, clips: Path, tmp_path: Path) -> None:
    words = ("-c:v", "libx264", "-qp", "1", "-color_range", "pc", "-bf", "0")
    small = make(clips / "first.ts", "-i", str(numbered), "-t", "2", *words)
    large = make(
        clips / "second.ts", "-ss", "2", "-i", str(numbered), "-vf", "scale=128:96", *words, "-output_ts_offset", "2"
    )
    path = clips / "grown.ts"
    path.write_bytes(small.read_bytes() + large.read_bytes())
    made = run(path, tmp_path, [replace(WEBP, width=0, fps=Fraction(5), quality=100)], Section(1000, 4000))
    shown = [int(made.pixels(0, frame)[32, 32, 1]) for frame in range(made.image().frames)]
    assert shown == pytest.approx([25 + 5 * frame for frame in range(15)], abs=2)
    assert (made.image().width, made.image().height) == (64, 64)


@pytest.mark.parametrize("turned", [90, 180])
def test_a_turned_film_that_changes_its_size_ends_well(clips: Path, tmp_path: Path, turned: int) -> None:
    sizes = ((320, 180), (64, 48))
    parts = [
        make(clips / f"part{width}.h264", "-f", "lavfi", "-i", f"color=red:s={width}x{height}:r=25:d=1", *H264)
        for width, height in sizes
    ]
    stream = clips / "parts.h264"
    stream.write_bytes(b"".join(part.read_bytes() for part in parts))
    plain = make(clips / "parts.mp4", "-r", "25", "-i", str(stream), "-c", "copy")
    path = make(clips / f"parts{turned}.mp4", "-display_rotation", str(turned), "-i", str(plain), "-c", "copy")
    made = run(path, tmp_path, [replace(GIF, width=0), replace(WEBP, width=0)])
    for number in (0, 1):
        assert made.pixels(number, made.image(number).frames - 1)[..., 0].min() > 200
