from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from cliploop.adapters.aws_errors import unavailable_when_failing
from cliploop.application.ports_events import Callback, event_text
from cliploop.domain.errors import CliploopError
from cliploop.domain.web_address import read_web_address

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient


@dataclass(frozen=True)
class SqsCallbackQueue:
    """``CallbackQueue`` in SQS. The message is the callback's fields as JSON, ``of_task`` only where it is so.

    So a release that does not know that field yet reads every message that can do without it.

    Messages to one host are one group, which makes the queue a fair one: while the calls of a host take more than
    their share of the time, or many of them wait for another try, SQS hands out the others' messages first.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html
    """

    client: SQSClient
    queue_url: str

    def send(self, callback: Callback) -> None:
        """See ``CallbackQueue``."""
        event_text(callback.body)  # beside it there is room for the address, and little else
        with unavailable_when_failing("queueing a callback"):
            self.client.send_message(
                QueueUrl=self.queue_url, MessageBody=message_of(callback), MessageGroupId=receiver_of(callback.url)
            )


def message_of(callback: Callback) -> str:
    """A callback as a message."""
    fields: dict[str, Any] = {name: value for name, value in vars(callback).items() if name != "of_task" or value}
    return json.dumps(fields)


def receiver_of(url: str) -> str:
    """A name for the host of an address, as long as a group's name may be (128 characters; a host's has 253)."""
    try:
        host = read_web_address(url).host
    except CliploopError:  # nobody will call it
        host = url
    return sha256(host.encode("utf-8", "surrogatepass")).hexdigest()
