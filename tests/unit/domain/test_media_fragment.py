from __future__ import annotations

import pytest

from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.media_fragment import section_of_fragment
from cliploop.domain.section import Section


@pytest.mark.parametrize(
    ("fragment", "section"),
    [
        ("t=2,5.5", Section(2_000, 5_500)),
        ("t=,5", Section(0, 5_000)),
        ("t=2", Section(2_000)),
        ("t=0", Section()),
        ("t=0,0.001", Section(0, 1)),
        ("t=npt:10,20", Section(10_000, 20_000)),
        ("t=npt:,1.25", Section(0, 1_250)),
        ("t=01:02,1:02:03.5", Section(62_000, 3_723_500)),
        ("t=1.,2.0004", Section(1_000, 2_000)),
        ("t=1%2C2", Section(1_000, 2_000)),
        ("%74=1%2c2", Section(1_000, 2_000)),
        ("xywh=0,0,9,9&t=3,4&track=1", Section(3_000, 4_000)),
        ("t=1,2&t=3,4", Section(3_000, 4_000)),
        ("t=nonsense&t=3,4", Section(3_000, 4_000)),
    ],
)
def test_a_part_is_read_as_the_standard_writes_it(fragment: str, section: Section) -> None:
    assert section_of_fragment(fragment) == section


@pytest.mark.parametrize("fragment", ["", "t", "top", "T=1,2", "xywh=0,0,9,9", "time=1,2", "&&&", "=1,2"])
def test_a_fragment_without_a_time_names_no_part(fragment: str) -> None:
    assert section_of_fragment(fragment) is None


@pytest.mark.parametrize(
    "fragment",
    [
        "t=",
        "t=,",
        "t=2,",
        "t=-1,2",
        "t=1,2,3",
        "t=1;2",
        "t=2s",
        "t=one",
        "t=5,2",
        "t=2,2",
        "t=5,0",
        "t=0.0001,0.0004",  # no millisecond long; an end of 0 would mean the source's
        "t=1:2,3",
        "t=01:60",
        "t=01:001",
        "t=smpte:00:00:01,00:00:02",
        "t=123456789",
        "t=١,٢",
        "t=1%00,2",
        "t=1,2&t=",
    ],
)
def test_a_time_that_cannot_be_meant_is_refused(fragment: str) -> None:
    with pytest.raises(CliploopError) as refused:
        section_of_fragment(fragment)
    assert refused.value.code is ErrorCode.SECTION_INVALID
