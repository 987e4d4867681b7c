"""A small part of what `make faults` does on moto: some of the calls of a few plays, and each kind of failure."""

from __future__ import annotations

from functools import cache

import pytest

from tests.faults.calls import Cut, broken_by, cuts_of
from tests.faults.wire import Fault

#: Each play with every how-manieth of its cuts.
PARTS = {"an upload": 90, "an address": 110}


@pytest.mark.parametrize("play", PARTS)
def test_whatever_call_fails_the_task_ends_once_and_is_told(play: str) -> None:
    problems = {str(cut): broken for cut in _cuts(play)[7 :: PARTS[play]] if (broken := broken_by(cut))}
    assert not problems


@pytest.mark.parametrize("fault", Fault)
def test_whatever_a_call_does_instead(fault: Fault) -> None:
    # The last of the calls that can fail so: where the most has happened already.
    cut = [cut for cut in _cuts("an upload") if cut.fault is fault][-1]
    assert broken_by(cut) == []


@cache
def _cuts(play: str) -> list[Cut]:
    return cuts_of(play)
