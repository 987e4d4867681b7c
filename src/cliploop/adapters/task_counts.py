"""The items that ended tasks are counted in (docs/adr/0010)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cliploop.adapters.count_tree import SECOND, Node, buckets_of
from cliploop.domain.task import Task, TaskState

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import UpdateTypeDef

_SORT_KEY = "count"
_SECONDS = "%Y%m%d%H%M%S"
#: A node's attributes are a state's letter and a child's two digits: S07 = succeeded, in child 07.
_LETTERS = {TaskState.SUCCEED: "S", TaskState.FAILED: "F", TaskState.CANCELED: "C"}
#: A node outlives the last task that it can count: a month's node the month's last one.
_LONGEST_BUCKET_S = 31 * 24 * 60 * 60


def second_of(created_ms: int) -> str:
    """The UTC second of a moment, 14 digits."""
    return f"{datetime.fromtimestamp(created_ms / 1000, UTC):{_SECONDS}}"


def milliseconds_of(second: str) -> int:
    """The first millisecond of a second."""
    moment = datetime.strptime(second[:SECOND], _SECONDS).replace(tzinfo=UTC)
    return int(moment.timestamp()) * 1000


def node_key(project_id: str, bucket: str) -> dict[str, Any]:
    """The table key of a bucket's node."""
    return {"pk": {"S": f"{project_id}#count#{bucket}"}, "sk": {"S": _SORT_KEY}}


def bucket_in(item: Mapping[str, Any]) -> str:
    """The bucket whose node an item is."""
    return str(item["pk"]["S"].rpartition("#")[2])


def count_updates(table: str, task: Task, expires_at_s: int, by: int = 1) -> Iterator[UpdateTypeDef]:
    """Count an ended task in every bucket that it belongs to, or take it back (``by`` -1)."""
    for bucket in buckets_of(second_of(task.created_ms)):
        yield {
            "TableName": table,
            "Key": node_key(task.project_id, bucket[:-2]),
            "UpdateExpression": "ADD #child :by SET expires_at = :end",
            "ExpressionAttributeNames": {"#child": _LETTERS[task.state] + bucket[-2:]},
            "ExpressionAttributeValues": {
                ":by": {"N": str(by)},
                ":end": {"N": str(expires_at_s + _LONGEST_BUCKET_S)},
            },
        }


def node_in(item: Mapping[str, Any], states: frozenset[TaskState]) -> Node:
    """A node's counts, of some final states together; of all where none is named."""
    letters = {letter for state, letter in _LETTERS.items() if state in states or not states}
    node: dict[str, int] = {}
    for name, value in item.items():
        if name[0] in letters and name[1:].isdecimal():
            node[name[1:]] = node.get(name[1:], 0) + int(value["N"])
    return node
