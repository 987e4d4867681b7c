from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cliploop.domain.media_type import MEDIA_TYPES, read_media_type
from cliploop.domain.upload import APPLIED_PREFIX
from cliploop.domain.upload_key import CLIENT_PREFIX, applied_key, client_key, is_exact, safe_name

PROJECT = "0" * 32


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("Holiday 2026.mp4", "Holiday-2026.mp4"),
        ("Holiday.MP4", "Holiday.mp4"),
        ("clip.mov", "clip-mov.mp4"),
        ("../../etc/passwd", "etc-passwd.mp4"),
        ("..", "media.mp4"),
        (".mp4", "media.mp4"),
        ("", "media.mp4"),
        ("动物世界", "media.mp4"),
        ("a%00b", "a-00b.mp4"),
        ("a\x00b", "a-b.mp4"),
        ("\"'`;|&", "media.mp4"),
        ("*?${filename}", "filename.mp4"),
        ("x" * 2_000, "x" * 64 + ".mp4"),
        ("İ.mp4", "media.mp4"),
    ],
)
def test_what_is_left_of_a_name(name: str, kept: str) -> None:
    assert safe_name(name, "mp4") == kept


@given(st.text(max_size=300), st.sampled_from(sorted(MEDIA_TYPES)))
def test_whatever_it_is_called_a_key_means_only_itself(name: str, media_type: str) -> None:
    for key, prefix in (
        (applied_key(PROJECT, "abcd", name, media_type), APPLIED_PREFIX),
        (client_key(PROJECT, "abcd", name, media_type), CLIENT_PREFIX),
    ):
        assert re.fullmatch(rf"{prefix}{PROJECT}/abcd/[A-Za-z0-9_-]{{1,64}}\.{media_type}", key)
        assert is_exact(key)
        assert json.dumps(key) == f'"{key}"'


@pytest.mark.parametrize("key", ["", "a*", "a?b", "$", "a b", "a\\b", "ä", 'a"', "a\n"])
def test_what_a_policy_reads_as_something_else_is_not_exact(key: str) -> None:
    assert not is_exact(key)


@pytest.mark.parametrize(
    ("text", "read"),
    [("mp4", "mp4"), ("MKV", "mkv"), ("gif", "gif"), (".mp4", None), ("", None), ("mp4 ", None), ("m3u8", None)],
)
def test_a_media_type(text: str, read: str | None) -> None:
    assert read_media_type(text) == read
