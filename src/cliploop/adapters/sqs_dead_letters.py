from __future__ import annotations

import json
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from cliploop.adapters.aws_errors import unavailable_when_failing
from cliploop.adapters.sqs_callbacks import message_of, receiver_of
from cliploop.application.ports_events import Callback, LaidAside, Search

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

#: Messages that SQS gives, or takes, in one call.
_BATCH = 10


@dataclass(frozen=True)
class SqsLaidAsideCallbacks:
    """``LaidAsideCallbacks`` in the dead-letter queue, into which SQS itself puts what was tried often enough.

    SQS cannot be asked for a message by what is in it, so a search takes all messages, one batch after the other,
    which hides them from itself, and gives back what it was not looking for.

    Attributes:
        most: messages that one search looks at.
        search_s: seconds after which a search ends.
        hidden_s: seconds for which it hides what it takes. Where the searching function dies, all are back then.
        wait_s: seconds for which SQS may wait for a message. Only where it may, it asks all of its servers, and an
            empty answer means that there is nothing.
    """

    client: SQSClient
    queue_url: str
    most: int = 10_000
    search_s: float = 20
    hidden_s: int = 60
    wait_s: int = 1

    def add(self, callback: Callback) -> None:
        """See ``LaidAsideCallbacks``."""
        with unavailable_when_failing("laying a callback aside"):
            self.client.send_message(
                QueueUrl=self.queue_url, MessageBody=message_of(callback), MessageGroupId=receiver_of(callback.url)
            )

    def find(self, delivery_ids: Collection[str]) -> Search:
        """See ``LaidAsideCallbacks``. What cannot be read stays for a person to look at."""
        found: list[LaidAside] = []
        others: list[str] = []
        try:
            complete = self._look_through(delivery_ids, found, others)
        except BaseException:
            others += [each.handle for each in found]
            raise
        finally:
            self._give_back(others)
        return Search(found, complete)

    def drop(self, found: LaidAside) -> None:
        """See ``LaidAsideCallbacks``."""
        with unavailable_when_failing("dropping a callback that was laid aside"):
            self.client.delete_message(QueueUrl=self.queue_url, ReceiptHandle=found.handle)

    def _look_through(self, delivery_ids: Collection[str], found: list[LaidAside], others: list[str]) -> bool:
        """Sort all messages into ``found`` and ``others``, and say whether they really were all."""
        until_s = time.monotonic() + self.search_s
        while time.monotonic() < until_s and len(found) + len(others) < self.most:
            with unavailable_when_failing("looking through the callbacks that were laid aside"):
                reply = self.client.receive_message(
                    QueueUrl=self.queue_url,
                    MaxNumberOfMessages=_BATCH,
                    VisibilityTimeout=self.hidden_s,
                    WaitTimeSeconds=self.wait_s,
                )
            messages = reply.get("Messages", [])
            if not messages:
                return True
            for message in messages:
                callback = _callback_in(message["Body"])
                if callback and callback.delivery_id in delivery_ids:
                    found.append(LaidAside(message["ReceiptHandle"], callback))
                else:
                    others.append(message["ReceiptHandle"])
        return False

    def _give_back(self, handles: Sequence[str]) -> None:
        for start in range(0, len(handles), _BATCH):
            batch = handles[start : start + _BATCH]
            with suppress(ClientError, BotoCoreError):  # then they are back a little later
                self.client.change_message_visibility_batch(
                    QueueUrl=self.queue_url,
                    Entries=[
                        {"Id": str(place), "ReceiptHandle": handle, "VisibilityTimeout": 0}
                        for place, handle in enumerate(batch)
                    ],
                )


def _callback_in(text: str) -> Callback | None:
    try:
        return Callback(**json.loads(text))
    except (ValueError, TypeError):
        return None
