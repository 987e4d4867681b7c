from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cliploop.domain.destination import MAX_KEY_BYTES, Destination, is_possible_key
from cliploop.domain.errors import InvalidRequestError
from cliploop.domain.template import ImageFormat

PROJECT = "0123456789abcdef" * 2


def key_of(folder: str, file_name: str = "") -> str:
    return Destination("outputs", folder, file_name).key_of(PROJECT, 7, ImageFormat.WEBP)


@pytest.mark.parametrize(
    ("folder", "file_name", "key"),
    [
        ("", "", "7.webp"),
        ("", "mine.gif", "mine.gif"),
        ("a/b", "mine.gif", "a/b/mine.gif"),
        ("/a/b/", "", "a/b/7.webp"),
        ("/", "x", "x"),
        ("动图 a+b", "ü.gif", "动图 a+b/ü.gif"),
        ("a", "b/c.gif", "a/b/c.gif"),
        ("...", "..gif", ".../..gif"),
        (PROJECT, f"{'f' * 32}", None),
        ("", PROJECT, PROJECT),
        (f"a/{PROJECT}", "x", f"a/{PROJECT}/x"),
        (f"{PROJECT}0", "x", f"{PROJECT}0/x"),
        ("", "x" * MAX_KEY_BYTES, "x" * MAX_KEY_BYTES),
        ("", "x" * (MAX_KEY_BYTES + 1), None),
        ("", "ü" * (MAX_KEY_BYTES // 2 + 1), None),
        ("a//b", "x", None),
        ("//a", "x", None),
        ("a", "/x", None),
        ("a", "x/", None),
        ("..", "x", None),
        ("a/../b", "x", None),
        ("a/.", "x", None),
        ("a", "..", None),
        (f"/{PROJECT}/1", "1.f20000.gif", None),
        ("", f"{PROJECT}/x", None),
        ("a\n", "x", None),
        ("a", "x\x00.gif", None),
        ("a\x7f", "x", None),
        ("a", "\x85", None),
        ("a", "\ud800", None),
    ],
)
def test_a_key_is_the_folder_and_the_name_or_is_refused(folder: str, file_name: str, key: str | None) -> None:
    if key is not None:
        assert key_of(folder, file_name) == key
        return
    with pytest.raises(InvalidRequestError) as raised:
        key_of(folder, file_name)
    assert raised.value.parameter == "output"


@given(st.text(), st.text())
def test_whatever_is_chosen_is_a_possible_key_outside_of_our_own(folder: str, file_name: str) -> None:
    try:
        key = key_of(folder, file_name)
    except InvalidRequestError:
        return
    assert is_possible_key(key)
    assert not key.startswith(f"{PROJECT}/")
    assert not {"", ".", ".."} & set(key.split("/"))


@pytest.mark.parametrize(
    ("key", "is_possible"),
    [("", False), ("a", True), ("ü" * 512, True), ("ü" * 513, False), ("a\ud800", False), ("a\n", True)],
)
def test_not_every_text_can_be_a_key(key: str, is_possible: bool) -> None:  # noqa: FBT001  # a table's column
    assert is_possible_key(key) is is_possible
