"""What a run under load is judged by."""

from __future__ import annotations

import re
from dataclasses import asdict, replace

import pytest

from benchmarks.load.findings import Depth, Row, Spread, Told, Upload, faults, spread
from benchmarks.load.report import page
from benchmarks.load.runs import Burst, Steady

UPLOADS = [Upload("a.mp4", "1", 1_000), Upload("b.mp4", "1", 1_000, is_video=False)]
ROWS = [
    Row(1, "a.mp4", "1", "SUCCEED", 1, 1_100, 1_200, 1_300, ("p/1/a.gif", "p/1/a.webp")),
    Row(2, "b.mp4", "1", "FAILED", 1, 1_100, 1_200, 1_300, ()),
]
TOLD = [Told(1, "x", 1_400), Told(2, "y", 1_400)]
VERSIONS = {"p/1/a.gif": 1, "p/1/a.webp": 1}


def test_a_run_in_which_all_went_well_has_no_faults() -> None:
    assert faults(UPLOADS, ROWS, [*TOLD, TOLD[0]], VERSIONS) == []


@pytest.mark.parametrize(
    ("rows", "told", "versions", "fault"),
    [
        (ROWS[:1], TOLD[:1], VERSIONS, "b.mp4 has 0 rows"),
        ([*ROWS, replace(ROWS[1], task_id=3)], [*TOLD, Told(3, "z", 1)], VERSIONS, "b.mp4 has 2 rows"),
        ([ROWS[0], replace(ROWS[1], state="PROCESSING")], TOLD, VERSIONS, "b.mp4 is PROCESSING"),
        (ROWS, TOLD[:1], VERSIONS, "b.mp4 has 0 ends"),
        (ROWS, [*TOLD, Told(2, "z", 1_500)], VERSIONS, "b.mp4 has 2 ends"),
        (ROWS, TOLD, VERSIONS | {"p/1/a.gif": 2}, "p/1/a.gif was put 2 times"),
        (ROWS, TOLD, {"p/1/a.gif": 1}, "p/1/a.webp is on a row and not there"),
        (ROWS, TOLD, VERSIONS | {"p/2/b.gif": 1}, "p/2/b.gif is there and on no row"),
    ],
)
def test_what_is_lost_or_done_twice_is_a_fault(
    rows: list[Row], told: list[Told], versions: dict[str, int], fault: str
) -> None:
    assert faults(UPLOADS, rows, told, versions) == [fault]


def test_a_spread_is_made_of_values_that_were_measured() -> None:
    assert spread(range(1, 101)) == Spread(50, 90, 99, 100)
    assert spread([3.0]) == Spread(3, 3, 3, 3)
    assert spread([2.0, 1.0]) == Spread(1, 2, 2, 2)


ABOUT = {"when": "2026-11-21", "machine": "a machine", "versions": "Python 3", "concurrency": 2, "busy": 3.5}
SPREAD = Spread(0.5, 1, 2, 3)
DEPTHS = tuple(Depth(float(second), second, 2 * second) for second in range(50))


def test_the_page_says_what_was_found() -> None:
    steady = Steady(300, 1.0, 320.0, 576, SPREAD, SPREAD, SPREAD, SPREAD, 301, 1, DEPTHS, ())
    burst = Burst(10_000, 200.0, 400.0, SPREAD, 10_000, DEPTHS, tuple(f"{n}.mp4 has no row" for n in range(12)))
    said = page(ABOUT | asdict(steady), ABOUT | asdict(burst))
    assert "`make load`, 2026-11-21, a machine (a load of 3.5 before the runs). Python 3." in said
    assert "**Nothing was lost, and nothing was done twice.**" in said
    assert "| ends told to a subscriber of the bus (by delivery id) | 300 in 301 deliveries |" in said
    assert "after | 400 s (25 a second) |" in said
    assert "**12 things went wrong:**" in said
    assert said.count("has no row") == 10
    assert "| 49 | 49 | 98 |" in said
    assert len(re.findall(r"^\| \d+ \| \d+ \| \d+ \|$", said, re.MULTILINE)) <= 2 * 14
