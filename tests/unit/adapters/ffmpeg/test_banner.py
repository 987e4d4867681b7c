"""What ffmpeg 9.0.2 prints, saved as it was printed, and what we read from it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cliploop.adapters.ffmpeg.banner import read_banner
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.media import AudioStream, MediaInfo, VideoStream

BANNERS = Path(__file__).parent / "banners"
NTSC_FILM = Fraction(24000, 1001)


def read(name: str, size: int = 300_000) -> MediaInfo:
    return read_banner((BANNERS / f"{name}.txt").read_text(), size)


def only_video(name: str) -> VideoStream:
    (video,) = read(name).video
    return video


def test_everything_that_the_seed_shows() -> None:
    assert read("film.mp4", size=778_000) == MediaInfo(
        container="mov,mp4,m4a,3gp,3g2,mj2",
        duration_ms=3000,
        size=778_000,
        bitrate=2_074_666,
        video=(
            VideoStream(
                index=0,
                codec="h264",
                width=640,
                height=480,
                fps=NTSC_FILM,
                bitrate=1_997_000,
                codec_tag="avc1",
                pixel_format="yuv420p",
                color_matrix="bt709",
                color_range="tv",
                tick_rate=NTSC_FILM,
                is_default=True,
            ),
        ),
        audio=(AudioStream("aac", sampling_rate=48000, bitrate=69_000),),
    )


def test_a_phone_held_upright_is_turned_clockwise() -> None:
    assert only_video("phone.mov").rotation == 90


def test_a_recording_that_was_piped_has_no_duration_and_no_bitrate() -> None:
    media = read("live.webm")
    assert (media.container, media.duration_ms, media.bitrate) == ("matroska,webm", 0, 0)
    assert (media.video[0].codec, media.video[0].bitrate) == ("vp9", 0)


def test_streams_keep_their_index_and_numbers_are_no_tag() -> None:
    media = read("two.ts")
    assert [(video.index, video.codec_tag) for video in media.video] == [(0, ""), (2, "")]
    assert media.audio == (AudioStream("mp2", 48000, 384_000),)


def test_wide_pixels_and_fields() -> None:
    video = only_video("dvd.mpg")
    assert (video.pixel_aspect, video.interlaced) == (Fraction(64, 45), True)


def test_a_screen_recording_is_as_fast_as_its_closest_frames() -> None:
    video = only_video("screen.mp4")
    assert (video.fps, video.tick_rate, video.fastest) == (Fraction(3526, 100), Fraction(60), Fraction(60))


def test_alpha_in_a_second_picture_is_seen() -> None:
    video = only_video("alpha.webm")
    assert (video.pixel_format, video.has_alpha) == ("yuv420p", True)


def test_dolby_vision_is_told_by_profile_and_base() -> None:
    assert only_video("dolby.mp4").dolby_vision == "5.0"


def test_cover_art_is_no_video() -> None:
    media = read("song.m4a")
    assert media.video == ()
    assert media.main_video is None
    assert [audio.codec for audio in media.audio] == ["aac"]


def test_a_title_that_looks_like_a_stream_is_not_believed() -> None:
    video = only_video("spoof.mkv")
    assert (video.index, video.width, video.height) == (0, 640, 480)


def test_high_dynamic_range_is_told_by_matrix_and_transfer() -> None:
    video = only_video("hlg.mp4")
    assert (video.color_matrix, video.color_transfer) == ("bt2020nc", "arib-std-b67")
    assert video.pixel_format == "yuv420p10le"


@pytest.mark.parametrize(
    ("printed", "rate"),
    [
        ("29.97 fps, 29.97 tbr", Fraction(30000, 1001)),
        ("59.94 fps, 59.94 tbr", Fraction(60000, 1001)),
        ("23.98 fps, 23.98 tbr", NTSC_FILM),
        ("14.17 fps, 30 tbr", Fraction(1417, 100)),
        ("25 fps, 25 tbr", Fraction(25)),
        ("90k tbr", Fraction(0)),
        ("30 tbr", Fraction(30)),
        ("1k fps, 1k tbr", Fraction(1000)),
    ],
)
def test_frame_rates_are_exact(printed: str, rate: Fraction) -> None:
    text = (BANNERS / "film.mp4.txt").read_text().replace("23.98 fps, 23.98 tbr", printed)
    assert read_banner(text, 1).video[0].fps == rate


def test_silence_is_malformed() -> None:
    with pytest.raises(CliploopError) as caught:
        read_banner("At least one output file must be specified", 1)
    assert caught.value.code == ErrorCode.SOURCE_MALFORMED


@given(st.data())
def test_no_banner_is_too_strange_to_read(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(path.stem for path in BANNERS.iterdir())))
    text = (BANNERS / f"{name}.txt").read_text()
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    try:
        media = read_banner(text[:start] + data.draw(st.text(max_size=20)) + text[end:], 1)
    except CliploopError as error:
        assert error.code == ErrorCode.SOURCE_MALFORMED
    else:
        assert all(video.width >= 0 for video in media.video)
