from __future__ import annotations

from email.header import Header
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.procedure import NotifyMode
from cliploop.domain.section import Section
from cliploop.domain.upload import UploadedObject, UploadOrder, read_order, reason_to_skip


def upload(key: str = "clip.mp4", size: int = 1) -> UploadedObject:
    return UploadedObject(ObjectVersion("uploads", key, "v"), size)


@pytest.mark.parametrize(
    ("what", "metadata", "word"),
    [
        (upload(key="folder/"), {}, "folder"),
        (upload(size=0), {}, "empty"),
        (upload(), {"cliploop-attempt": "1"}, "written by cliploop"),
        (upload(key="cliploop-applied/p/n/clip.mp4"), {"procedure": "preview"}, "commit"),
    ],
)
def test_what_is_skipped_says_why(what: UploadedObject, metadata: dict[str, str], word: str) -> None:
    assert word in (reason_to_skip(what, metadata) or "")


@pytest.mark.parametrize("key", ["clip.mp4", "client-uploads/p/n/clip.mp4", "a/cliploop-applied/clip.mp4"])
@pytest.mark.parametrize("procedure", ["preview", "none"])
def test_an_ordinary_upload_is_not_skipped(key: str, procedure: str) -> None:
    assert reason_to_skip(upload(key=key), {"procedure": procedure}) is None


def test_metadata_that_says_nothing_orders_nothing() -> None:
    assert read_order({}) == UploadOrder()


def test_a_whole_order() -> None:
    order = read_order(
        {
            "procedure": "vor%C3%A4b",
            "section": "2,5.5",
            "session-context": "a%2Bb",
            "tasks-priority": "-10",
            "tasks-notify-mode": "Change",
            "source-context": "%E5%8B%95",
            "media-name": "a%20b.mp4",
        }
    )
    assert order == UploadOrder(
        "voräb", Section(2_000, 5_500), "a+b", -10, NotifyMode.CHANGE, source_context="動", name="a b.mp4"
    )


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_a_percent_encoded_context_comes_through(text: str) -> None:
    assert read_order({"session-context": quote(text)}).session_context == text


def test_rfc_2047_as_s3_answers_it_is_read() -> None:
    assert read_order({"session-context": Header("日本語 ü", "utf-8").encode()}).session_context == "日本語 ü"


def test_a_value_that_is_encoded_in_no_way_means_what_it_says() -> None:
    assert read_order({"session-context": "100% =?x?y?z?="}).session_context == "100% =?x?y?z?="


@pytest.mark.parametrize(
    ("section", "meant"),
    [
        ("2,5", Section(2_000, 5_000)),
        ("2,", Section(2_000, 0)),
        (",5", Section(0, 5_000)),
        ("-3,", Section(-3_000, 0)),
    ],
)
def test_a_section(section: str, meant: Section) -> None:
    assert read_order({"section": section}).section == meant


@pytest.mark.parametrize(
    "metadata",
    [
        {"section": "2-5"},
        {"section": "a,b"},
        {"section": "nan,1"},
        {"section": "1e99,"},
        {"section": "1,2,3"},
        {"tasks-priority": "11"},
        {"tasks-priority": "high"},
        {"session-context": "x" * 1001},
        {"source-context": "x" * 251},
        {"media-name": "x" * 1025},
        {"tasks-notify-mode": "finish"},
    ],
)
def test_a_wrong_entry_is_named(metadata: dict[str, str]) -> None:
    with pytest.raises(CliploopError) as raised:
        read_order(metadata)
    assert raised.value.code is ErrorCode.UPLOAD_METADATA_INVALID
    assert f"x-amz-meta-{next(iter(metadata))}" in raised.value.caller_text
    assert not raised.value.retryable
