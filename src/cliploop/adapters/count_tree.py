"""Counts of ended tasks in a tree of calendar buckets (docs/adr/0010). Pure: whoever calls it reads the items.

A second is 14 digits in UTC, ``yyyymmddhhmmss``. A bucket is a prefix of it: 8 digits are a day, 10 an hour, 12 a
minute. A node holds the counts of its children, the buckets two digits longer.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

SECOND = 14
MONTH = 6
DAY = 8
_LATEST = "235959"

#: The children of a node by their last two digits, with the count of those tasks that are asked for.
Node = Mapping[str, int]


def buckets_of(second: str) -> list[str]:
    """The buckets that a task created in ``second`` is counted in, from its day to its second."""
    return [second[:length] for length in range(DAY, SECOND + 1, 2)]


def months_between(first: str, last: str) -> list[str]:
    """The months that the seconds ``first`` to ``last`` fall into, newest first."""
    months = []
    year, month = int(last[:4]), int(last[4:MONTH])
    while (name := f"{year:04d}{month:02d}") >= first[:MONTH]:
        months.append(name)
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    return months


@dataclass(frozen=True)
class Place:
    """Where a page begins: a second, and how many of its newest tasks come before the page."""

    second: str
    skip: int


@dataclass
class CountTree:
    """The tasks created from ``first`` to ``last``: counted ones in nodes, the others by name in ``uncounted``.

    ``read`` gives the nodes of some buckets; ``uncounted`` are seconds within the range, sorted.
    """

    read: Callable[[Sequence[str]], Mapping[str, Node]]
    uncounted: Sequence[str]
    first: str
    last: str
    _nodes: dict[str, Node] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._nodes.update(self.read(months_between(self.first, self.last)))

    def total(self) -> int:
        """How many tasks there are."""
        return sum(self._inside(month) for month in months_between(self.first, self.last))

    def find(self, offset: int) -> Place | None:
        """Where the task is that ``offset`` newer ones come before, or None where there are not so many."""
        return self._find_among(months_between(self.first, self.last), offset)

    def days(self, until: str) -> list[str]:
        """The days up to ``until`` that have tasks, newest first."""
        days = {day for month in months_between(self.first, self.last) for day in self._children(month)}
        return sorted((day for day in days if day <= until and self._inside(day)), reverse=True)

    def _find_among(self, buckets: Sequence[str], offset: int) -> Place | None:
        for bucket in buckets:
            count = self._inside(bucket)
            if offset < count:
                if len(bucket) == SECOND:
                    return Place(bucket, offset)
                return self._find_among(self._children(bucket), offset)
            offset -= count
        return None

    def _inside(self, bucket: str) -> int:
        """Tasks of a bucket that lie in the range."""
        lowest, highest = _bounds(bucket)
        if highest < self.first or lowest > self.last:
            return 0
        if len(bucket) == MONTH or lowest < self.first or highest > self.last:
            return sum(self._inside(child) for child in self._children(bucket))
        return self._node(bucket[:-2]).get(bucket[-2:], 0) + self._uncounted_in(lowest, highest)

    def _children(self, bucket: str) -> list[str]:
        """The buckets below one that may have tasks, newest first."""
        known = {bucket + child for child in self._node(bucket)}
        lowest, highest = bisect_left(self.uncounted, bucket), bisect_right(self.uncounted, bucket + "~")
        known |= {second[: len(bucket) + 2] for second in self.uncounted[lowest:highest]}
        return sorted(known, reverse=True)

    def _uncounted_in(self, lowest: str, highest: str) -> int:
        return bisect_right(self.uncounted, highest) - bisect_left(self.uncounted, lowest)

    def _node(self, bucket: str) -> Node:
        if bucket not in self._nodes:
            self._nodes |= {bucket: {}} | dict(self.read([bucket]))
        return self._nodes[bucket]


def _bounds(bucket: str) -> tuple[str, str]:
    """The first and the last second of a bucket; a month's last is later than it has days, which does no harm."""
    missing = SECOND - len(bucket)
    latest = _LATEST if missing <= len(_LATEST) else "31" + _LATEST
    return bucket + "0" * missing, bucket + latest[-missing:] if missing else bucket
