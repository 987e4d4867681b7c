"""What a person at a terminal reads: errors in words that fit there, a line for each image."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cliploop.domain.errors import CliploopError, ErrorCode

if TYPE_CHECKING:
    from cliploop.application.ports import EncodedImage  # knows the whole domain, which a wrong word does not need

#: The house's sentences are made for whoever uploads to a service. Where one speaks of that, these stand for it.
_INSTEAD = {
    ErrorCode.SOURCE_NOT_FOUND: "There is nothing at that address; check it.",
    ErrorCode.SOURCE_FORBIDDEN: "The server refuses to give the file; check the address and who may read it.",
    ErrorCode.SOURCE_UNSUPPORTED: (
        "This kind of file is not supported; give MP4, MOV, MKV, WebM, AVI, FLV, MPEG, OGG, WMV or GIF."
    ),
    ErrorCode.SOURCE_MALFORMED: "The file is damaged, incomplete or no video; check that it plays to its end.",
    ErrorCode.SOURCE_WITHOUT_VIDEO: "The file has no video stream; choose one with moving pictures.",
    ErrorCode.SOURCE_ENCRYPTED: "The video is encrypted; give one without copy protection.",
    ErrorCode.SOURCE_COLOR_UNSUPPORTED: (
        "The video's colours cannot be read without Dolby's decoder or are of a rare kind; export it as SDR, HDR10 "
        "or HLG."
    ),
    ErrorCode.LIMIT_EXCEEDED: "The video's picture is too large to be decoded; make a smaller version of it first.",
    ErrorCode.DEADLINE_EXCEEDED: "The work took longer than a day; ask for a shorter section or a smaller size.",
    ErrorCode.UNAVAILABLE: "The file could not be read to the section's end; check the connection, and try again.",
    ErrorCode.INTERNAL: "ffmpeg failed for a reason that cliploop does not know; --verbose shows its words.",
}
_OF_A_SERVICE = re.compile(r"upload|service|one task|its bucket|in the store|the work is tried|no video stream\.$")
#: Only some causes are told apart by the log's words: what to do about them differs.
_CAUSES = (
    (r"Unexpected offset", "The server cannot send parts of a file; download it first."),
    (r"Connection refused|Failed to resolve|unreachable|timed out", "The server does not answer; check the address."),
    (r"No space left", "The disk is full; make room for the images."),
    (r"no ffmpeg in|CLIPLOOP_FFMPEG names", "There is no ffmpeg; install it, or name one by CLIPLOOP_FFMPEG."),
)


def sentence(error: CliploopError, source: str) -> str:
    """An error in one sentence: what is wrong with which source, and what to do."""
    text = next((words for cause, words in _CAUSES if re.search(cause, error.log_text)), None)
    if text is None:
        text = error.caller_text
        if _OF_A_SERVICE.search(text):
            text = _INSTEAD.get(error.code, text)
    is_about_source = error.code.startswith("Source") and shown(source) not in text
    return f"{shown(source)}: {text}" if is_about_source else text


def line(name: str, image: EncodedImage) -> str:
    """What an image has become, in a line."""
    frames = f"{image.frames} frame{'s' if image.frames != 1 else ''}"
    return (
        f"{shown(name)}: {image.width}x{image.height}, {frames}, {image.duration_ms / 1000:g} s, {_bytes(image.size)}"
    )


def is_remote(source: str) -> bool:
    """Whether a source is an address."""
    return source.lower().startswith(("http://", "https://"))


def shown(name: str) -> str:
    """A name that a terminal can be given; an address without what may be secret in it."""
    if is_remote(name):
        parts = urlsplit(name)
        name = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    return name if name.isprintable() else ascii(name)


def _bytes(count: int) -> str:
    return f"{count / 1e6:.2f} MB" if count >= 1e5 else f"{count / 1e3:.1f} kB"  # noqa: PLR2004
