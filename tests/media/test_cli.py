"""The command on real files and addresses."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from cliploop.adapters.ffmpeg import locate
from cliploop.cli import main
from tests.media.range_server import RangeServer
from tests.media.workshop import H264, counted_runs, make
from tests.reading import read_facts

COMMAND = [sys.executable, "-m", "cliploop", "encode"]
SMALL = ["--width", "64", "--fps", "6", "--end", "1"]


@pytest.fixture
def folder(moving: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a film in it."""
    shutil.copy(moving, tmp_path / "film.mp4")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def reported(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert main(["encode", *words, "--json"]) == 0
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    return report


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def test_two_images_of_one_decode(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    started = counted_runs(monkeypatch)
    words = ["film.mp4", "a.gif", "b.webp", "--start", "1", "--end", "2.5", "--width", "160", "--fps", "8"]
    assert main(["encode", *words, "--loop", "2"]) == 0
    assert len(started) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    lines = printed.err.splitlines()
    assert [line.rpartition(",")[0] for line in lines] == [
        "a.gif: 160x90, 12 frames, 1.5 s",
        "b.webp: 160x90, 12 frames, 1.5 s",
    ]
    for name in ("a.gif", "b.webp"):
        facts = read_facts(folder / name)
        assert (facts.width, facts.height, facts.frames, facts.duration_ms, facts.loop) == (160, 90, 12, 1500, 2)
        assert facts.format == name.partition(".")[2]
    assert sorted(path.name for path in folder.iterdir()) == ["a.gif", "b.webp", "film.mp4"]


def test_the_report(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["film.mp4", "a.gif", "b.webp", "--start", "2", "--end", "9", "--width", "100", "--fps", "60"]
    report = reported(capsys, *words)
    assert report["source"]["bytes"] == (folder / "film.mp4").stat().st_size
    assert {key: report["requested"][key] for key in ("start", "end", "width", "height", "quality", "loop")} == {
        "start": 2.0,
        "end": 9.0,
        "width": 100,
        "height": None,
        "quality": 75,
        "loop": 0,
    }
    assert report["requested"]["fps"] == {"value": 60.0, "exact": "60"}
    for output, name in zip(report["outputs"], ("a.gif", "b.webp"), strict=True):
        content = (folder / name).read_bytes()
        assert (output["path"], output["error"]) == (name, None)
        assert (output["bytes"], output["md5"]) == (
            len(content),
            hashlib.md5(content, usedforsecurity=False).hexdigest(),
        )
        assert (output["frames"], output["duration"]) == (50, 2.0)
        applied = output["applied"]
        assert (applied["start"], applied["end"], applied["width"], applied["height"]) == (2.0, 4.0, 100, 56)
        assert (applied["fps"], applied["frames"]) == ({"value": 25.0, "exact": "25"}, 50)
        assert applied["colour"]["matrix"] == "bt601"
        assert set(output["seconds"]) == {"waiting", "encode", "verify"}
        assert 0 < sum(output["seconds"].values()) < report["seconds"]["total"]
    seconds, cpu = report["seconds"], report["cpu_seconds"]
    assert 0 < seconds["probe"] + seconds["decode"] < seconds["total"]
    assert cpu["total"] == pytest.approx(cpu["self"] + cpu["children"], abs=0.002)
    assert report["bytes_read"]["over"] == "file"
    assert 0 < report["bytes_read"]["bytes"] < 2 * report["source"]["bytes"]
    assert report["peak_memory"]["bytes"] > 10_000_000


def test_an_address(server: RangeServer, moving: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = reported(capsys, server.url(moving.name), "a.gif", *SMALL)
    assert "secret" not in json.dumps(report)
    assert report["input"].endswith("/moving.mp4")
    assert report["source"]["bytes"] is None
    assert report["bytes_read"]["over"] == "http"
    assert 0 < report["bytes_read"]["bytes"] <= server.bytes_served < report["bytes_read"]["bytes"] + 400_000
    assert read_facts(folder / "a.gif").frames == 6


def test_an_address_with_a_space_in_it(
    server: RangeServer, moving: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.refuse["a%20%D1%84.mp4"] = [404]
    assert main(["encode", server.url("a ф.mp4"), "a.gif", *SMALL]) == 1
    assert capsys.readouterr().err.endswith("/a ф.mp4: There is nothing at that address; check it.\n")
    assert server.requests


@pytest.mark.parametrize(("status", "hint"), [(403, "refuses to give"), (404, "nothing at that address")])
def test_an_address_that_gives_nothing(
    server: RangeServer, folder: Path, capsys: pytest.CaptureFixture[str], status: int, hint: str
) -> None:
    server.refuse["film.mp4"] = [status]
    assert main(["encode", server.url("film.mp4"), "a.gif"]) == 1
    printed = capsys.readouterr().err
    assert hint in printed
    assert "secret" not in printed
    assert len(printed.splitlines()) == 1


def test_nobody_at_the_address(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["encode", "http://localhost:1/film.mp4", "a.gif", "--verbose"]) == 1
    said, *details = capsys.readouterr().err.splitlines()
    assert said == "cliploop: The server does not answer; check the address."
    assert any("Connection refused" in detail for detail in details)


def test_a_sound_is_no_video(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make(folder / "song.m4a", "-f", "lavfi", "-i", "sine=d=1", "-c:a", "aac")
    assert main(["encode", "song.m4a", "a.gif"]) == 1
    said = capsys.readouterr().err
    assert said == "cliploop: song.m4a: The file has no video stream; choose one with moving pictures.\n"


def test_an_output_that_cannot_be_made_leaves_the_others(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make(folder / "long.mp4", "-f", "lavfi", "-i", "testsrc2=s=16x16:r=50:d=150", *H264)
    words = ["long.mp4", "a.gif", "b.webp", "--fps", "50", "--json"]
    assert main(["encode", *words]) == 1
    printed = capsys.readouterr()
    assert [output["error"]["code"] for output in json.loads(printed.out)["outputs"]] == ["LimitExceeded"] * 2
    assert printed.err.startswith("cliploop: a.gif: The output would need 7500 frames; the limit is 6000.\n")
    assert not (folder / "a.gif").exists()


def test_a_section_behind_the_end(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["encode", "film.mp4", "a.gif", "--start", "9"]) == 1
    assert "starts at 9000 ms, but the video is 4" in capsys.readouterr().err


def test_without_ffmpeg(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("CLIPLOOP_FFMPEG", "/gone/ffmpeg")
    locate.ffmpeg.cache_clear()
    try:
        assert main(["encode", "film.mp4", "a.gif"]) == 1
    finally:
        locate.ffmpeg.cache_clear()
    said = capsys.readouterr().err
    assert said == "cliploop: There is no ffmpeg; install it, or name one by CLIPLOOP_FFMPEG.\n"


def test_what_exists_is_replaced_only_on_demand(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "a.gif").write_bytes(b"old")
    (folder / "link.webp").symlink_to("behind.webp")
    assert main(["encode", "film.mp4", "a.gif", *SMALL]) == 2
    assert (folder / "a.gif").read_bytes() == b"old"
    assert main(["encode", "film.mp4", "a.gif", "link.webp", "--overwrite", *SMALL]) == 0
    assert read_facts(folder / "a.gif").frames == 6
    assert (folder / "link.webp").is_symlink()
    assert read_facts(folder / "behind.webp").frames == 6
    assert (folder / "a.gif").stat().st_mode & 0o777 == 0o666 & ~umask()


def umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.parametrize(
    "name", ["夏 休み", "фильм", "فيلم", "with space", "a'b\"c", "%d-%n", "-dash", "--json", "a:b"]
)
def test_names_of_every_kind(folder: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "film.mp4").rename(folder / f"{name}.mp4")
    assert main(["encode", *SMALL, "--", f"{name}.mp4", f"{name}.gif"]) == 0
    assert read_facts(folder / f"{name}.gif").frames == 6
    assert capsys.readouterr().err.startswith(f"{name}.gif: 64x36")


def test_a_name_that_is_no_text(folder: Path) -> None:
    (folder / "film.mp4").rename(os.fsdecode(b"\xff.mp4"))
    words = [*COMMAND, *map(os.fsdecode, (b"\xff.mp4", b"\xfe.gif")), "--json", *SMALL]
    done = subprocess.run(words, env=environment(), capture_output=True, check=True)
    assert json.loads(done.stdout)["outputs"][0]["frames"] == 6
    assert Path(os.fsdecode(b"\xfe.gif")).is_file()


def test_outputs_in_other_folders(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "one").mkdir()
    (folder / "two").mkdir()
    assert main(["encode", "film.mp4", "one/a.gif", "two/a.gif", *SMALL]) == 0
    assert [path.name for path in sorted((folder / "one").iterdir())] == ["a.gif"]
    assert (folder / "one/a.gif").read_bytes() == (folder / "two/a.gif").read_bytes()


def test_larger_than_the_source_only_on_demand(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["film.mp4", "--width", "400", "--end", "0.2"]
    assert reported(capsys, *words, "a.gif")["outputs"][0]["applied"]["width"] == 320
    assert reported(capsys, *words, "b.gif", "--upscale")["outputs"][0]["applied"]["width"] == 400


@pytest.fixture
def heavy(clips: Path) -> Path:
    """20 s that take far longer than a second to make images of."""
    return make(clips / "heavy.mp4", "-f", "lavfi", "-i", "testsrc2=s=1280x720:r=30:d=20", *H264)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ctrl_c_leaves_nothing(heavy: Path, tmp_path: Path, number: int, code: int) -> None:
    (tmp_path / "a.gif").write_bytes(b"old")
    words = [*COMMAND, str(heavy), "a.gif", "b.webp", "--fps", "30", "--overwrite"]
    with subprocess.Popen(words, cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True) as process:
        while not (any(tmp_path.glob(".cliploop-*/*")) and (decoders := children_of(process.pid))):
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(number)
        _, said = process.communicate(timeout=10)
    assert process.returncode == code
    assert said == "cliploop: stopped; what was not finished was not written.\n"
    assert [path.name for path in tmp_path.iterdir()] == ["a.gif"]
    assert (tmp_path / "a.gif").read_bytes() == b"old"
    assert not [decoder for decoder in decoders if Path("/proc", decoder).exists()]


def children_of(process: int) -> list[str]:
    return Path(f"/proc/{process}/task/{process}/children").read_text().split()


def test_a_terminal_gets_a_bar_and_stdout_only_the_report(heavy: Path, tmp_path: Path) -> None:
    leader, follower = pty.openpty()
    words = [*COMMAND, str(heavy), "a.webp", "--width", "640", "--end", "3", "--json"]
    terminal = {**environment(), "TERM": "xterm"}
    with subprocess.Popen(words, cwd=tmp_path, env=terminal, stdout=subprocess.PIPE, stderr=follower) as process:
        os.close(follower)
        printed, _ = process.communicate(timeout=30)
    with os.fdopen(leader, "rb", buffering=0) as screen:
        text = screen.read(1 << 16).decode()
    assert process.returncode == 0
    assert json.loads(printed)["outputs"][0]["frames"] == 36
    assert " of 36 frames" in text
    assert text.splitlines()[-1].rpartition("\x1b[K")[2].startswith("a.webp: 640x360, 36 frames, 3 s")
