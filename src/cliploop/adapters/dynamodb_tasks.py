from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cliploop.adapters.aws_errors import code_of, unavailable_when_failing
from cliploop.adapters.dynamodb_quota import quota_updates
from cliploop.adapters.dynamodb_reads import read_items
from cliploop.adapters.dynamodb_task_lists import DynamoDBTaskLists
from cliploop.adapters.dynamodb_transactions import write_together
from cliploop.adapters.task_counts import count_updates
from cliploop.adapters.task_rows import item_to_task, row_key, task_to_item
from cliploop.application.ports import Clock, RevisionConflictError
from cliploop.domain.query import PageRequest, TaskFilter, TaskPage
from cliploop.domain.quota import NO_DEMAND, NO_QUOTA, Quota
from cliploop.domain.task import Task

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_DAY_S = 24 * 60 * 60


@dataclass(frozen=True)
class DynamoDBTasks:
    """``Tasks`` in DynamoDB. Rows live ``retention_days`` from their creation; lists never look further back."""

    client: DynamoDBClient
    table: str
    retention_days: int
    clock: Clock

    def add(self, task: Task, quota: Quota = NO_QUOTA) -> Task:
        """See ``Tasks``."""
        if task.demand != NO_DEMAND:
            return self._add_within(quota, task)
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
                    **_when_unchanged(before),
                )
            except ClientError as error:
                if code_of(error) != "ConditionalCheckFailedException":
                    raise
                raise RevisionConflictError from error

    def get_many(self, project_id: str, task_ids: Sequence[int]) -> list[Task]:
        """See ``Tasks``."""
        wanted = list(dict.fromkeys(task_ids))
        keys = [row_key(project_id, task_id) for task_id in wanted]
        with unavailable_when_failing("reading tasks"):
            items = read_items(self.client, self.table, keys, consistent=True)
            found = {task.task_id: task for task in map(item_to_task, items)}
        return [found[task_id] for task_id in wanted if task_id in found]

    def retire(self, before: Task, after: Task) -> None:
        """See ``Tasks``."""
        expires_at_s = self._expires_at_s(after)
        row = {"TableName": self.table, "Item": task_to_item(after, expires_at_s), **_when_unchanged(before)}
        counts = [{"Update": count} for count in count_updates(self.table, after, expires_at_s)]
        given_back = quota_updates(self.table, after.project_id, after.demand.beyond(before.demand))
        with unavailable_when_failing("counting an ended task"):
            if not write_together(self.client, [{"Put": row}, *counts, *given_back], crowded=bool(given_back)):
                raise RevisionConflictError

    def revive(self, before: Task, after: Task) -> None:
        """See ``Tasks``. A row that is in ``due`` was not counted yet."""
        expires_at_s = self._expires_at_s(after)
        row = {"TableName": self.table, "Item": task_to_item(after, expires_at_s), **_when_unchanged(before)}
        counted = () if before.due_at_ms else count_updates(self.table, before, expires_at_s, by=-1)
        uncounts = [{"Update": count} for count in counted]
        taken = quota_updates(self.table, after.project_id, after.demand.beyond(before.demand))
        with unavailable_when_failing("bringing a task back"):
            if not write_together(self.client, [{"Put": row}, *uncounts, *taken], crowded=bool(taken)):
                raise RevisionConflictError

    def list(self, project_id: str, where: TaskFilter, page: PageRequest) -> TaskPage:
        """See ``Tasks``."""
        with unavailable_when_failing("listing tasks"):
            total, ids = self._lists.find(project_id, where, page)
        return TaskPage(total, tuple(self.get_many(project_id, ids)))

    @property
    def _lists(self) -> DynamoDBTaskLists:
        return DynamoDBTaskLists(self.client, self.table, self.retention_days, self.clock)

    def _add_within(self, quota: Quota, task: Task) -> Task:
        row = {"TableName": self.table, "Item": self._item(task), "ConditionExpression": "attribute_not_exists(pk)"}
        taken = quota_updates(self.table, task.project_id, task.demand, quota)
        if quota.admits(task.demand, NO_DEMAND):
            with unavailable_when_failing("registering a task"):
                if write_together(self.client, [{"Put": row}, *taken], crowded=True):
                    return task
        # The quota has no room for it, or it is a repeat, whose row may stand in a quota that is full by now.
        stored = self.get(task.project_id, task.task_id)
        if stored is None:
            raise quota.refusal_of(task.demand)
        return stored

    def _item(self, task: Task) -> dict[str, Any]:
        return task_to_item(task, self._expires_at_s(task))

    def _expires_at_s(self, task: Task) -> int:
        return task.created_ms // 1000 + self.retention_days * _DAY_S


def _when_unchanged(before: Task) -> dict[str, Any]:
    return {
        "ConditionExpression": "revision = :before",
        "ExpressionAttributeValues": {":before": {"N": str(before.revision)}},
    }
