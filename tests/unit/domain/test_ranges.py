from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cliploop.domain.errors import InvalidRequestError
from cliploop.domain.ranges import FOLLOWS, SOURCE, Numbers, OutputRanges
from cliploop.domain.section import Section

EVEN = Numbers(32, 100, step=2, beside=(-1, 0))
STRICT = OutputRanges(
    width=EVEN, height=Numbers(32, 60, step=2, beside=(-1, 0)), rate=Numbers(1, 75), pairs_zeros=True
)


def wrong(check: object, *arguments: object, **named: object) -> str:
    """The parameter that is blamed; empty for none."""
    assert callable(check)
    try:
        check(*arguments, **named)
    except InvalidRequestError as error:
        assert error.parameter in error.caller_text
        return error.parameter
    return ""


@pytest.mark.parametrize("number", [-1, 0, 32, 34, 98, 100])
def test_a_number_within_is_taken(number: int) -> None:
    assert wrong(EVEN.check, number, "a.width") == ""


@pytest.mark.parametrize("number", [-2, 1, 2, 30, 31, 33, 99, 101, 102, 10**30, -(10**30)])
def test_a_number_outside_is_refused_by_its_name(number: int) -> None:
    assert wrong(EVEN.check, number, "a.width") == "a.width"


@given(st.integers(-10, 300), st.integers(0, 50), st.integers(50, 200), st.integers(1, 7))
def test_exactly_the_multiples_between_the_bounds_are_taken(number: int, least: int, most: int, step: int) -> None:
    taken = wrong(Numbers(least, most, step).check, number, "n") == ""
    assert taken == (number in [each for each in range(least, most + 1) if each % step == 0])


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        (Numbers(1, 60), "1 to 60"),
        (Numbers(128, 4096, beside=(0,)), "0 or 128 to 4096"),
        (EVEN, "-1, 0 or a multiple of 2 from 32 to 100"),
    ],
)
def test_ranges_describe_themselves(numbers: Numbers, words: str) -> None:
    assert numbers.describe() == words


@pytest.mark.parametrize(
    ("width", "height", "blamed"),
    [
        (32, 32, ""),
        (100, 60, ""),
        (FOLLOWS, 60, ""),
        (100, FOLLOWS, ""),
        (SOURCE, SOURCE, ""),
        (FOLLOWS, FOLLOWS, "w"),
        (FOLLOWS, SOURCE, "w"),
        (SOURCE, FOLLOWS, "w"),
        (SOURCE, 60, "w"),
        (100, SOURCE, "h"),
        (100, 62, "h"),
        (102, 60, "w"),
        (101, FOLLOWS, "w"),
    ],
)
def test_sides_that_go_together(width: int, height: int, blamed: str) -> None:
    assert wrong(STRICT.check_size, width, height, names=("w", "h")) == blamed


@pytest.mark.parametrize(("width", "height"), [(0, 0), (0, 32), (100, 0), (100, 100)])
def test_zeros_may_stand_for_what_follows(width: int, height: int) -> None:
    sides = Numbers(32, 100, beside=(0,))
    loose = OutputRanges(width=sides, height=sides, rate=Numbers(1, 60))
    assert wrong(loose.check_size, width, height, names=("w", "h")) == ""


@pytest.mark.parametrize(
    ("start_ms", "end_ms", "blamed"),
    [
        (0, 1, ""),
        (0, 60_000, ""),
        (5_000, 65_000, ""),
        (0, 60_001, "end"),
        (0, 0, "end"),
        (5, 5, "end"),
        (6, 5, "end"),
        (5, 0, "end"),
        (0, -1, "end"),
        (-1, 5, "start"),
        (-2, -1, "start"),
    ],
)
def test_a_section_lies_within_the_source_and_is_short_enough(start_ms: int, end_ms: int, blamed: str) -> None:
    minute = OutputRanges(width=EVEN, height=EVEN, rate=Numbers(1, 75), longest_ms=60_000)
    assert wrong(minute.check_section, Section(start_ms, end_ms), names=("start", "end")) == blamed


def test_a_section_may_be_of_any_length() -> None:
    assert STRICT.longest_ms is None
    assert wrong(STRICT.check_section, Section(0, 10**9), names=("start", "end")) == ""
