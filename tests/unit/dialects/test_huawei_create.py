"""What a request to create a task may ask for, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cliploop.dialects.fields import Record
from cliploop.dialects.huawei_mpc.operations.create import FIELDS
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.section import Section
from cliploop.domain.task import Task, TaskState
from cliploop.domain.template import ImageFormat, Template
from tests.unit.dialects.huawei_client import PROJECT_ID
from tests.unit.dialects.huawei_world import INPUT, ORDER, PARAM, World, with_param, with_place

STRANGE: list[Any] = [
    "x" * 5_000,
    "動画\u202e\x00",
    "\ud800",
    10**30,
    -(10**30),
    1.5,
    1e308,
    True,
    [],
    [[]],
    [None],
    {},
    {"bucket": {}},
    {"bucket": "\ud800", "object": "\ud800"},
]


@pytest.fixture
def world() -> World:
    return World()


def started(world: World, order: Any = None) -> Task:
    """The row of a new task."""
    task_id = int(world.created(order))
    task = world.tasks.get(PROJECT_ID, task_id)
    assert task is not None
    assert (PROJECT_ID, task_id) in world.work.messages
    return task


def refused(world: World, order: Any) -> tuple[int, str, str]:
    status, body = world.create(order)
    assert not world.tasks.rows, order
    return status, body["error_code"], body["error_msg"]


def test_a_task_is_what_was_asked_for(world: World) -> None:
    task = started(world)
    assert task.source == ObjectVersion("uploads", "in/film.mp4", "v1")
    assert (task.state, task.session_context, task.created_ms) == (TaskState.WAITING, "mine", world.clock.now_ms())
    (output,) = task.outputs
    assert output.destination == "out/gifs/a.gif"
    assert output.use.template == Template(0, ImageFormat.GIF, width=480, height=360, fps=Fraction(15))
    assert output.use.section == Section(100, 250)


def test_what_may_be_left_out(world: World) -> None:
    task = started(world, {"input": {"bucket": "uploads", "object": "in/film.mp4"}, "output_param": PARAM})
    assert task.session_context == ""
    assert task.outputs[0].destination == ""
    assert started(world, with_param(format=None)).outputs[0].use.template.format is ImageFormat.GIF
    assert started(world, {**ORDER, "output": None, "user_data": None}).outputs[0].destination == ""
    at_the_top = with_place("output", location=None, object=None)
    assert started(world, at_the_top).outputs[0].destination == "a.gif"


@pytest.mark.parametrize(
    ("output", "key"),
    [
        ({"object": "out/gifs/"}, "out/gifs/a.gif"),
        ({"object": "/out"}, "out/a.gif"),
        ({"object": ""}, "a.gif"),
        ({"object": "輸出", "file_name": "ü 1.gif"}, "輸出/ü 1.gif"),
        ({"file_name": "x" * 180}, "out/gifs/" + "x" * 180),
    ],
)
def test_an_image_goes_where_its_caller_wants_it(world: World, output: dict[str, str], key: str) -> None:
    assert started(world, with_place("output", **output)).outputs[0].destination == key


def test_without_a_file_name_the_image_has_its_tasks(world: World) -> None:
    task = started(world, with_place("output", file_name=None))
    assert task.outputs[0].destination == f"out/gifs/{task.task_id}.gif"


sides = st.one_of(
    st.sampled_from([-2, -1, 0, 1, 2, 30, 31, 32, 33, 34, 2158, 2160, 2161, 2162, 3838, 3840, 3841, 3842]),
    st.integers(-5, 4_200),
)


def seeds_size(width: int, height: int) -> bool:
    """Table 7 of the vendor's document, in its own words."""
    if width not in {-1, 0, *range(32, 3_841, 2)} or height not in {-1, 0, *range(32, 2_161, 2)}:
        return False
    if width == -1 and height in {-1, 0}:
        return False
    if width == 0 and height != 0:
        return False
    if height == -1 and width in {-1, 0}:
        return False
    return not (height == 0 and width != 0)


@given(sides, sides)
def test_sizes_are_those_of_the_document(width: int, height: int) -> None:
    status, body = World().create(with_param(width=width, height=height))
    assert (status == 202) == seeds_size(width, height)
    if status != 202:
        assert (status, body["error_code"]) == (400, "MPC.10202")
        assert "output_param.width" in body["error_msg"] or "output_param.height" in body["error_msg"]


