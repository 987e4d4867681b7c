"""Which stream is shown, what is kept of it, and what is said where there is nothing to show."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cliploop.adapters.ffmpeg import probe as probe_module
from cliploop.adapters.ffmpeg.process import Run
from cliploop.application.ports import Beat, no_beat
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.section import Section
from tests.media.workshop import GIF, H264, WEBP, make, run

SMALL = ("-f", "lavfi", "-i", "color=red:s=160x90:r=25:d=1")
LARGE = ("-f", "lavfi", "-i", "color=lime:s=320x180:r=25:d=1")


@pytest.mark.parametrize(("default", "shown"), [(0, 0), (1, 1), (None, 1)])
def test_the_default_stream_is_shown_else_the_largest(
    clips: Path, tmp_path: Path, default: int | None, shown: int
) -> None:
    marks = [f"-disposition:v:{n}" for n in (0, 1)], ["default" if n == default else "0" for n in (0, 1)]
    words = [word for pair in zip(*marks, strict=True) for word in pair]
    path = make(
        clips / f"two-{default}.mkv",
        *SMALL,
        *LARGE,
        "-map",
        "0",
        "-map",
        "1",
        *H264,
        *words,
        "-default_mode",
        "passthrough",
    )
    made = run(path, tmp_path)
    assert made.plans[0].stream_index == shown
    assert made.pixels(0)[20, 20].argmax() == shown


def test_cover_art_beside_a_film_is_not_shown(moving: Path, clips: Path, tmp_path: Path) -> None:
    cover = make(clips / "big-cover.png", "-f", "lavfi", "-i", "color=red:s=1280x1280", "-frames:v", "1")
    words = ("-map", "1", "-map", "0:v", "-c", "copy", "-disposition:0", "attached_pic")
    path = make(clips / "covered.mp4", "-i", str(moving), "-i", str(cover), *words)
    made = run(path, tmp_path)
    assert (made.image(0).width, made.image(0).height, made.image(0).frames) == (160, 90, 48)


def test_sound_and_cover_art_are_no_video(moving: Path, clips: Path, tmp_path: Path) -> None:
    cover = make(clips / "cover.png", "-f", "lavfi", "-i", "color=red:s=64x64", "-frames:v", "1")
    words = ("-map", "0:a", "-map", "1:v", "-c", "copy", "-disposition:v", "attached_pic")
    song = make(clips / "song.m4a", "-i", str(moving), "-i", str(cover), *words)
    sound = make(clips / "sound.mp4", "-i", str(moving), "-vn", "-c", "copy")
    for path in (song, sound):
        with pytest.raises(CliploopError) as caught:
            run(path, tmp_path)
        assert (caught.value.code, caught.value.retryable) == (ErrorCode.SOURCE_WITHOUT_VIDEO, False)


def test_a_film_without_a_single_frame_is_malformed(clips: Path, tmp_path: Path) -> None:
    path = make(clips / "none.mp4", *SMALL, "-vf", "select=0", *H264)
    with pytest.raises(CliploopError) as caught:
        run(path, tmp_path)
    assert caught.value.code in {ErrorCode.SOURCE_MALFORMED, ErrorCode.SOURCE_WITHOUT_VIDEO}
    assert not caught.value.retryable


@pytest.mark.parametrize("name", ["encrypted.mp4", "fragmented.mp4"])
def test_an_encrypted_film_is_told_from_a_damaged_one(moving: Path, clips: Path, tmp_path: Path, name: str) -> None:
    key = ("-encryption_scheme", "cenc-aes-ctr", "-encryption_key", "76a6c65c5ea762046bd749a2e632ccbb")
    flags = ("-movflags", "+frag_keyframe+empty_moov") if name == "fragmented.mp4" else ()
    words = ("-an", "-c", "copy", *key, "-encryption_kid", "a7e61c373e219033c21091fa607bf3b8", *flags)
    made = run(make(clips / name, "-i", str(moving), *words), tmp_path)
    for number in (0, 1):
        assert (made.error(number).code, made.error(number).retryable) == (ErrorCode.SOURCE_ENCRYPTED, False)
        assert "encrypted" in made.error(number).caller_text


def test_the_pulse_goes_on_while_it_is_asked_whether_a_film_is_encrypted(
    moving: Path, clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its boxes are a long print, of which the one who holds the lease must not hear nothing."""
    waited_with: list[Beat] = []

    class Watched(Run):
        def wait(self, each_glance: Beat = no_beat) -> int:
            waited_with.append(each_glance)
            return super().wait(each_glance)

    monkeypatch.setattr(probe_module, "Run", Watched)
    key = ("-encryption_scheme", "cenc-aes-ctr", "-encryption_key", "76a6c65c5ea762046bd749a2e632ccbb")
    words = ("-an", "-c", "copy", *key, "-encryption_kid", "a7e61c373e219033c21091fa607bf3b8")
    run(make(clips / "locked.mp4", "-i", str(moving), *words), tmp_path)
    probing, asking = waited_with
    assert probing is no_beat
    assert asking is not no_beat


