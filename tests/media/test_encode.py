"""Images as a reader finds them, made of real sources by the real ffmpeg."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from PIL import Image

from cliploop.domain.errors import ErrorCode
from cliploop.domain.limits import Limits
from cliploop.domain.section import Section
from cliploop.domain.template import Template
from tests.media.workshop import GIF, H264, WEBP, counted_runs, make, run
from tests.reading import read_facts

BOTH = pytest.mark.parametrize("template", [GIF, WEBP], ids=["gif", "webp"])


@BOTH
def test_format_size_frames_loop_and_digest(moving: Path, tmp_path: Path, template: Template) -> None:
    made = run(moving, tmp_path, [template], Section(1000, 3000))
    image, plan = made.image(), made.plans[0]
    facts = read_facts(image.path)
    assert (facts.format, facts.width, facts.height, facts.loop) == (plan.format, 160, 90, 0)
    assert image.frames == facts.frames == 24
    assert image.duration_ms == facts.duration_ms == 2000
    assert image.size == image.path.stat().st_size
    assert image.md5 == hashlib.md5(image.path.read_bytes(), usedforsecurity=False).hexdigest()


@pytest.mark.parametrize(("fps", "delay"), [(Fraction(60), 40), (Fraction(24), None), (Fraction(30000, 1001), None)])
def test_delays_are_playable_and_their_sum_exact(
    moving: Path, tmp_path: Path, fps: Fraction, delay: int | None
) -> None:
    made = run(moving, tmp_path, [replace(GIF, fps=fps), replace(WEBP, fps=fps)], Section(0, 3333))
    for number, duration_ms in ((0, 3330), (1, 3333)):
        durations = read_facts(made.image(number).path).durations_ms
        assert min(durations) >= 20
        assert sum(durations) == duration_ms
        assert delay is None or set(durations[:-1]) == {delay}


def test_a_fast_source_is_slowed_to_what_players_show(clips: Path, tmp_path: Path) -> None:
    path = make(clips / "fast.mp4", "-f", "lavfi", "-i", "testsrc2=s=64x64:r=120:d=1", *H264)
    made = run(path, tmp_path, [replace(GIF, fps=Fraction(75)), replace(WEBP, fps=Fraction(100))])
    assert set(read_facts(made.image(0).path).durations_ms) == {20}
    assert min(read_facts(made.image(1).path).durations_ms) >= 11
    assert made.image(0).duration_ms == made.image(1).duration_ms == 1000


@pytest.mark.parametrize("times", [1, 2, 5])
def test_a_counted_loop(moving: Path, tmp_path: Path, times: int) -> None:
    made = run(moving, tmp_path, [replace(GIF, loop=times), replace(WEBP, loop=times)], Section(0, 500))
    assert [read_facts(made.image(number).path).loop for number in (0, 1)] == [times, times]


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
@pytest.mark.parametrize(("start_ms", "first"), [(4000, 100), (4013, 100), (4039, 100), (4041, 101), (0, 0)])
def test_a_section_begins_with_what_is_on_the_screen_then(
    numbered: Path, clips: Path, tmp_path: Path, suffix: str, start_ms: int, first: int
) -> None:
    path = make(clips / f"numbered.{suffix}", "-i", str(numbered), "-c", "copy")
    template = replace(WEBP, width=0, fps=Fraction(5), quality=100)
    made = run(path, tmp_path, [template], Section(start_ms, start_ms + 1000))
    shown = [int(made.pixels(0, frame)[32, 32, 1]) for frame in range(5)]
    assert shown == pytest.approx([first + 5 * number for number in range(5)], abs=1)


def test_a_picture_that_stands_through_the_start_is_shown(numbered: Path, clips: Path, tmp_path: Path) -> None:
    still = ("-i", str(numbered), "-vf", "select='lt(n,60)+gt(n,200)'", "-fps_mode", "vfr", "-c:v", "libx264")
    path = make(clips / "standing.mp4", *still, "-qp", "1", "-color_range", "pc")
    made = run(path, tmp_path, [replace(WEBP, width=0, fps=Fraction(5), quality=100)], Section(4000, 6000))
    assert int(made.pixels(0, 0)[32, 32, 1]) == pytest.approx(59, abs=1)


def test_the_last_picture_stands_until_the_sections_end(clips: Path, tmp_path: Path) -> None:
    # Two seconds of pictures, four of sound: the container is as long as the sound.
    inputs = ("-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=2", "-f", "lavfi", "-i", "sine=d=4")
    path = make(clips / "short-video.mkv", *inputs, *H264, "-c:a", "aac")
    made = run(path, tmp_path, section=Section(1000, 3990))
    for number in (0, 1):
        durations = read_facts(made.image(number).path).durations_ms
        assert sum(durations) == 2990
        assert durations[-1] > 1900


def test_a_film_of_which_nothing_can_be_decoded_is_malformed(moving: Path, clips: Path, tmp_path: Path) -> None:
    whole = make(clips / "no-sound.mp4", "-i", str(moving), "-an", "-c", "copy").read_bytes()
    start, end = whole.index(b"mdat") + 4, whole.rindex(b"moov") - 4
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(whole[:start] + bytes(end - start) + whole[end:])
    made = run(broken, tmp_path)
    assert [made.error(number).code for number in (0, 1)] == [ErrorCode.SOURCE_MALFORMED] * 2


@pytest.mark.parametrize("share", [0.3, 0.7])
def test_a_film_that_was_cut_off_ends_where_it_breaks_off(
    moving: Path, clips: Path, tmp_path: Path, share: float
) -> None:
    whole = make(clips / "faststart.mp4", "-i", str(moving), "-c", "copy", "-movflags", "+faststart").read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole[: int(len(whole) * share)])
    made = run(cut, tmp_path)
    for number in (0, 1):
        image, plan = made.image(number), made.plans[number]
        assert image.frames == image.cut_after
        assert 10 < image.frames < 40
        applied = plan.cut_to(image.frames)
        assert abs(image.duration_ms - applied.section.duration_ms) <= 10
        assert abs(image.duration_ms - 4000 * share) < 300
        assert applied.is_cut


def test_nothing_that_moves_is_still_an_animation(clips: Path, tmp_path: Path) -> None:
    path = make(clips / "still.mp4", "-f", "lavfi", "-i", "color=0x336699:s=160x90:r=25:d=2", *H264)
    made = run(path, tmp_path)
    for number in (0, 1):
        with Image.open(made.image(number).path) as image:
            assert image.is_animated  # type: ignore[attr-defined]
        assert made.image(number).frames == 24
        assert made.image(number).size < 6000


def test_a_phones_film_stands_upright(clips: Path, tmp_path: Path) -> None:
    # The left half is red as coded; turned clockwise by 90 degrees that is the upper half.
    halves = "color=red:s=160x180:r=25:d=1[a];color=blue:s=160x180:r=25:d=1[b];[a][b]hstack"
    coded = make(clips / "halves.mp4", "-f", "lavfi", "-i", halves, *H264)
    path = make(clips / "phone.mov", "-display_rotation", "-90", "-i", str(coded), "-c", "copy")
    made = run(path, tmp_path, [replace(GIF, width=90), replace(WEBP, width=90)])
    for number in (0, 1):
        pixels = made.pixels(number).astype(int)
        assert pixels.shape == (160, 90, 3)
        assert tuple(pixels[20, 45]) == pytest.approx((255, 0, 0), abs=6)
        assert tuple(pixels[140, 45]) == pytest.approx((0, 0, 255), abs=6)


def test_wide_pixels_become_square(clips: Path, tmp_path: Path) -> None:
    path = make(
        clips / "pal.mpg", "-f", "lavfi", "-i", "testsrc2=s=720x576:r=25:d=1,setsar=64/45", "-c:v", "mpeg2video"
    )
    made = run(path, tmp_path, [replace(GIF, width=320)])
    assert (made.image().width, made.image().height) == (320, 180)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("film.mkv", ["-c", "copy"]),
        ("film.webm", ["-c:v", "libvpx", "-an"]),
        ("film.avi", ["-c:v", "mpeg4", "-an"]),
        ("film.flv", ["-c", "copy"]),
        ("film.ts", ["-c", "copy"]),
        ("film.mpg", ["-c:v", "mpeg2video", "-an"]),
        ("film.ogv", ["-c:v", "libtheora", "-an"]),
        ("film.wmv", ["-c:v", "wmv2", "-an"]),
        ("film.gif", ["-an"]),
    ],
)
def test_containers(moving: Path, clips: Path, tmp_path: Path, name: str, words: Sequence[str]) -> None:
    made = run(make(clips / name, "-i", str(moving), *words), tmp_path, section=Section(500, 1500))
    assert [made.image(number).duration_ms for number in (0, 1)] == [1000, 1000]
    assert made.pixels(0, 5).std() > 30


def test_images_of_one_section_come_from_one_decode(
    moving: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = counted_runs(monkeypatch)
    templates = [GIF, WEBP, replace(GIF, width=320), replace(WEBP, fps=Fraction(5))]
    made = run(moving, tmp_path, templates, Section(0, 2000))
    assert len(started) == 1
    assert [made.image(number).frames for number in range(4)] == [24, 24, 24, 10]
    assert [made.image(number).width for number in range(4)] == [160, 160, 320, 160]


def test_an_image_that_grows_too_large_does_not_spoil_the_other(moving: Path, tmp_path: Path) -> None:
    made = run(moving, tmp_path, [replace(GIF, width=320), replace(WEBP, width=64)], limits=Limits(bytes=60_000))
    assert made.error(0).code == ErrorCode.LIMIT_EXCEEDED
    assert "smaller" in made.error(0).caller_text
    assert made.image(1).size < 60_000


def test_a_higher_quality_is_closer_to_the_source(moving: Path, tmp_path: Path) -> None:
    templates = [replace(template, quality=quality) for template in (GIF, WEBP) for quality in (20, 75, 100)]
    made = run(moving, tmp_path, templates, Section(0, 1000))
    sizes = [made.image(number).size for number in range(6)]
    assert sizes[:3] == sorted(sizes[:3])
    assert sizes[3:] == sorted(sizes[3:])


def test_fields_are_joined(clips: Path, tmp_path: Path) -> None:
    # A white bar that moves fast: without deinterlacing its edges are combs, that is, rows that alternate.
    bar = "color=black:s=320x240:r=50:d=1[a];color=white:s=60x240:r=50:d=1[b];[a][b]overlay=x=n*8"
    interlaced = f"{bar},tinterlace=mode=interleave_top,setfield=tff"
    words = ("-flags", "+ilme+ildct", "-c:v", "mpeg2video", "-q:v", "2")
    path = make(clips / "fields.mpg", "-f", "lavfi", "-i", interlaced, *words)
    made = run(path, tmp_path, [replace(WEBP, width=0, fps=Fraction(25), quality=95)])
    rows = made.pixels(0, 10)[60:180, :, 1].astype(int)
    assert abs(rows[1:] - rows[:-1]).max() < 60


def test_a_film_that_changes_its_size_goes_on(clips: Path, tmp_path: Path) -> None:
    small = make(clips / "a.ts", "-f", "lavfi", "-i", "color=red:s=160x90:r=25:d=1", *H264)
    large = make(
        clips / "b.ts", "-f", "lavfi", "-i", "color=lime:s=320x180:r=25:d=1", "-output_ts_offset", "1", *H264
    )
    path = clips / "resized.ts"
    path.write_bytes(small.read_bytes() + large.read_bytes())
    made = run(path, tmp_path, section=Section(0, 1900))
    for number in (0, 1):
        assert made.pixels(number, 3)[45, 80, 0] > 200
        assert made.pixels(number, made.image(number).frames - 2)[45, 80, 1] > 200
