from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from cliploop.adapters.aws_errors import unavailable_when_failing
from cliploop.domain.event_settings import EventMode, EventSettings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_serializer = TypeSerializer()
_deserializer = TypeDeserializer()


@dataclass(frozen=True)
class DynamoDBEventSettings:
    """``EventSettingsStore`` in the catalog table."""

    client: DynamoDBClient
    table: str

    def get(self, project_id: str) -> EventSettings:
        """See ``EventSettingsStore``."""
        with unavailable_when_failing("reading event settings"):
            item = self.client.get_item(TableName=self.table, Key=_key(project_id), ConsistentRead=True).get("Item")
        if item is None:
            return EventSettings()
        row = {name: _deserializer.deserialize(value) for name, value in item.items() if name not in {"pk", "sk"}}
        return EventSettings(**row | {"mode": EventMode(row["mode"])})

    def put(self, project_id: str, settings: EventSettings) -> None:
        """See ``EventSettingsStore``."""
        row = asdict(settings) | {"mode": settings.mode.value}
        item = _key(project_id) | {name: _serializer.serialize(value) for name, value in row.items()}
        with unavailable_when_failing("keeping event settings"):
            self.client.put_item(TableName=self.table, Item=item)


def _key(project_id: str) -> dict[str, Any]:
    return {"pk": {"S": project_id}, "sk": {"S": "event-settings"}}
