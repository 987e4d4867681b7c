"""What a talkative ffmpeg says beside what a quiet one does."""

from __future__ import annotations

from pathlib import Path

from cliploop.adapters.ffmpeg.banner import read_banner
from cliploop.adapters.ffmpeg.meter import Meter, complaints, plain_banner

TALK = """\
[Parsed_scale_2 @ 0x55deeafb3c80] [verbose] w:160 h:90 flags:'' interl:0
[info]     title           : HTTP error 403
HTTP error 404 in a line of its own
[vist#0:0/h264 @ 0x55de] [dec:h264 @ 0x55df] [error] Error submitting packet to decoder: Invalid data
[mov @ 0x5581] [warning] stream 0, offset 0x30: partial file
[AVIOContext @ 0x55deeafbc980] [verbose] Statistics: 432000 bytes written, 0 seeks, 20 writeouts
[AVIOContext @ 0x55deeafc2400] [verbose] Statistics: 230578 bytes read, 2 seeks
"""


def test_only_complaints_are_left_of_a_talk() -> None:
    meter = Meter(bytes_read=22)
    assert complaints(TALK, meter).splitlines() == [TALK.splitlines()[3], TALK.splitlines()[4]]
    assert meter.bytes_read == 230600


def test_without_a_meter_nothing_is_left_out() -> None:
    assert complaints(TALK, None) == plain_banner(TALK, None) == TALK


def test_a_run_that_says_nothing_counts_nothing() -> None:
    meter = Meter()
    complaints("", meter)
    assert meter.bytes_read is None


def test_a_talkative_banner_is_read_like_a_plain_one() -> None:
    plain = Path(__file__).with_name("banners").joinpath("film.mp4.txt").read_text()
    tag = " (avc1 / "
    assert tag in plain
    talkative = plain.replace(tag, ", 4 reference frames" + tag)
    assert read_banner(talkative, 1000) != read_banner(plain, 1000)
    assert read_banner(plain_banner(talkative, Meter()), 1000) == read_banner(plain, 1000)
