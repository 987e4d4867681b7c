"""The tree of counts against the plain list that it stands for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from cliploop.adapters.count_tree import CountTree, Node, Place, buckets_of, months_between

START = int(datetime(2026, 10, 28, tzinfo=UTC).timestamp())
#: Seconds over six days around the end of a month, a few of them many times.
moments = st.integers(0, 6 * 86_400).map(lambda offset: f"{datetime.fromtimestamp(START + offset, UTC):%Y%m%d%H%M%S}")
crowds = st.lists(st.tuples(moments, st.integers(1, 5)), max_size=25).map(
    lambda groups: sorted(second for second, count in groups for _ in range(count))
)


class Store:
    """Nodes as the table would hold them, and how many were read."""

    def __init__(self, counted: Sequence[str]) -> None:
        self.nodes: dict[str, Counter[str]] = {}
        self.reads = 0
        for second in counted:
            for bucket in buckets_of(second):
                self.nodes.setdefault(bucket[:-2], Counter())[bucket[-2:]] += 1

    def read(self, buckets: Sequence[str]) -> Mapping[str, Node]:
        self.reads += len(buckets)
        return {bucket: self.nodes[bucket] for bucket in buckets if bucket in self.nodes}


@given(crowds, crowds, moments, moments)
def test_totals_and_places_are_those_of_the_list(
    counted: list[str], uncounted: list[str], one: str, other: str
) -> None:
    first, last = min(one, other), max(one, other)
    there = sorted((second for second in counted + uncounted if first <= second <= last), reverse=True)
    within = [second for second in uncounted if first <= second <= last]
    tree = CountTree(Store(counted).read, within, first, last)
    assert tree.total() == len(there)
    for offset in range(len(there) + 1):
        expected = Place(there[offset], offset - there.index(there[offset])) if offset < len(there) else None
        assert tree.find(offset) == expected


@given(crowds, crowds)
def test_days_are_those_that_have_tasks(counted: list[str], uncounted: list[str]) -> None:
    tree = CountTree(Store(counted).read, uncounted, "20261001000000", "20261130235959")
    there = {second[:8] for second in counted + uncounted}
    assert tree.days("20261130") == sorted(there, reverse=True)
    assert tree.days("20261030") == sorted((day for day in there if day <= "20261030"), reverse=True)


@given(crowds, moments, moments)
def test_a_total_reads_a_handful_of_nodes_however_many_tasks_there_are(
    counted: list[str], one: str, other: str
) -> None:
    first, last = min(one, other), max(one, other)
    store = Store(counted * 50)
    CountTree(store.read, [], first, last).total()
    assert store.reads <= len(months_between(first, last)) + 2 * 3


def test_months() -> None:
    assert months_between("20251130235959", "20260201000000") == ["202602", "202601", "202512", "202511"]
