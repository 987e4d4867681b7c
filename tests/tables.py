"""Both tables in moto, with the keys of docs/adr/0002; tests/infrastructure compares them with the template's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_KEYS: Any = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
INDEXES = {
    "by_created": ("created_day", "created_key"),
    "by_state": ("state_day", "created_key"),
    "due": ("due_project", "due_at"),
}
PROJECTIONS = {"due": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["created_key", "state"]}}


def create_tables(client: DynamoDBClient) -> None:
    """Create ``tasks`` and ``catalog``."""
    texts = ("pk", "sk", "created_day", "created_key", "state_day", "due_project")
    attributes: Any = [{"AttributeName": name, "AttributeType": "S"} for name in texts]
    client.create_table(
        TableName="tasks",
        KeySchema=_KEYS,
        AttributeDefinitions=[*attributes, {"AttributeName": "due_at", "AttributeType": "N"}],
        GlobalSecondaryIndexes=[index(name, *keys) for name, keys in INDEXES.items()],
        BillingMode="PAY_PER_REQUEST",
    )
    client.create_table(
        TableName="catalog", KeySchema=_KEYS, AttributeDefinitions=attributes[:2], BillingMode="PAY_PER_REQUEST"
    )


def index(name: str, partition: str, sort: str) -> Any:
    """An index as CloudFormation and CreateTable both write it."""
    return {
        "IndexName": name,
        "KeySchema": [
            {"AttributeName": partition, "KeyType": "HASH"},
            {"AttributeName": sort, "KeyType": "RANGE"},
        ],
        "Projection": PROJECTIONS.get(name, {"ProjectionType": "KEYS_ONLY"}),
    }
