from __future__ import annotations

from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cliploop.application.scroll import Scroll
from cliploop.domain.errors import InvalidRequestError

PLACES = ["1700000000000#1", "1700000000000#9223372036854775807", "0000000000000#1700000000000#42"]


@pytest.mark.parametrize("place", PLACES)
def test_a_token_reads_back_and_shows_nothing_of_the_search(place: str) -> None:
    scroll = Scroll(1_700_000_000_000, place)
    token = scroll.write("a search")
    assert Scroll.read(token, "a search") == scroll
    assert token.isascii()
    assert token.replace("-", "").replace("_", "").isalnum()


def test_a_token_serves_for_no_other_search() -> None:
    token = Scroll(1_700_000_000_000, PLACES[0]).write("a search")
    with pytest.raises(InvalidRequestError) as raised:
        Scroll.read(token, "another search")
    assert raised.value.parameter == "ScrollToken"


@pytest.mark.parametrize("place", PLACES)
def test_a_token_with_one_wrong_character_is_refused(place: str) -> None:
    token = Scroll(1_700_000_000_000, place).write("s")
    for at in range(len(token)):
        mangled = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        with pytest.raises(InvalidRequestError):
            Scroll.read(mangled, "s")


@pytest.mark.parametrize(
    "text", ["", "=", "é", "a", "a\x00b", "\ud800", "1700000000000.1700000000000#1", "A" * 4_096]
)
def test_what_is_no_token_is_refused(text: str) -> None:
    for token in (text, urlsafe_b64encode(text.encode(errors="replace")).decode()):
        with pytest.raises(InvalidRequestError):
            Scroll.read(token, "s")


@given(st.text())
def test_any_text_is_refused_and_nothing_else_happens(token: str) -> None:
    with pytest.raises(InvalidRequestError):
        Scroll.read(token, "s")
