from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.publication import Publication
from cliploop.domain.task import LeaseLostError

THERE = Publication(task_id=5, created_ms=100, attempt=2, md5="m")


@pytest.mark.parametrize(
    ("changes", "replaces"),
    [
        ({}, False),
        ({"attempt": 1}, False),
        ({"attempt": 3}, True),
        ({"md5": "n"}, True),
        ({"md5": "n", "attempt": 3}, True),
        ({"task_id": 4, "created_ms": 101, "attempt": 1}, True),
        ({"task_id": 4, "created_ms": 101, "attempt": 1, "md5": "n"}, True),
        ({"task_id": 6}, True),
        ({"task_id": 4}, False),
        ({"task_id": 6, "created_ms": 99}, False),
    ],
)
def test_an_image_replaces_those_of_earlier_tasks_and_attempts(changes: dict[str, int | str], replaces: bool) -> None:  # noqa: FBT001  # a table's column
    assert replace(THERE, **changes).replaces(THERE) is replaces  # type: ignore[arg-type]


def test_an_earlier_attempt_has_lost_its_lease() -> None:
    with pytest.raises(LeaseLostError):
        replace(THERE, attempt=1, md5="n").replaces(THERE)


@pytest.mark.parametrize("changes", [{"created_ms": 99, "attempt": 9}, {"task_id": 4, "attempt": 9}])
def test_the_name_of_a_later_task_is_taken(changes: dict[str, int]) -> None:
    with pytest.raises(CliploopError, match="task 5 has stored") as raised:
        replace(THERE, md5="n", **changes).replaces(THERE)
    assert raised.value.code is ErrorCode.OUTPUT_NAME_TAKEN
    assert not raised.value.retryable
    assert "later task" in raised.value.caller_text


@given(
    st.lists(
        st.builds(Publication, st.integers(1, 9), st.integers(1, 3), st.just(1), st.sampled_from("ab")),
        min_size=1,
        max_size=4,
        unique_by=lambda each: each.task_id,
    )
)
def test_whichever_is_done_first_the_latest_task_has_the_name(publications: list[Publication]) -> None:
    latest = max(publications, key=lambda each: (each.created_ms, each.task_id))
    for order in permutations(publications):
        there = order[0]
        for each in order[1:]:
            try:
                there = each if each.replaces(there) else there
            except CliploopError:
                continue
        assert there == latest
