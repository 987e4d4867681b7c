from __future__ import annotations

from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cliploop.domain.template import ImageFormat
from cliploop.domain.timing import MIN_DELAY, TICKS_PER_SECOND, delays, frame_count, playable_rate

formats = st.sampled_from(ImageFormat)
rates = st.fractions(Fraction(1, 2), 240, max_denominator=1001)


@pytest.mark.parametrize(
    ("fps", "delays_of_3_s"),
    [(24, {4: 60, 5: 12}), (30, {3: 60, 4: 30}), (12, {8: 24, 9: 12}), (25, {4: 75}), (50, {2: 150})],
)
def test_gif_delays_are_spread_so_that_rounding_never_adds_up(fps: int, delays_of_3_s: dict[int, int]) -> None:
    rate = Fraction(fps)
    frames = frame_count(ImageFormat.GIF, 3_000, rate)
    assert Counter(delays(ImageFormat.GIF, 3_000, rate, frames)) == delays_of_3_s


@pytest.mark.parametrize("asked", [60, 75, 1000])
def test_a_gif_is_never_asked_to_play_faster_than_players_do(asked: int) -> None:
    assert playable_rate(ImageFormat.GIF, Fraction(asked), Fraction(120)) == 50


def test_no_more_frames_are_made_than_the_source_has() -> None:
    assert playable_rate(ImageFormat.WEBP, Fraction(60), Fraction(24)) == 24


def test_an_unknown_source_rate_bounds_nothing() -> None:
    assert playable_rate(ImageFormat.WEBP, Fraction(30), Fraction(0)) == 30


@given(formats, st.integers(1, 100_000), rates, rates)
def test_delays_add_up_and_none_is_too_short(
    format_: ImageFormat, duration_ms: int, asked: Fraction, source: Fraction
) -> None:
    rate = playable_rate(format_, asked, source)
    frames = frame_count(format_, duration_ms, rate)
    shown = list(delays(format_, duration_ms, rate, frames))
    exact = duration_ms * TICKS_PER_SECOND[format_] / 1000
    assert len(shown) == frames
    assert min(shown) >= MIN_DELAY[format_]
    assert abs(sum(shown) - max(exact, MIN_DELAY[format_])) <= 0.5 + 1e-9
