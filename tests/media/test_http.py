"""Sources that are read by ranges from a store."""

from __future__ import annotations

from pathlib import Path

import pytest

from cliploop.adapters.ffmpeg.encode import FfmpegEncoder
from cliploop.adapters.ffmpeg.meter import Meter
from cliploop.adapters.ffmpeg.probe import FfmpegProber
from cliploop.application.ports import ReadableSource
from cliploop.domain.deadline import Deadline
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.limits import Limits
from cliploop.domain.plan import plan_output
from cliploop.domain.section import Section
from tests.media.range_server import RangeServer
from tests.media.workshop import GIF, H264, make, no_pulse, probe, run

MEGABYTE = 1_000_000
#: What may be on the way when ffmpeg seeks to somewhere else.
READ_AHEAD = 1 << 16


@pytest.fixture
def long(clips: Path) -> Path:
    """30 minutes, about 2.5 Mbit/s, moov at the end; sparse (5 s repeated), so that it is made in a second or two."""
    noise = "testsrc2=s=640x360:r=30:d=5,noise=alls=30:allf=t"
    inputs = ("-f", "lavfi", "-i", noise, "-f", "lavfi", "-i", "sine=r=48000:d=5")
    rate = ("-b:v", "2300k", "-maxrate", "2300k", "-bufsize", "2300k", "-g", "150")
    part = make(clips / "part.mp4", *inputs, *H264, *rate, "-c:a", "aac")
    return make(clips / "long.mp4", "-stream_loop", "359", "-i", str(part), "-c", "copy")


def remote(server: RangeServer, path: Path) -> ReadableSource:
    return ReadableSource(server.url(path.name), path.stat().st_size)


def test_a_section_of_a_long_film_costs_a_few_megabytes(server: RangeServer, long: Path, tmp_path: Path) -> None:
    assert long.stat().st_size > 400 * MEGABYTE
    made = run(remote(server, long), tmp_path, section=Section(900_000, 905_000))
    assert made.image(0).duration_ms == made.image(1).duration_ms == 5000
    assert made.image(0).frames == 60
    assert server.bytes_served < 12 * MEGABYTE
    assert server.requests < 40


def test_a_store_that_hangs_up_after_each_answer(server: RangeServer, long: Path, tmp_path: Path) -> None:
    server.drops = True
    made = run(remote(server, long), tmp_path, section=Section(900_000, 902_000))
    assert made.image(0).frames == 24


def test_a_store_that_is_out_of_breath_for_a_moment(server: RangeServer, moving: Path, tmp_path: Path) -> None:
    server.refuse[moving.name] = [503, 500, 0]
    assert run(remote(server, moving), tmp_path).image(0).frames == 48


@pytest.mark.parametrize(
    ("status", "code", "retryable"),
    [
        (403, ErrorCode.SOURCE_FORBIDDEN, False),
        (404, ErrorCode.SOURCE_NOT_FOUND, False),
        (500, ErrorCode.UNAVAILABLE, True),
    ],
)
def test_refusals(server: RangeServer, moving: Path, status: int, code: ErrorCode, *, retryable: bool) -> None:
    server.refuse[moving.name] = [status]
    with pytest.raises(CliploopError) as caught:
        probe(remote(server, moving))
    error = caught.value
    assert (error.code, error.retryable) == (code, retryable)
    assert str(status)[0] in error.log_text
    for text in (error.log_text, error.caller_text, str(error), repr(error)):
        assert "secret" not in text
        assert "localhost" not in text


def test_a_store_that_is_not_there() -> None:
    with pytest.raises(CliploopError) as caught:
        probe(ReadableSource("http://localhost:1/film.mp4?X-Amz-Signature=secret", 1))
    assert (caught.value.code, caught.value.retryable) == (ErrorCode.UNAVAILABLE, True)
    assert "secret" not in caught.value.log_text


def test_a_film_that_was_cut_off_is_not_the_stores_fault(
    server: RangeServer, moving: Path, clips: Path, tmp_path: Path
) -> None:
    whole = make(clips / "faststart.mp4", "-i", str(moving), "-c", "copy", "-movflags", "+faststart").read_bytes()
    cut = clips / "cut.mp4"
    cut.write_bytes(whole[: len(whole) // 2])
    made = run(remote(server, cut), tmp_path)
    assert 10 < made.image(0).frames < 40


def test_a_store_that_breaks_off_in_the_middle_is_asked_again_later(
    server: RangeServer, long: Path, tmp_path: Path
) -> None:
    # The header (four requests for the probe, five to open again) is served, then nothing more.
    server.refuse[long.name] = [*[0] * 10, 500]
    with pytest.raises(CliploopError) as caught:
        run(remote(server, long), tmp_path, section=Section(900_000, 960_000))
    assert (caught.value.code, caught.value.retryable) == (ErrorCode.UNAVAILABLE, True)


def test_what_is_read_can_be_counted(server: RangeServer, moving: Path, tmp_path: Path) -> None:
    source, meter = remote(server, moving), Meter(bytes_read=0)
    media = FfmpegProber(meter=meter).probe(source, Deadline.after(30))
    assert media == probe(source)
    assert meter.bytes_read is not None
    probed, served = meter.bytes_read, server.bytes_served // 2
    assert 0 < probed <= served < probed + 2 * READ_AHEAD
    plan = plan_output(media, GIF, Section(1000, 3000), Limits())
    encoder = FfmpegEncoder(meter=meter)
    encoder.encode(source, media, [plan], scratch=tmp_path, deadline=Deadline.after(30), pulse=no_pulse)
    assert probed < meter.bytes_read <= server.bytes_served - served < meter.bytes_read + 4 * READ_AHEAD


@pytest.mark.parametrize(("name", "most"), [("indexed.mkv", 5), ("indexed.mp4", 5), ("faststart.mp4", 5)])
def test_a_section_of_an_indexed_film_leaves_most_of_it_alone(
    server: RangeServer, long: Path, clips: Path, tmp_path: Path, name: str, most: int
) -> None:
    flags = ("-movflags", "+faststart") if name == "faststart.mp4" else ()
    path = make(clips / f"40s-{name}", "-i", str(long), "-t", "40", "-c", "copy", *flags)
    assert path.stat().st_size > 10 * MEGABYTE
    made = run(remote(server, path), tmp_path, section=Section(20_000, 23_000))
    assert made.image(0).frames == 36
    assert server.bytes_served < most * MEGABYTE
