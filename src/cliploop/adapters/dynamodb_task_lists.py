from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, Any

from cliploop.adapters.count_tree import DAY, CountTree, Node, Place
from cliploop.adapters.dynamodb_reads import read_items
from cliploop.adapters.task_counts import bucket_in, milliseconds_of, node_in, node_key, second_of
from cliploop.adapters.task_rows import created_key, created_partition, state_partition
from cliploop.application.ports import Clock
from cliploop.domain.query import PageRequest, TaskFilter
from cliploop.domain.task import TaskState

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_DAY_MS = 24 * 60 * 60 * 1000
#: Sorts after every id.
_LAST = "~"


@dataclass(frozen=True)
class DynamoDBTaskLists:
    """Finds the ids on a page and the total, by counts and index keys (docs/adr/0010). Reads no row."""

    client: DynamoDBClient
    table: str
    retention_days: int
    clock: Clock

    def find(self, project_id: str, where: TaskFilter, page: PageRequest) -> tuple[int, list[int]]:
        """How many tasks match, and the ids of one page, newest first."""
        first, last = self._range(where)
        if first > last:
            return 0, []
        keys = [key for key in self._uncounted(project_id, where.states) if first <= second_in(key) <= last]
        if any(not state.is_final for state in where.states):
            newest_first = sorted(keys, reverse=True)
            return len(keys), [id_in(key) for key in newest_first[page.offset : page.offset + page.size]]
        tree = self._tree(project_id, where.states, sorted(second_in(key) for key in keys), first, last)
        place = tree.find(page.offset)
        return tree.total(), self._page(project_id, where.states, tree, place, page.size) if place else []

    def _range(self, where: TaskFilter) -> tuple[str, str]:
        """The seconds that are looked at: what was asked for, and never from before the retention."""
        now_ms = self.clock.now_ms()
        oldest_ms = now_ms - self.retention_days * _DAY_MS + 1_000  # the next whole second
        # A day ahead: rows come from functions whose clocks may differ from this one's.
        newest_ms = now_ms + _DAY_MS
        first_ms = max(oldest_ms, (where.created_from_s or 0) * 1_000)
        last_ms = newest_ms if where.created_to_s is None else min(newest_ms, where.created_to_s * 1_000)
        return second_of(first_ms), second_of(last_ms)

    def _uncounted(self, project_id: str, states: frozenset[TaskState]) -> list[str]:
        """The creation keys of the rows in ``due``: all that are open, and those that ended just now."""
        values = {f":{state.lower()}": {"S": state.value} for state in states}
        of_states: Any = (
            {
                "FilterExpression": f"#state IN ({', '.join(sorted(values))})",
                "ExpressionAttributeNames": {"#state": "state"},
            }
            if states
            else {}
        )
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            IndexName="due",
            KeyConditionExpression="due_project = :project",
            ExpressionAttributeValues={":project": {"S": project_id}, **values},
            **of_states,
        )
        return [item["created_key"]["S"] for page in pages for item in page["Items"]]

    def _tree(
        self, project_id: str, states: frozenset[TaskState], uncounted: Sequence[str], first: str, last: str
    ) -> CountTree:
        def read(buckets: Sequence[str]) -> Mapping[str, Node]:
            keys = [node_key(project_id, bucket) for bucket in buckets]
            items = read_items(self.client, self.table, keys, consistent=False)
            return {bucket_in(item): node_in(item, states) for item in items}

        return CountTree(read, uncounted, first, last)

    def _page(
        self, project_id: str, states: frozenset[TaskState], tree: CountTree, place: Place, size: int
    ) -> list[int]:
        """Ids from a place on, a day after the other."""
        keys = (
            key
            for day in tree.days(place.second[:DAY])
            for key in self._keys_of_day(project_id, states, day, (tree.first, place.second), place.skip + size)
        )
        return [id_in(key) for key in islice(keys, place.skip, place.skip + size)]

    def _keys_of_day(
        self, project_id: str, states: frozenset[TaskState], day: str, seconds: tuple[str, str], most: int
    ) -> Iterator[str]:
        """Index keys of a day from the newer of ``seconds`` back to the older, of which ``most`` are enough."""
        if not states:
            return self._keys("by_created", "created_day", created_partition(project_id, day), seconds, most)
        partitions = [state_partition(project_id, state, day) for state in states]
        return merge(
            *(self._keys("by_state", "state_day", partition, seconds, most) for partition in partitions), reverse=True
        )

    def _keys(self, index: str, attribute: str, partition: str, seconds: tuple[str, str], most: int) -> Iterator[str]:
        """Index keys of a partition, newest first, in pages of at most ``most``."""
        oldest, newest = (milliseconds_of(second) for second in seconds)
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            IndexName=index,
            KeyConditionExpression=f"{attribute} = :partition AND created_key BETWEEN :oldest AND :newest",
            ExpressionAttributeValues={
                ":partition": {"S": partition},
                ":oldest": {"S": created_key(oldest, "")},
                ":newest": {"S": created_key(newest + 999, _LAST)},
            },
            ScanIndexForward=False,
            PaginationConfig={"PageSize": most},
        )
        for answer in pages:
            yield from (keys["created_key"]["S"] for keys in answer["Items"])


def id_in(key: str) -> int:
    """The task id in a creation key."""
    return int(key.partition("#")[2])


def second_in(key: str) -> str:
    """The second of a creation key."""
    return second_of(int(key.partition("#")[0]))
