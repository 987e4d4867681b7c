"""What is wrong with files is told before any work is done."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from cliploop.cli.arguments import read_words
from cliploop.cli.command import main
from cliploop.cli.targets import check_targets, put, scratch_beside
from cliploop.domain.errors import CliploopError, ErrorCode, InvalidRequestError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a source that nobody gets to read."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.mp4").write_bytes(b"no video")
    (tmp_path / "in.gif").write_bytes(b"no video either")
    (tmp_path / "old.gif").write_bytes(b"old")
    (tmp_path / "folder.gif").mkdir()
    (tmp_path / "link.gif").symlink_to("in.gif")
    return tmp_path


def refusal(words: str) -> str:
    with pytest.raises(InvalidRequestError) as caught:
        check_targets(read_words(["encode", *words.split()]))
    return caught.value.caller_text


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("in.mp4 gone/out.gif", "The folder of gone/out.gif does not exist; make it, or choose another one."),
        ("in.mp4 in.mp4/out.gif", "The folder of in.mp4/out.gif does not exist; make it, or choose another one."),
        ("in.mp4 folder.gif", "folder.gif is a folder; name a file."),
        ("in.mp4 old.gif", "old.gif exists; choose another name, or replace it with --overwrite."),
        ("in.mp4 a.gif ./a.gif", "./a.gif is named twice; give each output a name of its own."),
        ("in.gif in.gif --overwrite", "in.gif is the input as well; give the output another name."),
        ("in.gif link.gif --overwrite", "link.gif is the input as well; give the output another name."),
    ],
)
def test_outputs(folder: Path, words: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert refusal(words) == text
    assert main(["encode", *words.split()]) == 2
    assert capsys.readouterr().err == f"cliploop: {text}\n"
    assert (folder / "old.gif").read_bytes() == b"old"


def test_a_folder_that_must_not_be_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere
    assert refusal("in.mp4 out.gif").startswith("You may not write into the folder of out.gif;")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("gone.mp4", "There is no file gone.mp4; check its name."),
        ("folder.gif", "folder.gif is no file; name a video file."),
        ("a\x1b[31m.mp4", "There is no file 'a\\x1b[31m.mp4'; check its name."),
    ],
)
def test_sources(folder: Path, source: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["encode", source, "out.gif"]) == 1
    assert capsys.readouterr().err == f"cliploop: {text}\n"


def test_nothing_is_left_of_a_failure(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(folder.iterdir())
    assert main(["encode", "in.mp4", "out.gif"]) == 1
    assert capsys.readouterr().err == (
        "cliploop: in.mp4: The file is damaged, incomplete or no video; check that it plays to its end.\n"
    )
    assert sorted(folder.iterdir()) == before


def test_an_image_gets_to_its_place_in_one_step(folder: Path) -> None:
    target = folder / "old.gif"
    with scratch_beside(target) as scratch:
        image = scratch / "0.gif"
        image.write_bytes(b"new")
        put(image, target)
    assert target.read_bytes() == b"new"


def test_on_another_file_system_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = Path.replace

    def replaced(self: Path, target: Path) -> Path:
        if self.parent.parent != target.parent:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", replaced)
    (folder / "elsewhere").mkdir()
    image = folder / "elsewhere" / "0.gif"
    image.write_bytes(b"new")
    put(image, folder / "old.gif")
    assert (folder / "old.gif").read_bytes() == b"new"
    assert not list(folder.glob(".cliploop-*"))


def test_a_place_that_cannot_be_written_is_an_error_with_four_parts(folder: Path) -> None:
    (folder / "0.gif").write_bytes(b"new")
    with pytest.raises(CliploopError) as caught:
        put(folder / "0.gif", folder / "folder.gif")
    error = caught.value
    assert (error.code, error.retryable) == (ErrorCode.UNAVAILABLE, True)
    assert "Is a directory" in error.log_text
    assert "choose another folder" in error.caller_text
