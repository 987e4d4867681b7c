from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from cliploop.adapters.aws_errors import code_of, unavailable_when_failing
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.procedure import NotifyMode
from cliploop.domain.section import Section
from cliploop.domain.upload import UploadedObject, UploadOrder
from cliploop.domain.upload_session import UploadSession

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_serializer = TypeSerializer()
_deserializer = TypeDeserializer()

Item = Mapping[str, Any]


@dataclass(frozen=True)
class DynamoDBUploadSessions:
    """``UploadSessions`` in the catalog table (docs/adr/0002). Of a session key only the SHA-256 is kept."""

    client: DynamoDBClient
    table: str

    def add(self, session: UploadSession) -> None:
        """See ``UploadSessions``."""
        with unavailable_when_failing("storing an upload session"):
            self.client.put_item(TableName=self.table, Item=_to_item(session))

    def get(self, project_id: str, session_key: str) -> UploadSession | None:
        """See ``UploadSessions``."""
        with unavailable_when_failing("reading an upload session"):
            item = self.client.get_item(
                TableName=self.table, Key=_item_key(project_id, session_key), ConsistentRead=True
            ).get("Item")
        return _to_session(item, project_id, session_key) if item else None

    def commit(self, session: UploadSession, upload: UploadedObject) -> UploadedObject:
        """See ``UploadSessions``."""
        committed = {"version_id": upload.source.version_id, "size": upload.size}
        with unavailable_when_failing("committing an upload"):
            try:
                self.client.update_item(
                    TableName=self.table,
                    Key=_item_key(session.project_id, session.session_key),
                    UpdateExpression="SET committed = :committed",
                    ConditionExpression="attribute_exists(pk) AND attribute_not_exists(committed)",
                    ExpressionAttributeValues={":committed": _serializer.serialize(committed)},
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except ClientError as error:
                if code_of(error) != "ConditionalCheckFailedException":
                    raise
                return _fixed_before(session, error.response.get("Item"))  # type: ignore[arg-type]  # set by ALL_OLD
        return upload


def _fixed_before(session: UploadSession, item: Item | None) -> UploadedObject:
    stored = _to_session(item, session.project_id, session.session_key) if item else None
    if stored is None or stored.committed is None:
        raise CliploopError(ErrorCode.UPLOAD_SESSION_INVALID, "The session has expired; apply for the upload again.")
    return stored.committed


def _item_key(project_id: str, session_key: str) -> dict[str, Any]:
    return {"pk": {"S": f"{project_id}#upload"}, "sk": {"S": sha256(session_key.encode()).hexdigest()}}


def _to_item(session: UploadSession) -> dict[str, Any]:
    values = {
        "bucket": session.bucket,
        "key": session.key,
        "order": _order_to_map(session.order),
        "expires_ms": session.expires_ms,
        "expires_at": session.expires_ms // 1000,
    }
    key = _item_key(session.project_id, session.session_key)
    return key | {name: _serializer.serialize(value) for name, value in values.items()}


def _to_session(item: Item, project_id: str, session_key: str) -> UploadSession:
    row = {name: _deserializer.deserialize(value) for name, value in item.items()}
    committed = row.get("committed")
    return UploadSession(
        project_id=project_id,
        session_key=session_key,
        bucket=row["bucket"],
        key=row["key"],
        order=_map_to_order(row["order"]),
        expires_ms=int(row["expires_ms"]),
        committed=committed
        and UploadedObject(ObjectVersion(row["bucket"], row["key"], committed["version_id"]), int(committed["size"])),
    )


def _order_to_map(order: UploadOrder) -> dict[str, Any]:
    """What was said; the rest is what ``UploadOrder`` has by itself."""
    values = {
        "procedure": order.procedure,
        "section": order.section and [order.section.start_ms, order.section.end_ms],
        "session_context": order.session_context,
        "priority": order.priority,
        "notify_mode": order.notify_mode.value,
        "source_context": order.source_context,
        "name": order.name,
    }
    return {name: value for name, value in values.items() if value}


def _map_to_order(row: Mapping[str, Any]) -> UploadOrder:
    return UploadOrder(
        procedure=row.get("procedure"),
        section=Section(*map(int, row["section"])) if "section" in row else None,
        session_context=row.get("session_context", ""),
        priority=int(row.get("priority", 0)),
        notify_mode=NotifyMode(row["notify_mode"]),
        source_context=row.get("source_context", ""),
        name=row.get("name", ""),
    )
