from __future__ import annotations

import socket
import time
from fractions import Fraction
from pathlib import Path

import pytest

from cliploop.adapters.ffmpeg import probe as probe_module
from cliploop.adapters.ffmpeg.probe import FfmpegProber
from cliploop.adapters.ffmpeg.process import Run
from cliploop.application.ports import Beat, ReadableSource, no_beat
from cliploop.domain.deadline import Deadline
from cliploop.domain.errors import CliploopError, ErrorCode
from tests.media.workshop import H264, make, probe, source_of


def test_a_film(moving: Path) -> None:
    media = probe(moving)
    assert media.container == "mov,mp4,m4a,3gp,3g2,mj2"
    assert media.duration_ms == 4000
    assert media.size == moving.stat().st_size
    assert media.bitrate == media.size * 2
    video = media.main_video
    assert video is not None
    assert (video.codec, video.codec_tag, video.width, video.height, video.fps) == (
        "h264",
        "avc1",
        320,
        180,
        Fraction(25),
    )
    assert [(audio.codec, audio.sampling_rate) for audio in media.audio] == [("aac", 48000)]
    assert abs(video.bitrate + media.audio[0].bitrate - media.bitrate) < media.bitrate / 10


def test_ntsc_is_exact(clips: Path) -> None:
    path = make(clips / "ntsc.mkv", "-f", "lavfi", "-i", "color=red:s=64x64:r=30000/1001:d=2", *H264)
    video = probe(path).main_video
    assert video is not None
    assert video.fps == Fraction(30000, 1001)


@pytest.mark.parametrize(("turned_left", "rotation"), [(-90, 90), (90, 270), (180, 180)])
def test_rotation_is_clockwise(moving: Path, clips: Path, turned_left: int, rotation: int) -> None:
    words = ("-display_rotation", str(turned_left), "-i", str(moving), "-c", "copy")
    video = probe(make(clips / f"turned{rotation}.mov", *words)).main_video
    assert video is not None
    assert (video.rotation, video.width, video.height) == (rotation, 320, 180)


def test_a_browsers_recording_is_measured(moving: Path, clips: Path) -> None:
    path = make(clips / "live.webm", "-i", str(moving), "-c:v", "libvpx", "-an", "-live", "1", "-f", "webm")
    media = probe(path)
    assert abs(media.duration_ms - 4000) <= 40
    assert media.bitrate == media.size * 8000 // media.duration_ms


def test_sound_with_cover_art_has_no_video(moving: Path, clips: Path) -> None:
    cover = make(clips / "cover.png", "-f", "lavfi", "-i", "color=red:s=64x64", "-frames:v", "1")
    maps = ("-map", "0:a", "-map", "1:v", "-c", "copy", "-disposition:v", "attached_pic")
    media = probe(make(clips / "song.m4a", "-i", str(moving), "-i", str(cover), *maps))
    assert media.main_video is None
    assert len(media.audio) == 1


def test_sound_alone_has_no_video(moving: Path, clips: Path) -> None:
    assert probe(make(clips / "sound.mp4", "-i", str(moving), "-vn", "-c", "copy")).video == ()


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("empty.mp4", b"", ErrorCode.SOURCE_MALFORMED),
        ("picture.mp4", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(500), ErrorCode.SOURCE_UNSUPPORTED),
        ("text.mp4", b"this is no film\n" * 100, ErrorCode.SOURCE_MALFORMED),
        ("noise.mp4", bytes(range(256)) * 64, ErrorCode.SOURCE_MALFORMED),
    ],
)
def test_what_is_no_film(tmp_path: Path, name: str, content: bytes, code: ErrorCode) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(CliploopError) as caught:
        probe(path)
    assert caught.value.code == code


def test_cut_off_before_its_index(moving: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.mp4"
    path.write_bytes(moving.read_bytes()[:20_000])
    with pytest.raises(CliploopError) as caught:
        probe(path)
    assert (caught.value.code, caught.value.retryable) == (ErrorCode.SOURCE_MALFORMED, False)


class _OvertakenError(Exception):
    pass


def test_a_store_that_does_not_answer_loses_nobody_his_lease() -> None:
    """While the headers are waited for, whoever waits is asked several times a second whether he still wants to."""
    beats: list[float] = []

    def beat() -> None:
        beats.append(time.monotonic())
        if len(beats) == 10:
            raise _OvertakenError

    with socket.create_server(("127.0.0.1", 0)) as silent:
        source = ReadableSource(f"http://localhost:{silent.getsockname()[1]}/film.mp4", 1)
        with pytest.raises(_OvertakenError):
            FfmpegProber().probe(source, Deadline.after(30), beat)
    assert beats[-1] - beats[0] < 5


def test_so_it_is_while_a_recording_without_a_length_is_measured(
    moving: Path, clips: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited_with: list[Beat] = []

    class Watched(Run):
        def wait(self, each_glance: Beat = no_beat) -> int:
            waited_with.append(each_glance)
            return super().wait(each_glance)

    monkeypatch.setattr(probe_module, "Run", Watched)
    path = make(clips / "recording.webm", "-i", str(moving), "-an", "-c:v", "libvpx", "-f", "webm", "-live", "1")

    def beat() -> None:
        pass

    assert FfmpegProber().probe(source_of(path), Deadline.after(30), beat).duration_ms
    assert waited_with == [beat, beat]
