"""A small part of `make faults`, for every run of the tests."""

from __future__ import annotations

from functools import cache

import pytest

from tests.faults.simulate import Outcome, simulate

#: `make faults` plays thousands, and names the one that fails: `python -m tests.faults --seed N` replays it.
SEEDS = range(40)


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_fails_every_task_ends_once_and_is_told(seed: int) -> None:
    outcome = _played(seed)
    assert not outcome.problems, "\n".join([*outcome.trace[-60:], *outcome.problems])


def test_a_seed_replays() -> None:
    assert simulate(7) == _played(7)


def test_the_seeds_meet_every_kind_of_trouble() -> None:
    met = {what for seed in SEEDS for what in _played(seed).counts}
    assert met >= {
        "killed",
        "failed",
        "messages lost",
        "messages copied",
        "messages given up",
        "records dropped",
        "records repeated",
        "stalled",
        "entries refused",
    }


@cache
def _played(seed: int) -> Outcome:
    return simulate(seed)
