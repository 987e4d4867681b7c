from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cliploop.domain.errors import ErrorCode, Failure
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.output import Output
from cliploop.domain.procedure import TemplateUse
from cliploop.domain.quota import NO_DEMAND, NO_QUOTA, Demand, Quota
from cliploop.domain.section import Section
from cliploop.domain.task import Task
from cliploop.domain.template import ImageFormat, Template

QUOTA = Quota(tasks=2, seconds=10, pixels=1_000)


def output(section: Section, fps: int = 10, **template: int) -> Output:
    return Output(TemplateUse(Template(1, ImageFormat.GIF, fps=Fraction(fps), **template), section))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("section", "milliseconds"),
    [
        pytest.param(Section(1_000, 3_500), 2_500, id="both are known"),
        pytest.param(Section(-5_000, -2_000), 3_000, id="both from the end"),
        pytest.param(Section(-5_000, 0), 5_000, id="the last seconds"),
        pytest.param(Section(-5_000, 3_000), 3_000, id="at most up to its end"),
        pytest.param(Section(-5_000, 9_000), 5_000, id="at most from its start"),
        pytest.param(Section(0, 0), 60_000, id="the whole source: a minute is assumed"),
        pytest.param(Section(90_000, -1_000), 60_000, id="nearly to the end: a minute is assumed"),
        pytest.param(Section(3_000, 2_000), 0, id="nothing, which its task will say"),
    ],
)
def test_the_length_that_a_section_asks_for(section: Section, milliseconds: int) -> None:
    assert Quota(seconds=1).demand_of([output(section)]).milliseconds == milliseconds


@given(st.integers(-9_000, 9_000), st.integers(-9_000, 9_000), st.integers(1, 20_000))
def test_a_length_that_is_known_is_never_less_than_what_is_made(start: int, end: int, duration: int) -> None:
    section = Section(start, end)
    asked = Quota(seconds=1).demand_of([output(section)]).milliseconds
    try:
        made = section.within(duration).duration_ms
    except Exception:  # noqa: BLE001  # nothing is made
        made = 0
    assert made <= asked


@pytest.mark.parametrize(
    ("template", "pixels"),
    [
        ({"width": 100, "height": 50}, 100 * 50 * 20),
        ({"width": 320}, 320 * 180 * 20),
        ({"height": 180}, 320 * 180 * 20),
        ({"width": -1, "height": 180}, 320 * 180 * 20),
        ({}, 1_920 * 1_080 * 20),
        ({"width": 100, "height": 50, "fps": 75}, 100 * 50 * 100),  # a GIF plays 50 a second
    ],
)
def test_the_pixels_that_a_template_asks_for(template: dict[str, int], pixels: int) -> None:
    assert Quota(pixels=1).demand_of([output(Section(0, 2_000), **template)]).pixels == pixels


def test_outputs_add_up_and_one_that_cannot_be_made_takes_nothing() -> None:
    one = output(Section(0, 2_000), width=100, height=50)
    failed = one.fail(Failure(ErrorCode.TEMPLATE_NOT_FOUND, "There is none."))
    assert Quota(tasks=1).demand_of([one, failed, one]) == Demand(1, 4_000, 2 * 100 * 50 * 20)


def test_fetching_alone_is_a_task_without_images() -> None:
    assert Quota(tasks=1).demand_of([]) == Demand(1, 0, 0)


def test_without_a_limit_nothing_is_counted() -> None:
    assert NO_QUOTA.demand_of([output(Section(0, 2_000))]) == NO_DEMAND


@pytest.mark.parametrize("too_much", [Demand(2, 4_000, 600), Demand(1, 4_001, 600), Demand(1, 4_000, 601)])
def test_each_limit_holds_to_the_last_unit(too_much: Demand) -> None:
    taken = Demand(1, 6_000, 400)
    assert QUOTA.admits(Demand(1, 4_000, 600), taken)
    assert not QUOTA.admits(too_much, taken)


def test_what_has_no_limit_is_not_looked_at() -> None:
    assert Quota(tasks=2).admits(Demand(1, 10**12, 10**18), Demand(1, 10**12, 10**18))


@pytest.mark.parametrize(
    ("demand", "told"),
    [
        (Demand(1, 1, 1), "used up (2 tasks, 10 s of output, 1000 pixels in all frames); try again"),
        (Demand(1, 10_500, 1), "needs 1 task, 10.5 s of output, 1 pixels in all frames"),
    ],
)
def test_a_refusal_says_whether_waiting_helps(demand: Demand, told: str) -> None:
    error = QUOTA.refusal_of(demand)
    assert told in error.caller_text
    assert (error.code, error.retryable) == (ErrorCode.QUOTA_EXCEEDED, False)


def task() -> Task:
    return Task(
        project_id="p" * 32,
        task_id=1,
        file_id=1,
        source=ObjectVersion("uploads", "a.mp4", "v"),
        procedure="",
        outputs=(output(Section(0, 2_000)),),
        created_ms=1,
    )


def test_a_row_takes_its_demand_until_its_end_was_told() -> None:
    open_ = task().registered().under(QUOTA)
    ended = open_.cancel(2)
    assert open_.demand == ended.demand == QUOTA.demand_of(open_.outputs)
    assert ended.told().demand == NO_DEMAND


def test_a_row_that_is_refused_takes_nothing() -> None:
    refusal = QUOTA.refusal_of(Demand(1)).failure()
    open_ = task().registered().under(QUOTA)
    assert open_.refuse(refusal).demand == open_.refuse(refusal).under(QUOTA).demand == NO_DEMAND
