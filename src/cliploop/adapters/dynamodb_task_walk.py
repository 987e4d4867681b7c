from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cliploop.adapters.aws_errors import unavailable_when_failing
from cliploop.adapters.count_tree import DAY
from cliploop.adapters.dynamodb_reads import read_items
from cliploop.adapters.task_counts import second_of
from cliploop.adapters.task_rows import created_key, created_partition, item_to_task
from cliploop.domain.task import Task

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_DAY_MS = 24 * 60 * 60 * 1000
#: Sorts after every id.
_LAST = "~"
#: Rows that are read at once: most walks end on their first page.
_PAGE = 50


@dataclass(frozen=True)
class DynamoDBTaskHistory:
    """``TaskHistory`` over the index ``by_created`` (docs/adr/0002), a day after the other."""

    client: DynamoDBClient
    table: str

    def walk(
        self, project_id: str, first_ms: int, last_ms: int, *, newest_first: bool, after: str = ""
    ) -> Iterator[tuple[str, Task]]:
        """See ``TaskHistory``."""
        if first_ms > last_ms:
            return
        oldest, newest = created_key(first_ms, ""), created_key(last_ms, _LAST)
        if after and newest_first:
            newest = min(newest, after)
        elif after:
            oldest = max(oldest, after)
        for day in _days(oldest, newest, newest_first=newest_first):
            for keys in self._keys(created_partition(project_id, day), oldest, newest, newest_first=newest_first):
                yield from self._rows([key for key in keys if key["created_key"]["S"] != after])

    def _keys(
        self, partition: str, oldest: str, newest: str, *, newest_first: bool
    ) -> Iterator[Sequence[dict[str, Any]]]:
        pages = iter(
            self.client.get_paginator("query").paginate(
                TableName=self.table,
                IndexName="by_created",
                KeyConditionExpression="created_day = :partition AND created_key BETWEEN :oldest AND :newest",
                ExpressionAttributeValues={
                    ":partition": {"S": partition},
                    ":oldest": {"S": oldest},
                    ":newest": {"S": newest},
                },
                ScanIndexForward=not newest_first,
                PaginationConfig={"PageSize": _PAGE},
            )
        )
        while True:
            with unavailable_when_failing("walking through tasks"):
                page = next(pages, None)
            if page is None:
                return
            yield page["Items"]

    def _rows(self, keys: Sequence[dict[str, Any]]) -> Iterator[tuple[str, Task]]:
        """The rows of index keys, in their order; a row that has expired meanwhile is left out."""
        with unavailable_when_failing("reading tasks"):
            rows = read_items(
                self.client, self.table, [{"pk": key["pk"], "sk": key["sk"]} for key in keys], consistent=True
            )
            found = {row["created_key"]["S"]: item_to_task(row) for row in rows}
        for key in keys:
            place = key["created_key"]["S"]
            if place in found:
                yield place, found[place]


def _days(oldest: str, newest: str, *, newest_first: bool) -> list[str]:
    """The days that two creation keys span; none where the first comes after the second."""
    if oldest > newest:
        return []
    first_ms, last_ms = (int(key.partition("#")[0]) for key in (oldest, newest))
    starts = range(first_ms - first_ms % _DAY_MS, last_ms + 1, _DAY_MS)
    days = [second_of(start)[:DAY] for start in starts]
    return days[::-1] if newest_first else days
