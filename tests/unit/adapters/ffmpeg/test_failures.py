from __future__ import annotations

import signal

import pytest

from cliploop.adapters.ffmpeg import failures
from cliploop.domain.errors import ErrorCode

URL = "https://bucket.s3.amazonaws.com/key.mp4?X-Amz-Signature=secret"


@pytest.mark.parametrize(
    ("words", "code", "retryable"),
    [
        ("Error opening input files: Server returned 404 Not Found", ErrorCode.SOURCE_NOT_FOUND, False),
        ("Server returned 403 Forbidden (access denied)", ErrorCode.SOURCE_FORBIDDEN, False),
        ("Server returned 5XX Server Error reply", ErrorCode.UNAVAILABLE, True),
        ("Connection to tcp://localhost:1 failed: Connection refused", ErrorCode.UNAVAILABLE, True),
        ("Failed to resolve hostname nohost.invalid: Name or service not known", ErrorCode.UNAVAILABLE, True),
        ("Error opening input files: Connection timed out", ErrorCode.UNAVAILABLE, True),
        ("Format not on whitelist 'mov'", ErrorCode.SOURCE_UNSUPPORTED, False),
        ("moov atom not found", ErrorCode.SOURCE_MALFORMED, False),
        ("Unrecognized option 'x'", ErrorCode.INTERNAL, False),
        ("words that nobody has seen", ErrorCode.SOURCE_MALFORMED, False),
    ],
)
def test_words_have_a_meaning_and_stay_in_the_log(words: str, code: ErrorCode, *, retryable: bool) -> None:
    error = failures.opening_failed(f"Error opening input file {URL}.\n{words}", exit_code=8)
    assert (error.code, error.retryable) == (code, retryable)
    assert words.partition("tcp://")[0] in error.log_text
    assert "secret" not in error.log_text
    assert words not in error.caller_text


def test_only_a_reason_that_may_pass_breaks_a_section() -> None:
    assert failures.reading_broke("Invalid data found when processing input", 0) is None
    broken = failures.reading_broke("Error reading HTTP response: Connection reset by peer", 0)
    assert broken is not None
    assert broken.retryable


def test_an_address_that_expires_in_the_middle_is_tried_again_with_a_new_one() -> None:
    broken = failures.reading_broke("[http] HTTP error 403 Forbidden", 0)
    assert broken is not None
    assert (broken.code, broken.retryable) == (ErrorCode.UNAVAILABLE, True)


def test_being_killed_for_want_of_memory_is_tried_again() -> None:
    error = failures.reading_broke("", -signal.SIGKILL)
    assert error is not None
    assert (error.code, error.retryable) == (ErrorCode.UNAVAILABLE, True)


def test_using_up_the_processor_is_the_deadline() -> None:
    error = failures.reading_broke("", -signal.SIGXCPU)
    assert error is not None
    assert error.code == ErrorCode.DEADLINE_EXCEEDED


def test_a_log_text_is_bounded() -> None:
    assert len(failures.no_frames("x" * 1_000_000, 1).log_text) < 3_000


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("[vist#0:0/h264] Error while decoding: Decoding error: Invalid data found when processing input", True),
        # Of what needs a key, a decoder sometimes finds every packet wrong and no single one an error.
        ("[vist#0:0/h264] [dec:h264] Decode error rate 0.932584 exceeds maximum 0.666667", True),
        ("[h264] corrupt decoded frame", False),
    ],
)
def test_what_could_need_a_key(words: str, *, expected: bool) -> None:
    assert failures.hardly_decoded(words) is expected
