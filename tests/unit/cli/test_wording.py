"""Sentences for a person at a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from cliploop.adapters.ffmpeg import failures
from cliploop.application.ports import EncodedImage
from cliploop.cli.wording import line, sentence, shown
from cliploop.domain.errors import CliploopError, ErrorCode

#: Every line of ffmpeg's that is known to mean something.
COMPLAINTS = (
    "Server returned 404 Not Found",
    "Server returned 403 Forbidden",
    "HTTP error 500",
    "Error reading HTTP response",
    "stream 0, offset 0x30: partial file",
    "No such file or directory",
    "Permission denied",
    "Format not on whitelist",
    "Picture size 99999x99999 is invalid",
    "Decoder (codec dvvideo) not found",
    "Output file does not contain any stream",
    "Cannot allocate memory",
    "moov atom not found",
    "Input/output error",
    "Unrecognized option 'x'",
    "words that nobody knows",
)


@pytest.mark.parametrize("complaint", COMPLAINTS)
def test_no_sentence_speaks_of_uploads_or_of_a_service(complaint: str) -> None:
    text = sentence(failures.opening_failed(complaint, exit_code=1), "film.mp4")
    assert not {"upload", "service", "bucket", "operator", "store"} & set(text.replace(";", "").split())
    assert ";" in text
    assert text.endswith(".")


@pytest.mark.parametrize(
    ("complaint", "hint"),
    [
        ("Connection to tcp://localhost:1 failed: Connection refused", "check the address"),
        ("Failed to resolve hostname nowhere.invalid", "check the address"),
        ("[http] Unexpected offset: expected 314459, got 0", "download it first"),
        ("Error writing: No space left on device", "disk is full"),
    ],
)
def test_causes_that_are_told_apart(complaint: str, hint: str) -> None:
    assert hint in sentence(failures.opening_failed(complaint, exit_code=1), "https://example.com/a.mp4")


def test_the_houses_own_sentences_stay() -> None:
    text = "The section starts at 9000 ms, but the video is 4000 ms long."
    assert sentence(CliploopError(ErrorCode.SECTION_INVALID, text), "film.mp4") == text


def test_an_address_is_shown_without_what_is_secret_in_it() -> None:
    assert shown("https://me:word@example.com/a.mp4?X-Amz-Signature=secret#t=1") == "https://example.com/a.mp4"


@pytest.mark.parametrize(
    ("name", "text"), [("夏 休み.gif", "夏 休み.gif"), ("a\n.gif", "'a\\n.gif'"), ("\udcff.gif", "'\\udcff.gif'")]
)
def test_a_name_does_nothing_to_the_terminal(name: str, text: str) -> None:
    assert shown(name) == text


@pytest.mark.parametrize(
    ("size", "frames", "text"),
    [
        (1_234_567, 48, "a.gif: 64x36, 48 frames, 4.04 s, 1.23 MB"),
        (12_345, 1, "a.gif: 64x36, 1 frame, 4.04 s, 12.3 kB"),
    ],
)
def test_an_image_in_a_line(size: int, frames: int, text: str) -> None:
    image = EncodedImage(Path("0.gif"), size, "", 64, 36, frames, 4040)
    assert line("a.gif", image) == text
