"""Time, memory and interruption."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from cliploop.adapters.ffmpeg.locate import ffmpeg
from cliploop.adapters.ffmpeg.process import Run
from cliploop.application.ports import Progress, Pulse
from cliploop.domain.deadline import Deadline
from cliploop.domain.errors import CliploopError, ErrorCode
from tests.media.workshop import GIF, H264, WEBP, make, no_pulse, run

ENDLESS = ["-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=s=1280x720", "-f", "null", "-"]
MEBIBYTE = 1 << 20
#: Runs one section in a process of its own and prints the most memory that it and its ffmpeg had, in KiB.
CHILD = """
import resource, sys
from pathlib import Path
from cliploop.domain.section import Section
from tests.media.workshop import GIF, WEBP, run
run(Path(sys.argv[1]), Path(sys.argv[2]), [GIF, WEBP], Section(0, int(sys.argv[3])))
print(*(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))
"""


@pytest.fixture(scope="module")
def heavy(clips: Path) -> Path:
    """20 s that take far longer than a second to make images of."""
    return make(clips / "heavy.mp4", "-f", "lavfi", "-i", "testsrc2=s=1280x720:r=30:d=20", *H264)


def children() -> set[str]:
    """Processes that this one has started, by number."""
    return {
        process.name
        for process in Path("/proc").glob("[0-9]*")
        if (status := _status(process)) and status.split()[1] == str(os.getpid())
    }


def open_descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def _status(process: Path) -> str:
    try:
        return process.joinpath("stat").read_text().rpartition(")")[2]
    except OSError:
        return ""


def started_and_stopped(heavy: Path, scratch: Path, seconds: float, pulse: Pulse) -> float:
    """Seconds from the start of a large job to its end, after which nothing of it is left."""
    large = [replace(template, width=1280, fps=Fraction(30)) for template in (GIF, WEBP)]
    before, started = children(), time.monotonic()
    descriptors = open_descriptors()
    try:
        run(heavy, scratch, large, seconds=seconds, pulse=pulse)
    finally:
        assert children() <= before
        assert open_descriptors() == descriptors
        took = time.monotonic() - started
        assert took < 6
    return took


def test_the_deadline_ends_everything(heavy: Path, tmp_path: Path) -> None:
    with pytest.raises(CliploopError) as caught:
        started_and_stopped(heavy, tmp_path, 1.0, no_pulse)
    assert caught.value.code == ErrorCode.DEADLINE_EXCEEDED


def test_a_pulse_that_raises_ends_everything(heavy: Path, tmp_path: Path) -> None:
    class LeaseLostError(Exception):
        """Somebody else has the task."""

    beats: list[float] = []
    told: list[Progress] = []

    def pulse(progress: Progress) -> None:
        beats.append(time.monotonic())
        told.append(progress)
        if len(beats) == 2:
            raise LeaseLostError

    with pytest.raises(LeaseLostError):
        started_and_stopped(heavy, tmp_path, 60, pulse)
    assert 0.8 < beats[1] - beats[0] < 2
    assert time.monotonic() - beats[1] < 2
    assert 0 < told[0].frames < told[1].frames < told[1].planned == 2 * 600


def test_memory_does_not_grow_with_the_section(clips: Path, tmp_path: Path) -> None:
    path = make(clips / "minute.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=12:d=40", *H264)
    used = []
    for seconds in (4, 40):
        words = [sys.executable, "-c", CHILD, str(path), str(tmp_path), str(seconds * 1000)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        child = subprocess.run(words, check=True, capture_output=True, text=True, env=environment)
        used.append([int(kibibytes) * 1024 for kibibytes in child.stdout.split()])
    (own_short, ffmpeg_short), (own_long, ffmpeg_long) = used
    assert own_long - own_short < 12 * MEBIBYTE
    assert ffmpeg_long - ffmpeg_short < 12 * MEBIBYTE


def test_a_run_has_limits_no_environment_and_a_session_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    before = children()  # other tests of the session may keep processes of their own
    with Run([ffmpeg(), *ENDLESS], folder=tmp_path, deadline=Deadline.after(10)) as running:
        (number,) = children() - before
        process = Path("/proc", number)
        assert os.getsid(int(number)) == int(number)
        assert b"secret" not in process.joinpath("environ").read_bytes()
        assert process.joinpath("cwd").resolve() == tmp_path.resolve()
        assert resource.prlimit(int(number), resource.RLIMIT_FSIZE) == (0, 0)
        assert resource.prlimit(int(number), resource.RLIMIT_AS)[0] <= 8 << 30
    assert running.exit_code == -9


def test_it_writes_no_file(moving: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.mp4"
    words = [ffmpeg(), "-v", "error", "-nostdin", "-i", str(moving), "-c", "copy", str(target)]
    with Run(words, folder=tmp_path, deadline=Deadline.after(10)) as running:
        assert running.wait() != 0
    assert not target.exists() or target.stat().st_size == 0


def test_a_flood_of_words_neither_blocks_nor_fills_memory(tmp_path: Path) -> None:
    words = [sys.executable, "-c", "import sys; sys.stderr.write('x' * 50_000_000 + 'the end')"]
    with Run(words, folder=tmp_path, deadline=Deadline.after(30)) as running:
        assert running.wait() == 0
        text = running.stderr()
    assert len(text) < 300_000
    assert text.endswith("the end")
