from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cliploop.adapters.aws_errors import code_of, unavailable_when_failing
from cliploop.adapters.task_rows import (
    created_key,
    created_partition,
    day_of,
    item_to_task,
    row_key,
    state_partition,
    task_to_item,
)
from cliploop.application.ports import Clock, RevisionConflictError
from cliploop.domain.query import PageRequest, TaskFilter, TaskPage
from cliploop.domain.task import Task

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_DAY_S = 24 * 60 * 60
#: Keys in one BatchGetItem (the service's limit).
_BATCH = 100
#: Sorts after every id.
_LAST = "~"


@dataclass(frozen=True)
class DynamoDBTasks:
    """``Tasks`` in DynamoDB. Rows live ``retention_days`` from their creation; lists never look further back."""

    client: DynamoDBClient
    table: str
    retention_days: int
    clock: Clock

    def add(self, task: Task) -> Task:
        """See ``Tasks``."""
        with unavailable_when_failing("registering a task"):
            try:
                self.client.put_item(
                    TableName=self.table,
                    Item=self._item(task),
                    ConditionExpression="attribute_not_exists(pk)",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except ClientError as error:
                if code_of(error) != "ConditionalCheckFailedException":
                    raise
                return item_to_task(error.response["Item"])  # type: ignore[typeddict-item]  # set by ALL_OLD
        return task

    def get(self, project_id: str, task_id: int) -> Task | None:
        """See ``Tasks``."""
        with unavailable_when_failing("reading a task"):
            found = self.client.get_item(
                TableName=self.table, Key=row_key(project_id, task_id), ConsistentRead=True
            ).get("Item")
        return item_to_task(found) if found else None

    def replace(self, before: Task, after: Task) -> None:
        """See ``Tasks``."""
        with unavailable_when_failing("storing a task"):
            try:
                self.client.put_item(
                    TableName=self.table,
                    Item=self._item(after),
                    ConditionExpression="revision = :before",
                    ExpressionAttributeValues={":before": {"N": str(before.revision)}},
                )
            except ClientError as error:
                if code_of(error) != "ConditionalCheckFailedException":
                    raise
                raise RevisionConflictError from error

    def get_many(self, project_id: str, task_ids: Sequence[int]) -> list[Task]:
        """See ``Tasks``."""
        wanted = list(dict.fromkeys(task_ids))
        found: dict[int, Task] = {}
        with unavailable_when_failing("reading tasks"):
            for start in range(0, len(wanted), _BATCH):
                keys = [row_key(project_id, task_id) for task_id in wanted[start : start + _BATCH]]
                found |= {task.task_id: task for task in self._batch(keys)}
        return [found[task_id] for task_id in wanted if task_id in found]

    def list(self, project_id: str, where: TaskFilter, page: PageRequest) -> TaskPage:
        """See ``Tasks``. Counts and walks the index's keys; a row is read only when it is on the page."""
        total, ids = 0, []
        with unavailable_when_failing("listing tasks"):
            for task_id in self._matching_ids(project_id, where):
                if page.offset <= total < page.offset + page.size:
                    ids.append(task_id)
                total += 1
        return TaskPage(total, tuple(self.get_many(project_id, ids)))

    def _item(self, task: Task) -> dict[str, Any]:
        return task_to_item(task, task.created_ms // 1000 + self.retention_days * _DAY_S)

    def _batch(self, keys: Sequence[dict[str, Any]]) -> Iterator[Task]:
        pending: dict[str, Any] = {self.table: {"Keys": keys, "ConsistentRead": True}}
        while pending:
            answer = self.client.batch_get_item(RequestItems=pending)
            yield from map(item_to_task, answer["Responses"].get(self.table, []))
            pending = dict(answer.get("UnprocessedKeys", {}))

    def _matching_ids(self, project_id: str, where: TaskFilter) -> Iterator[int]:
        """Ids newest first, a day's partition after the other, never from before the retention."""
        if where.state is not None and not where.state.is_final:
            yield from self._open_ids(project_id, where)
            return
        now_ms = self.clock.now_ms()
        oldest = now_ms - self.retention_days * _DAY_S * 1000
        first = max(oldest, where.created_from_ms or 0)
        last = now_ms if where.created_to_ms is None else min(now_ms, where.created_to_ms)
        for day in _days_backwards(first, last):
            yield from self._ids_of_day(project_id, where, day, first, last)

    def _open_ids(self, project_id: str, where: TaskFilter) -> Iterator[int]:
        """Ids of the tasks in an open state, newest first. They are few: all are looked at, to sort them."""
        first, last = where.created_from_ms or 0, where.created_to_ms
        newest = created_key(last, _LAST) if last is not None else _LAST
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            IndexName="due",
            KeyConditionExpression="due_project = :project",
            FilterExpression="#state = :state AND created_key BETWEEN :first AND :last",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={
                ":project": {"S": project_id},
                ":state": {"S": str(where.state)},
                ":first": {"S": created_key(first, "")},
                ":last": {"S": newest},
            },
        )
        keys = sorted((item["created_key"]["S"] for page in pages for item in page["Items"]), reverse=True)
        yield from (_id_in(key) for key in keys)

    def _ids_of_day(self, project_id: str, where: TaskFilter, day: str, first_ms: int, last_ms: int) -> Iterator[int]:
        if where.state is None:
            index, attribute, partition = "by_created", "created_day", created_partition(project_id, day)
        else:
            index, attribute, partition = "by_state", "state_day", state_partition(project_id, where.state, day)
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            IndexName=index,
            KeyConditionExpression=f"{attribute} = :partition AND created_key BETWEEN :first AND :last",
            ExpressionAttributeValues={
                ":partition": {"S": partition},
                ":first": {"S": created_key(first_ms, "")},
                ":last": {"S": created_key(last_ms, _LAST)},
            },
            ScanIndexForward=False,
        )
        for answer in pages:
            for keys in answer["Items"]:
                yield _id_in(keys["created_key"]["S"])


def _id_in(key: str) -> int:
    return int(key.partition("#")[2])


def _days_backwards(first_ms: int, last_ms: int) -> Iterator[str]:
    moment = datetime.fromtimestamp(last_ms / 1000, UTC)
    while last_ms >= first_ms and (day := f"{moment:%Y%m%d}") >= day_of(first_ms):
        yield day
        moment -= timedelta(days=1)