@pytest.mark.parametrize(
    ("start", "end", "taken"),
    [
        (0, 60_000, True),
        (0, 60_001, False),
        (10_000, 70_000, True),
        (10_000, 70_001, False),
        (0, 1, True),
        (0, 0, False),
        (5, 5, False),
        (6, 5, False),
        (5, 0, False),
        (-1, 5, False),
        (0, -1, False),
        (2**31 - 2, 2**31 - 1, True),
        (2**31 - 1, 2**31, False),
    ],
)
def test_sections_are_at_most_a_minute_and_count_from_the_start(
    world: World, start: int, end: int, *, taken: bool
) -> None:
    order = with_param(start=start, end=end)
    if taken:
        assert started(world, order).outputs[0].use.section == Section(start, end)
    else:
        assert refused(world, order)[:2] == (400, "MPC.10202")


@pytest.mark.parametrize(("rate", "taken"), [(0, False), (1, True), (75, True), (76, False), (-1, False)])
def test_frame_rates_are_those_of_the_document(world: World, rate: int, *, taken: bool) -> None:
    order = with_param(frame_rate=rate)
    if taken:
        assert started(world, order).outputs[0].use.template.fps == rate
    else:
        assert refused(world, order)[:2] == (400, "MPC.10202")


@pytest.mark.parametrize(
    ("order", "named"),
    [
        ({}, "input"),
        ({**ORDER, "input": None}, "input"),
        ({**ORDER, "input": []}, "input"),
        ({**ORDER, "output": "out/a.gif"}, "output"),
        ({**ORDER, "output_param": None}, "output_param"),
        ({**ORDER, "user_data": 1}, "user_data"),
        ({**ORDER, "user_data": "x" * 1_001}, "user_data"),
        ({**ORDER, "usr_data": "x"}, "usr_data"),
        *((with_place("input", **{name: None}), f"input.{name}") for name in ("bucket", "object")),
        (with_place("output", bucket=None), "output.bucket"),
        (with_place("output", file_name="x" * 181), "output.file_name"),
        (with_param(format="webp"), "output_param.format"),
        (with_param(format="GIF"), "output_param.format"),
        *((with_param(**{name: None}), f"output_param.{name}") for name in PARAM if name != "format"),
        *((with_param(**{name: "15"}), f"output_param.{name}") for name in PARAM),
        (with_param(frame_rate=1.5), "output_param.frame_rate"),
        (with_param(quality=75), "output_param.quality"),
    ],
)
def test_a_wrong_parameter_is_named(world: World, order: Any, named: str) -> None:
    status, code, message = refused(world, order)
    assert (status, code) == (400, "MPC.10202")
    assert named in message


@pytest.mark.parametrize(
    ("order", "named"),
    [
        (with_place("input", bucket="outputs"), "uploads"),
        (with_place("input", bucket=""), "uploads"),
        (with_place("input", location="cn-north-4"), "eu-north-1"),
        (with_place("output", bucket="uploads"), "outputs"),
        (with_place("output", location="cn-north-4"), "eu-north-1"),
        (with_place("output", object=PROJECT_ID), "folder"),
        (with_place("output", object="a/../b"), "folder"),
        (with_place("output", object="a//b"), "folder"),
        (with_place("output", file_name="a\nb"), "folder"),
        (with_place("output", object="ü" * 600), "folder"),
    ],
)
def test_a_place_that_cannot_be_is_refused(world: World, order: Any, named: str) -> None:
    status, code, message = refused(world, order)
    assert (status, code) == (403, "MPC.10209")
    assert named in message


@pytest.mark.parametrize("key", ["in/other.mp4", "", "x" * 1_024, "ü" * 1_000])
def test_a_source_that_is_not_there_is_told_at_once(world: World, key: str) -> None:
    assert refused(world, with_place("input", object=key))[:2] == (400, "MPC.10053")


def paths(fields: Any = FIELDS, before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for field in fields:
        found.append((*before, field.name))
        if isinstance(field.kind, Record):
            found += paths(field.kind.fields, (*before, field.name))
    return found


def put(order: Mapping[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    name, *rest = path
    return {**order, name: put(order[name], tuple(rest), value) if rest else value}


@pytest.mark.parametrize("path", paths(), ids=".".join)
def test_no_value_of_any_field_breaks_it(world: World, path: tuple[str, ...]) -> None:
    for value in STRANGE:
        status, body = world.create(put(ORDER, path, value))
        assert status == 202 or body["error_code"] in {"MPC.10202", "MPC.10209", "MPC.10053"}, (value, body)


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from([*ORDER, *INPUT, *PARAM, "x"]), inner, max_size=6)
        ),
        max_leaves=12,
    )
)
def test_any_body_is_answered_in_the_vendors_way(order: Any) -> None:
    status, body = World().create(order)
    assert status in {202, 400, 403}, body
