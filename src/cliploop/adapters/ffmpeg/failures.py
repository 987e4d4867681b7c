"""ffmpeg's complaints as our errors. The caller never reads ffmpeg's words, and no log the signed address."""

from __future__ import annotations

import re
import signal

from cliploop.domain.errors import CliploopError, ErrorCode

_ADDRESS = re.compile(r"\b(?:https?|tcp|tls)://[^\s'\"]+")
_LONGEST_LOG = 2_000

_UNSUPPORTED = "This kind of file is not supported; upload MP4, MOV, MKV, WebM, AVI, FLV, MPEG, OGG, WMV or GIF."
_MALFORMED = "The file is damaged, incomplete or no video; check that it plays to its end, and upload it again."
_ENCRYPTED = "The video is encrypted; upload it without copy protection."
_NO_VIDEO = "The file has no video stream."
_NO_FRAMES = "The section has no picture that can be shown; choose another one."
_TOO_LARGE = "The picture is larger than this service decodes; upload a smaller version of the video."
_GONE = "The file is not in the store any more; upload it again."
_DENIED = "The service may not read the file; check the permissions of its bucket."
_LATER = "The file could not be read at the moment; the work is tried again."
_OURS = "The service cannot process videos at the moment; its operator has to look at the log."
_TOO_LONG = "The work did not fit in the time that one task may take; ask for a shorter section or a smaller size."

_OF_THE_STORE = {ErrorCode.UNAVAILABLE, ErrorCode.SOURCE_FORBIDDEN, ErrorCode.SOURCE_NOT_FOUND}
_OUT_OF_REACH = (
    r"HTTP error [45]|Server returned|Connection (refused|timed out|reset)|Failed to resolve|Network is unreachable"
    r"|Error reading HTTP response|Error in the pull function|Stream ends prematurely|certificate verify"
)

#: In MP4 and MOV, in Matroska and WebM, and in everything else that was cut in the middle of a packet.
_BROKEN_OFF = r"partial file|File ended prematurely|Packet corrupt|corrupt input packet|corrupt decoded frame"

#: In this order: the first words that are found decide.
_MEANINGS: tuple[tuple[str, ErrorCode, str, bool], ...] = (
    (r"Unrecognized option|Option (\S+ )?not found|No such filter", ErrorCode.INTERNAL, _OURS, False),
    (r"(Server returned|HTTP error) (404|410)", ErrorCode.SOURCE_NOT_FOUND, _GONE, False),
    (r"(Server returned|HTTP error) 40[13]", ErrorCode.SOURCE_FORBIDDEN, _DENIED, False),
    (_OUT_OF_REACH, ErrorCode.UNAVAILABLE, _LATER, True),
    (r"partial file", ErrorCode.SOURCE_MALFORMED, _MALFORMED, False),
    (r"No such file or directory", ErrorCode.SOURCE_NOT_FOUND, _GONE, False),
    (r"Permission denied", ErrorCode.SOURCE_FORBIDDEN, _DENIED, False),
    (r"Format not on whitelist|not on whitelist", ErrorCode.SOURCE_UNSUPPORTED, _UNSUPPORTED, False),
    (r"Picture size \d+x\d+ (exceeds|is invalid)", ErrorCode.LIMIT_EXCEEDED, _TOO_LARGE, False),
    (r"Decoding requested, but no decoder|Decoder .* not found", ErrorCode.SOURCE_UNSUPPORTED, _UNSUPPORTED, False),
    (r"matches no streams|does not contain any stream", ErrorCode.SOURCE_WITHOUT_VIDEO, _NO_VIDEO, False),
    (r"Cannot allocate memory", ErrorCode.LIMIT_EXCEEDED, _TOO_LARGE, False),
    (
        r"moov atom not found|Invalid data found|End of file|Invalid argument|Operation not permitted",
        ErrorCode.SOURCE_MALFORMED,
        _MALFORMED,
        False,
    ),
    (r"Input/output error", ErrorCode.UNAVAILABLE, _LATER, True),
)


def opening_failed(stderr: str, *, exit_code: int) -> CliploopError:
    """The error of a source that could not be opened or decoded at all."""
    known = _known(stderr)
    return known or CliploopError(
        ErrorCode.SOURCE_MALFORMED, _MALFORMED, log_text=f"ffmpeg ended with {exit_code}: {scrubbed(stderr)}"
    )


def reading_broke(stderr: str, exit_code: int) -> CliploopError | None:
    """The error of a run that stopped before the section's end for a reason that may pass, or None."""
    if exit_code == -signal.SIGXCPU:
        return CliploopError(ErrorCode.DEADLINE_EXCEEDED, _TOO_LONG, log_text="ffmpeg used up its processor time")
    if exit_code == -signal.SIGKILL:
        log_text = "ffmpeg was killed from outside, probably for want of memory"
        return CliploopError(ErrorCode.UNAVAILABLE, _LATER, log_text=log_text, retryable=True)
    known = _known(stderr)
    if known is None or known.code not in _OF_THE_STORE:
        return None
    # Even a refusal: the source could be opened, so its address has expired, and the next try has a new one.
    return CliploopError(ErrorCode.UNAVAILABLE, _LATER, log_text=known.log_text, retryable=True)


def file_broke_off(stderr: str) -> bool:
    """Whether the file ends before its index, its header or its last packet say so."""
    return re.search(_BROKEN_OFF, stderr) is not None


def hardly_decoded(stderr: str) -> bool:
    """Whether the decoder met what it could not read: damage, or what needs a key."""
    return "Decoding error" in stderr or mostly_damaged(stderr)


def mostly_damaged(stderr: str) -> bool:
    """Whether so little could be decoded that what was is no picture of the film."""
    return "Decode error rate" in stderr


def encrypted(stderr: str) -> CliploopError:
    """The error of a file that needs a key."""
    return CliploopError(ErrorCode.SOURCE_ENCRYPTED, _ENCRYPTED, log_text=f"ffmpeg: {scrubbed(stderr)}")


def no_frames(stderr: str, exit_code: int) -> CliploopError:
    """The error of a section of which nothing could be shown."""
    known = _known(stderr) if exit_code else None
    return known or CliploopError(
        ErrorCode.OUTPUT_EMPTY, _NO_FRAMES, log_text=f"ffmpeg ended with {exit_code}: {scrubbed(stderr)}"
    )


def scrubbed(text: str) -> str:
    """Words for a log: no address, and not more than a page."""
    return _ADDRESS.sub("<source>", text).strip()[-_LONGEST_LOG:]


def _known(stderr: str) -> CliploopError | None:
    for words, code, caller_text, retryable in _MEANINGS:
        if re.search(words, stderr):
            return CliploopError(code, caller_text, log_text=f"ffmpeg: {scrubbed(stderr)}", retryable=retryable)
    return None