def test_noise_in_place_of_pictures_is_no_picture(moving: Path, clips: Path, tmp_path: Path) -> None:
    whole = make(clips / "no-sound.mp4", "-i", str(moving), "-an", "-c", "copy").read_bytes()
    start, end = whole.index(b"mdat") + 4, whole.rindex(b"moov") - 4
    noise = np.random.default_rng(1).integers(0, 256, end - start - 3000, np.uint8).tobytes()
    broken = tmp_path / "noise.mp4"
    broken.write_bytes(whole[: start + 3000] + noise + whole[end:])
    made = run(broken, tmp_path)
    assert [made.error(number).code for number in (0, 1)] == [ErrorCode.SOURCE_MALFORMED] * 2


def test_a_codec_that_nobody_knows_is_unsupported(moving: Path, clips: Path, tmp_path: Path) -> None:
    whole = make(clips / "no-sound.mp4", "-i", str(moving), "-an", "-c", "copy").read_bytes()
    path = tmp_path / "unknown.mp4"
    path.write_bytes(whole.replace(b"avc1", b"zzz1"))
    made = run(path, tmp_path)
    assert [made.error(number).code for number in (0, 1)] == [ErrorCode.SOURCE_UNSUPPORTED] * 2
    assert not made.error().retryable


def test_a_picture_whose_frames_end_before_the_sound_stands(clips: Path, tmp_path: Path) -> None:
    # That is how players show it, and nothing is broken: the section is the one that was asked for.
    inputs = ("-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=2", "-f", "lavfi", "-i", "sine=d=4")
    path = make(clips / "short-picture.mp4", *inputs, *H264, "-c:a", "aac")
    made = run(path, tmp_path, section=Section(1000, 3000))
    assert (made.image(0).cut_after, made.image(0).duration_ms) == (None, 2000)


#: A square, half transparent on the left and opaque on the right, moves over nothing.
GHOST = (
    "color=black@0:s=160x96:r=5:d=1,format=rgba[ground];color=red@0.5:s=32x32:r=5:d=1,format=rgba[left];"
    "color=lime:s=32x32:r=5:d=1,format=rgba[right];[left][right]hstack,format=rgba[square];"
    "[ground][square]overlay=x=80*t:y=32:format=rgb,format=rgba"
)
#: How each codec is made to carry it.
WITH_ALPHA = {
    "vp9.webm": ("-c:v", "libvpx-vp9", "-pix_fmt", "yuva420p", "-crf", "5", "-b:v", "0"),
    "vp8.webm": ("-c:v", "libvpx", "-pix_fmt", "yuva420p", "-auto-alt-ref", "0", "-crf", "4", "-b:v", "5M"),
    "prores.mov": ("-c:v", "prores_ks", "-profile:v", "4444", "-pix_fmt", "yuva444p10le"),
    "png.mov": ("-c:v", "png"),
    "qtrle.mov": ("-c:v", "qtrle", "-pix_fmt", "argb"),
}


@pytest.mark.parametrize("name", WITH_ALPHA)
def test_alpha_is_kept_and_leaves_no_trail(clips: Path, tmp_path: Path, name: str) -> None:
    path = make(clips / f"ghost-{name}", "-f", "lavfi", "-i", GHOST, *WITH_ALPHA[name])
    made = run(path, tmp_path, [replace(template, width=0, fps=Fraction(5), quality=95) for template in (GIF, WEBP)])
    for number, half in ((0, (0, 255)), (1, (112, 144))):
        with Image.open(made.image(number).path) as image:
            for frame in range(5):
                image.seek(frame)
                pixels = np.asarray(image.convert("RGBA")).astype(int)
                left, right = pixels[48, 16 * frame + 12], pixels[48, 16 * frame + 48]
                assert pixels[8, :, 3].max() == 0
                assert pixels[48, : max(0, 16 * frame - 4), 3].max(initial=0) == 0
                assert pixels[48, 16 * frame + 68 :, 3].max(initial=0) == 0
                assert right[3] == 255
                assert tuple(right[:3]) == pytest.approx((0, 255, 0), abs=12)
                assert left[3] in half if number == 0 else half[0] <= left[3] <= half[1]


def test_what_could_be_transparent_and_is_not_costs_no_more(clips: Path, tmp_path: Path) -> None:
    shapes = ("-f", "lavfi", "-i", "testsrc2=s=160x90:r=5:d=2")
    opaque = make(clips / "opaque.mov", *shapes, "-c:v", "qtrle", "-pix_fmt", "rgb24")
    could = make(clips / "could.mov", *shapes, "-vf", "format=argb", "-c:v", "qtrle", "-pix_fmt", "argb")
    sizes = [[run(path, tmp_path).image(number).size for number in (0, 1)] for path in (opaque, could)]
    assert sizes[1] == pytest.approx(sizes[0], rel=0.1)


def test_an_old_gif_becomes_a_new_one(clips: Path, tmp_path: Path) -> None:
    palette = f"{GHOST},split[a][b];[a]palettegen[p];[b][p]paletteuse"
    path = make(clips / "ghost.gif", "-f", "lavfi", "-i", palette)
    made = run(path, tmp_path, [replace(template, width=0, fps=Fraction(5)) for template in (GIF, WEBP)])
    for number in (0, 1):
        with Image.open(made.image(number).path) as image:
            image.seek(3)
            pixels = np.asarray(image.convert("RGBA"))
            assert (pixels[8, 8, 3], pixels[48, 48 + 48, 3], pixels[48, 20, 3]) == (0, 255, 0)
