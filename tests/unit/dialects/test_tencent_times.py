from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cliploop.dialects.tencent_vod.times import iso, read_iso, seconds
from cliploop.domain.errors import InvalidRequestError

#: The last second of the year 9999.
LATEST_S = 253_402_300_799


@given(st.integers(1, LATEST_S))
def test_a_moment_reads_back(second: int) -> None:
    assert read_iso(iso(second * 1000), "T") == second * 1000


def test_no_moment_is_empty() -> None:
    assert iso(0) == ""


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("1970-01-01T00:00:01Z", 1_000),
        ("1970-01-01T08:00:01+08:00", 1_000),
        ("1970-01-01T00:00:00.25Z", 250),
        ("0001-01-01T00:00:00+14:00", -62_135_647_200_000),
        ("9999-12-31T23:59:59-14:00", 253_402_351_199_000),
    ],
)
def test_moments(text: str, milliseconds: int) -> None:
    assert read_iso(text, "T") == milliseconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-01-31",
        "2026-01-31T23:59:59",
        "2026-01-31 23:59:59Z",
        "2026-02-31T23:59:59Z",
        "2026-01-31T24:00:01Z",
        "2026-01-31T23:59:60Z",
        "20260131T235959Z",
        "2026-W05-6T23:59:59Z",
        "٢٠٢٦-01-31T23:59:59Z",
        "2026-01-31T23:59:59+99:00",
        "0000-01-01T00:00:00Z",
        "x" * 5_000,
    ],
)
def test_what_is_no_moment_is_refused_by_its_name(text: str) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        read_iso(text, "CreateTime.After")
    assert raised.value.parameter == "CreateTime.After"


@given(st.text())
def test_any_text_is_a_moment_or_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError):
        read_iso(text, "T")


@pytest.mark.parametrize(("milliseconds", "length"), [(0, 0), (2_000, 2), (5_500, 5.5), (-1, -0.001)])
def test_lengths_are_integers_where_they_can_be(milliseconds: int, length: float) -> None:
    assert seconds(milliseconds) == length
    assert isinstance(seconds(milliseconds), int) is (milliseconds % 1000 == 0)
