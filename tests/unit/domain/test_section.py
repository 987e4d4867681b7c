from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.section import AppliedSection, Section


@pytest.mark.parametrize(
    ("section", "applied"),
    [
        pytest.param(Section(), AppliedSection(0, 10_000), id="whole"),
        pytest.param(Section(2_000, 5_000), AppliedSection(2_000, 5_000), id="inside"),
        pytest.param(Section(8_000, 20_000), AppliedSection(8_000, 10_000), id="end clamped"),
        pytest.param(Section(4_000), AppliedSection(4_000, 10_000), id="to the end"),
        pytest.param(Section(-3_000), AppliedSection(7_000, 10_000), id="the last three seconds"),
        pytest.param(Section(-3_000, -1_000), AppliedSection(7_000, 9_000), id="both from the end"),
        pytest.param(Section(-30_000, 1_000), AppliedSection(0, 1_000), id="start before the start"),
    ],
)
def test_a_section_of_a_ten_second_video(section: Section, applied: AppliedSection) -> None:
    assert section.within(10_000) == applied


@pytest.mark.parametrize(
    "section",
    [Section(10_000), Section(12_000, 15_000), Section(5_000, 5_000), Section(5_000, 4_000), Section(0, -10_000)],
)
def test_a_section_with_nothing_in_it_is_refused(section: Section) -> None:
    with pytest.raises(CliploopError) as raised:
        section.within(10_000)
    assert raised.value.code is ErrorCode.SECTION_INVALID


offsets = st.integers(-20_000, 20_000)


@given(offsets, offsets, st.integers(1, 15_000))
def test_what_is_applied_lies_in_the_source_or_is_refused(start: int, end: int, duration: int) -> None:
    try:
        applied = Section(start, end).within(duration)
    except CliploopError as error:
        assert error.code is ErrorCode.SECTION_INVALID
    else:
        assert 0 <= applied.start_ms < applied.end_ms <= duration
