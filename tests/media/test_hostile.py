"""Files that mean harm, or would if they were believed: each ends in a typed error, at once, and leaks nothing."""

from __future__ import annotations

import struct
import subprocess
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from cliploop.adapters.ffmpeg.locate import ffmpeg
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.limits import Limits
from cliploop.domain.section import Section
from tests.media.workshop import GIF, H264, WEBP, make, probe, run

DASH = """<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT4S" minBufferTime="PT1S"
 profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period><AdaptationSet mimeType="video/mp4">
 <Representation id="1" bandwidth="1000" codecs="avc1.42c01e" width="320" height="180">
 <BaseURL>file://{secret}</BaseURL></Representation></AdaptationSet></Period></MPD>
"""
PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nfile://{secret}\n#EXT-X-ENDLIST\n"
CONCAT = "ffconcat version 1.0\nfile {name}\n"
MASTER = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nhttp://169.254.169.254/latest/meta-data\n"


@pytest.mark.parametrize("content", [DASH, PLAYLIST, CONCAT, MASTER], ids=["dash", "m3u8", "ffconcat", "master"])
@pytest.mark.parametrize("name", ["film.mp4", "film.mpd", "film.m3u8", "film.ffconcat"])
def test_a_file_that_names_another_is_not_followed(moving: Path, tmp_path: Path, content: str, name: str) -> None:
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(moving.read_bytes())
    path = tmp_path / name
    path.write_text(content.format(secret=secret, name=secret.name))
    with pytest.raises(CliploopError) as caught:
        probe(path)
    assert caught.value.code in {ErrorCode.SOURCE_UNSUPPORTED, ErrorCode.SOURCE_MALFORMED}
    assert not caught.value.retryable
    assert "secret" not in caught.value.caller_text


def test_the_trick_works_where_it_is_not_forbidden(moving: Path, tmp_path: Path) -> None:
    # Without this the test above could pass because the bait is bad.
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(moving.read_bytes())
    path = tmp_path / "film.ffconcat"
    path.write_text(CONCAT.format(name=secret.name))
    words = [ffmpeg(), "-nostdin", "-protocol_whitelist", "file", "-i", str(path)]
    assert "320x180" in subprocess.run(words, check=False, capture_output=True, text=True).stderr


def test_a_reference_inside_a_movie_is_not_followed(moving: Path, tmp_path: Path) -> None:
    # A `dref` of type `url ` without the flag "in this file": the media data would be read from the named one.
    whole = moving.read_bytes()
    at = whole.index(b"url \x00\x00\x00\x01")
    path = tmp_path / "reference.mov"
    path.write_bytes(whole[: at + 4] + struct.pack(">I", 0) + whole[at + 8 :])
    try:
        made = run(path, tmp_path)
    except CliploopError as error:
        assert error.code == ErrorCode.SOURCE_MALFORMED
    else:
        assert len(made.results) == 2


def test_a_gap_of_hours_in_a_tiny_file_does_not_fill_memory_or_time(clips: Path, tmp_path: Path) -> None:
    gap = "color=red:s=64x64:r=25:d=0.2,setpts='if(eq(N,4),11*3600,N/25)/TB'"
    path = make(clips / "gap.mp4", "-f", "lavfi", "-i", gap, "-fps_mode", "vfr", *H264)
    assert path.stat().st_size < 5_000
    started = time.monotonic()
    templates = [replace(GIF, fps=Fraction(60)), replace(WEBP, fps=Fraction(60))]
    made = run(path, tmp_path, templates, Section(0, 3000))
    assert [made.image(number).duration_ms for number in (0, 1)] == [3000, 3000]
    assert made.media.duration_ms > 11 * 3_600_000
    slow = run(path, tmp_path, [replace(template, fps=Fraction(1, 10)) for template in (GIF, WEBP)])
    assert abs(slow.image(0).duration_ms - slow.media.duration_ms) <= 10
    with pytest.raises(CliploopError, match=r"990001 frames; the limit is 6000"):
        run(path, tmp_path, templates)
    assert time.monotonic() - started < 20


def test_a_picture_that_is_too_large_is_refused_before_it_is_decoded(clips: Path, tmp_path: Path) -> None:
    path = make(clips / "huge.mp4", "-f", "lavfi", "-i", "color=red:s=8192x8192:r=1:d=1", *H264)
    with pytest.raises(CliploopError) as caught:
        run(path, tmp_path, [replace(GIF, width=64)])
    assert caught.value.code == ErrorCode.LIMIT_EXCEEDED
    assert not caught.value.retryable


def test_more_frames_than_allowed_are_refused_before_they_are_made(moving: Path, tmp_path: Path) -> None:
    with pytest.raises(CliploopError) as caught:
        run(moving, tmp_path, limits=Limits(frames=10))
    assert caught.value.code == ErrorCode.LIMIT_EXCEEDED


@pytest.mark.parametrize("name", ["-i.mp4", "a b+c%2B ü.mp4", "concat:a|b.mp4", "x;rm -rf %d'\".mp4", "\n.mp4"])
def test_names_are_names(moving: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(moving.read_bytes())
    assert probe(path).duration_ms == 4000
