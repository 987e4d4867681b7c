from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from cliploop.domain.notification import Notification

if TYPE_CHECKING:
    from mypy_boto3_events.client import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

_log = logging.getLogger(__name__)

SOURCE = "cliploop"
#: Entries in one PutEvents (the service's limit).
_BATCH = 10

#: A notification in a vendor's words.
Encode = Callable[[Notification], Mapping[str, Any]]


@dataclass(frozen=True)
class EventBridgeNotifications:
    """``Notifications`` on an event bus; ``encode`` gives the event's detail, whose EventType is the detail type."""

    client: EventBridgeClient
    bus: str
    encode: Encode

    def publish(self, notifications: Sequence[Notification]) -> list[Notification]:
        """See ``Notifications``. PutEvents can take some entries of a call and refuse others."""
        return [
            failed
            for start in range(0, len(notifications), _BATCH)
            for failed in self._put(notifications[start : start + _BATCH])
        ]

    def _put(self, batch: Sequence[Notification]) -> Iterator[Notification]:
        try:
            answer = self.client.put_events(Entries=[self._entry(notification) for notification in batch])
        except (ClientError, BotoCoreError) as error:
            _log.warning("%d notifications were not taken: %s", len(batch), error)
            yield from batch
            return
        if answer["FailedEntryCount"]:
            for notification, entry in zip(batch, answer["Entries"], strict=True):
                if "ErrorCode" in entry:
                    _log.warning("delivery %s was not taken: %s", notification.delivery_id, entry)
                    yield notification

    def _entry(self, notification: Notification) -> PutEventsRequestEntryTypeDef:
        detail = self.encode(notification)
        return {
            "EventBusName": self.bus,
            "Source": SOURCE,
            "DetailType": detail["EventType"],
            "Detail": json.dumps(detail, ensure_ascii=False),
        }
