from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

#: Keys in one BatchGetItem (the service's limit).
_BATCH = 100


def read_items(
    client: DynamoDBClient, table: str, keys: Sequence[dict[str, Any]], *, consistent: bool
) -> Iterator[dict[str, Any]]:
    """The items that exist of ``keys``, in no order, however many there are and however few one answer holds."""
    for start in range(0, len(keys), _BATCH):
        pending: Any = {table: {"Keys": keys[start : start + _BATCH], "ConsistentRead": consistent}}
        while pending:
            answer = client.batch_get_item(RequestItems=pending)
            yield from answer["Responses"].get(table, [])
            pending = answer.get("UnprocessedKeys")
