from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cliploop.adapters.aws_errors import unavailable_when_failing
from cliploop.application.ports_events import Callback, event_text

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient


@dataclass(frozen=True)
class SqsCallbackQueue:
    """``CallbackQueue`` in SQS. The message is the callback's fields as JSON, ``of_task`` only where it is so.

    So a release that does not know that field yet reads every message that can do without it.
    """

    client: SQSClient
    queue_url: str

    def send(self, callback: Callback) -> None:
        """See ``CallbackQueue``."""
        event_text(callback.body)  # beside it there is room for the address, and little else
        with unavailable_when_failing("queueing a callback"):
            self.client.send_message(QueueUrl=self.queue_url, MessageBody=json.dumps(_message(callback)))


def _message(callback: Callback) -> dict[str, Any]:
    return {name: value for name, value in vars(callback).items() if name != "of_task" or value}
