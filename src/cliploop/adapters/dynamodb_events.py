from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from botocore.exceptions import ClientError

from cliploop.adapters.aws_errors import code_of, unavailable_when_failing
from cliploop.adapters.dynamodb_reads import read_items
from cliploop.adapters.dynamodb_transactions import write_together
from cliploop.application.ports_events import EVENT_KEPT_MS, QueuedEvent, event_text
from cliploop.domain.errors import CliploopError, ErrorCode

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

#: What DynamoDB may delete stays this much longer, so that it never goes while somebody holds a handle.
_MARGIN_S = 60 * 60
#: Items that one Query looks at; most of them can be taken.
_PAGE = 48

_HANDLE = re.compile(r"([0-9]{13})\.([0-9a-f]{32})\.([0-9]{13})")


@dataclass(frozen=True)
class _Taken:
    """An event as somebody took it. No two takings of an event hide it until the same moment."""

    created_ms: int
    delivery_id: str
    hidden_until_ms: int

    @classmethod
    def read(cls, handle: str) -> Self:
        """What a handle stands for."""
        match = _HANDLE.fullmatch(handle)
        if match is None:
            raise _invalid("a handle is none of ours")
        return cls(int(match[1]), match[2], int(match[3]))

    def handle(self) -> str:
        return f"{self.created_ms:013d}.{self.delivery_id}.{self.hidden_until_ms:013d}"


@dataclass(frozen=True)
class DynamoDBEvents:
    """``EventQueue`` in the tasks table.

    An event is two items: one in its project's queue, which goes when it is confirmed, and a marker, which stays and
    says that the event was added, and by which handle it was confirmed.
    """

    client: DynamoDBClient
    table: str

    def add(self, project_id: str, delivery_id: str, event: Mapping[str, Any], now_ms: int) -> None:
        """See ``EventQueue``."""
        expires = {"expires_at": {"N": str((now_ms + EVENT_KEPT_MS) // 1000 + _MARGIN_S)}}
        item = _event_key(project_id, now_ms, delivery_id) | expires
        item |= {"content": {"S": event_text(event)}, "visible_at": {"N": str(now_ms)}}
        with unavailable_when_failing("queueing an event"):
            # Where the marker is there already, the event was added before: that is done, too.
            write_together(
                self.client, [self._put_new(_marker_key(project_id, delivery_id) | expires), self._put_new(item)]
            )

    def take(self, project_id: str, most: int, now_ms: int, hidden_ms: int) -> list[QueuedEvent]:
        """See ``EventQueue``."""
        taken: list[QueuedEvent] = []
        with unavailable_when_failing("taking events"):
            for item in self._visible(project_id, now_ms):
                if self._hide(item, now_ms + hidden_ms):
                    taken.append(_queued(item, now_ms + hidden_ms))
                if len(taken) == most:
                    break
        return taken

    def confirm(self, project_id: str, handles: Sequence[str], now_ms: int) -> None:
        """See ``EventQueue``."""
        wanted = {_Taken.read(handle) for handle in handles}
        if any(each.hidden_until_ms <= now_ms for each in wanted):
            raise _invalid("a handle is too old")
        if len({each.delivery_id for each in wanted}) < len(wanted):
            raise _invalid("an event has two handles, of which one is made up")
        with unavailable_when_failing("confirming events"):
            pending = self._unconfirmed(project_id, wanted)
            while pending and not write_together(self.client, list(self._confirmations(project_id, pending))):
                left = self._unconfirmed(project_id, pending)
                if left == pending:
                    raise _invalid("an event was never there, or was taken by somebody else since")
                pending = left  # somebody confirmed some of them at the same moment

    def _put_new(self, item: dict[str, Any]) -> dict[str, Any]:
        return {"Put": {"TableName": self.table, "Item": item, "ConditionExpression": "attribute_not_exists(pk)"}}

    def _visible(self, project_id: str, now_ms: int) -> Iterator[dict[str, Any]]:
        """The events that nobody has, oldest first. DynamoDB deletes what has expired only hours later."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression="pk = :queue AND sk > :expired",
            FilterExpression="visible_at <= :now",
            ExpressionAttributeValues={
                ":queue": {"S": _queue(project_id)},
                ":expired": {"S": f"{_created_key(now_ms - EVENT_KEPT_MS)}~"},
                ":now": {"N": str(now_ms)},
            },
            ConsistentRead=True,
            PaginationConfig={"PageSize": _PAGE},
        )
        for page in pages:
            yield from page["Items"]

    def _hide(self, item: Mapping[str, Any], until_ms: int) -> bool:
        """Whether the event is the caller's now, and nobody else's who saw it at the same moment."""
        try:
            self.client.update_item(
                TableName=self.table,
                Key={"pk": item["pk"], "sk": item["sk"]},
                UpdateExpression="SET visible_at = :until",
                ConditionExpression="visible_at = :seen",
                ExpressionAttributeValues={":until": {"N": str(until_ms)}, ":seen": item["visible_at"]},
            )
        except ClientError as error:
            if code_of(error) not in {"ConditionalCheckFailedException", "TransactionConflictException"}:
                raise
            return False
        return True

    def _unconfirmed(self, project_id: str, wanted: Collection[_Taken]) -> set[_Taken]:
        """Those of ``wanted`` that were not confirmed by the same handle before."""
        keys = [_marker_key(project_id, delivery_id) for delivery_id in {each.delivery_id for each in wanted}]
        markers = read_items(self.client, self.table, keys, consistent=True)
        done = {(item["pk"]["S"], int(item["confirmed"]["N"])) for item in markers if "confirmed" in item}
        return {each for each in wanted if (_marker(project_id, each.delivery_id), each.hidden_until_ms) not in done}

    def _confirmations(self, project_id: str, pending: Collection[_Taken]) -> Iterator[dict[str, Any]]:
        for each in pending:
            values = {":taken": {"N": str(each.hidden_until_ms)}}
            yield {
                "Delete": {
                    "TableName": self.table,
                    "Key": _event_key(project_id, each.created_ms, each.delivery_id),
                    "ConditionExpression": "visible_at = :taken",
                    "ExpressionAttributeValues": values,
                }
            }
            yield {
                "Update": {
                    "TableName": self.table,
                    "Key": _marker_key(project_id, each.delivery_id),
                    "UpdateExpression": "SET confirmed = :taken",
                    "ExpressionAttributeValues": values,
                }
            }


def _queued(item: Mapping[str, Any], hidden_until_ms: int) -> QueuedEvent:
    created_ms, _, delivery_id = item["sk"]["S"].partition("#")
    handle = _Taken(int(created_ms), delivery_id, hidden_until_ms).handle()
    return QueuedEvent(handle, json.loads(item["content"]["S"]))


def _queue(project_id: str) -> str:
    return f"{project_id}#events"


def _marker(project_id: str, delivery_id: str) -> str:
    return f"{project_id}#event#{delivery_id}"


def _created_key(created_ms: int) -> str:
    return f"{created_ms:013d}#"


def _event_key(project_id: str, created_ms: int, delivery_id: str) -> dict[str, Any]:
    return {"pk": {"S": _queue(project_id)}, "sk": {"S": f"{_created_key(created_ms)}{delivery_id}"}}


def _marker_key(project_id: str, delivery_id: str) -> dict[str, Any]:
    return {"pk": {"S": _marker(project_id, delivery_id)}, "sk": {"S": "event"}}


def _invalid(why: str) -> CliploopError:
    return CliploopError(
        ErrorCode.EVENT_HANDLE_INVALID,
        "An event handle is unknown, or older than its event may be held; pull the events again.",
        log_text=why,
    )
