from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cliploop.adapters.aws_errors import unavailable_when_failing
from cliploop.application.ports_events import Callback, event_text

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient


@dataclass(frozen=True)
class SqsCallbackQueue:
    """``CallbackQueue`` in SQS. The message is the callback's fields as JSON."""

    client: SQSClient
    queue_url: str

    def send(self, callback: Callback) -> None:
        """See ``CallbackQueue``."""
        event_text(callback.body)  # beside it there is room for the address, and little else
        with unavailable_when_failing("queueing a callback"):
            self.client.send_message(QueueUrl=self.queue_url, MessageBody=json.dumps(vars(callback)))
