"""When a message that failed comes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cliploop.adapters.aws_errors import unavailable_when_failing

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

_FIRST_DELAY_S = 5
_MAX_DELAY_S = 300


def retry_delay_s(receive_count: int) -> int:
    """Seconds until the next try: 5, 10, 20 … at most 300."""
    doublings = max(0, receive_count - 1)
    return min(_MAX_DELAY_S, _FIRST_DELAY_S << min(doublings, 16))


@dataclass(frozen=True)
class SqsRetry:
    """Brings failed messages back after a backoff.

    A queue that feeds a function must hide messages for longer than the function may run, which is hours too long for
    a throttled call.
    """

    client: SQSClient

    def later(self, queue_url: str, receipt_handle: str, receive_count: int) -> None:
        """Make one received message visible again after the backoff for its number of receives."""
        with unavailable_when_failing("putting a message back"):
            self.client.change_message_visibility(
                QueueUrl=queue_url, ReceiptHandle=receipt_handle, VisibilityTimeout=retry_delay_s(receive_count)
            )
