"""Which picture is shown when: exact to the frame, whatever a container's clock does."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.section import AppliedSection, Section
from tests.media.workshop import GIF, H264, WEBP, Made, make, run
from tests.reading import read_facts

#: Pictures that are told by their grey, five a second.
SLOW = replace(WEBP, width=0, fps=Fraction(5), quality=100)
FULL = ("-c:v", "libx264", "-qp", "1", "-color_range", "pc")


def greys(made: Made, number: int = 0) -> list[int]:
    return [int(made.pixels(number, frame)[32, 32, 1]) for frame in range(made.image(number).frames)]


def near(*expected: int) -> object:
    return pytest.approx(expected, abs=1)


@pytest.mark.parametrize("name", ["edited.mp4", "edited.mov"])
def test_what_an_edit_list_cuts_off_is_not_shown(numbered: Path, clips: Path, tmp_path: Path, name: str) -> None:
    # A copy from 1.5 s on keeps the pictures from the key frame at 0 and hides them by an edit list.
    path = make(clips / name, "-ss", "1.5", "-i", str(numbered), "-c", "copy")
    made = run(path, tmp_path, [SLOW], Section(0, 1000))
    # The edit begins in the middle of picture 37, so 38 is the first whole one; the film's time counts from there.
    assert greys(made) == near(38, 43, 48, 53, 58)
    assert greys(run(path, tmp_path, [SLOW], Section(2000, 2600))) == near(88, 93, 98)


def test_a_start_before_zero_counts_from_the_first_picture(numbered: Path, clips: Path, tmp_path: Path) -> None:
    words = ("-copyts", "-bsf:v", "setts=pts=PTS-1/TB:dts=DTS-1/TB", "-avoid_negative_ts", "disabled", "-c", "copy")
    path = make(clips / "negative.mp4", "-i", str(numbered), *words, "-use_editlist", "0")
    assert greys(run(path, tmp_path, [SLOW], Section(2000, 2600))) == near(50, 55, 60)


@pytest.mark.parametrize("name", ["late.ts", "late.mkv", "late.mp4"])
def test_a_clock_that_starts_late_counts_from_its_start(
    numbered: Path, clips: Path, tmp_path: Path, name: str
) -> None:
    path = make(clips / name, "-i", str(numbered), "-c", "copy", "-output_ts_offset", "3600")
    made = run(path, tmp_path, [SLOW], Section(4000, 4600))
    assert greys(made) == near(100, 105, 110)
    assert abs(made.media.duration_ms - 10_000) <= 20
    assert greys(run(path, tmp_path, [SLOW], Section(-1000, 0))) == near(225, 230, 235, 240, 245)


@pytest.mark.parametrize("name", ["after.mp4", "after.mkv"])
def test_before_the_first_picture_the_first_picture_stands(
    numbered: Path, clips: Path, tmp_path: Path, name: str
) -> None:
    inputs = ("-f", "lavfi", "-i", "sine=d=8", "-itsoffset", "3", "-i", str(numbered))
    path = make(clips / name, *inputs, "-map", "0", "-map", "1:v", "-c:v", "copy", "-c:a", "aac", "-t", "8")
    assert greys(run(path, tmp_path, [SLOW], Section(1000, 2000))) == near(0, 0, 0, 0, 0)
    assert greys(run(path, tmp_path, [SLOW], Section(2600, 3600))) == near(0, 0, 0, 5, 10)


@pytest.fixture(scope="module")
def screen(clips: Path) -> Path:
    """A screen recording: 4 s; a second of movement at 60 a second, then a picture each second."""
    grey = "color=black:s=64x64:r=60:d=4,format=gray,geq=lum='mod(4*N,256)',scale=in_range=pc:out_range=pc,format=yuvj420p"
    chosen = f"{grey},select='lt(n,60)+not(mod(n,60))'"
    return make(clips / "screen.mp4", "-f", "lavfi", "-i", chosen, "-fps_mode", "vfr", *FULL, "-bf", "0")


def test_a_screen_recording_keeps_its_fast_parts(screen: Path, tmp_path: Path) -> None:
    made = run(
        screen, tmp_path, [replace(GIF, width=0, fps=Fraction(60)), replace(SLOW, fps=Fraction(60))], Section(0, 1000)
    )
    video = made.media.main_video
    assert video is not None
    assert (video.fps < 25, video.fastest) == (True, Fraction(60))
    assert [plan.rate for plan in made.plans] == [50, 60]
    assert greys(made, 1) == near(*range(0, 240, 4))
    assert [image.duration_ms for image in (made.image(0), made.image(1))] == [1000, 1000]


def test_a_screen_recording_stands_still_where_nothing_changes(screen: Path, tmp_path: Path) -> None:
    assert greys(run(screen, tmp_path, [SLOW], Section(900, 2900))) == near(216, *[240] * 5, *[224] * 4)


@pytest.mark.parametrize("fps", [60, 75])
def test_rates_that_no_gif_plays_become_the_nearest_that_it_does(clips: Path, tmp_path: Path, fps: int) -> None:
    path = make(clips / "fast120.mp4", "-f", "lavfi", "-i", "testsrc2=s=64x64:r=120:d=3", *H264)
    made = run(path, tmp_path, [replace(GIF, fps=Fraction(fps)), replace(WEBP, fps=Fraction(fps))], Section(0, 2777))
    gif, webp = (read_facts(made.image(number).path).durations_ms for number in (0, 1))
    assert (made.plans[0].rate, made.plans[1].rate) == (Fraction(50), Fraction(fps))
    assert set(gif[:-1]) == {20}
    assert gif[-1] >= 20
    assert (sum(gif), sum(webp)) == (2780, 2777)
    assert min(webp) >= 11
    assert max(webp[:-1]) - min(webp) <= 1


@pytest.mark.parametrize(
    ("asked", "applied"),
    [
        (Section(8000, 60_000), AppliedSection(8000, 10_000)),
        (Section(-1500, 0), AppliedSection(8500, 10_000)),
        (Section(-99_000, 1000), AppliedSection(0, 1000)),
        (Section(2000, -7000), AppliedSection(2000, 3000)),
    ],
)
def test_a_section_is_cut_to_the_film_and_may_count_from_its_end(
    numbered: Path, tmp_path: Path, asked: Section, applied: AppliedSection
) -> None:
    made = run(numbered, tmp_path, [SLOW], asked)
    assert made.plans[0].section == applied
    assert made.image().duration_ms == applied.duration_ms
    assert greys(made)[0] == pytest.approx(applied.start_ms // 40, abs=1)


@pytest.mark.parametrize("start_ms", [10_000, 10_001, 3_600_000])
def test_a_start_past_the_end_is_the_askers_mistake(numbered: Path, tmp_path: Path, start_ms: int) -> None:
    with pytest.raises(CliploopError, match=f"starts at {start_ms} ms, but the video is 10000 ms long") as caught:
        run(numbered, tmp_path, [SLOW], Section(start_ms, start_ms + 1000))
    assert (caught.value.code, caught.value.retryable) == (ErrorCode.SECTION_INVALID, False)


def test_a_millisecond_is_one_picture(numbered: Path, tmp_path: Path) -> None:
    made = run(numbered, tmp_path, [replace(GIF, width=0), SLOW], Section(5000, 5001))
    assert [made.image(number).frames for number in (0, 1)] == [1, 1]
    assert greys(made, 1) == near(125)


@pytest.mark.parametrize("fps", [24, 25, 30, 48])
def test_the_sum_of_delays_is_the_section(moving: Path, tmp_path: Path, fps: int) -> None:
    templates = [replace(GIF, fps=Fraction(fps)), replace(WEBP, fps=Fraction(fps))]
    made = run(moving, tmp_path, templates, Section(0, 3000))
    assert [made.image(number).duration_ms for number in (0, 1)] == [3000, 3000]
