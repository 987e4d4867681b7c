"""When a message that failed comes back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

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
    a throttled call. ``queue_urls`` are the queues' addresses by their ARNs.
    """

    client: SQSClient
    queue_urls: Mapping[str, str]

    def put_back(self, records: Sequence[Mapping[str, Any]], failed: Collection[str]) -> list[str]:
        """Make those of an event's records whose message id is in ``failed`` visible again after their backoff.

        Returns:
            The ids of those that SQS would not take back; they come back after their queue's own, long time.
        """
        return [
            record["messageId"] for record in records if record["messageId"] in failed and not self._put_back(record)
        ]

    def _put_back(self, record: Mapping[str, Any]) -> bool:
        try:
            self.client.change_message_visibility(
                QueueUrl=self.queue_urls[record["eventSourceARN"]],
                ReceiptHandle=record["receiptHandle"],
                VisibilityTimeout=retry_delay_s(int(record["attributes"]["ApproximateReceiveCount"])),
            )
        except (ClientError, BotoCoreError):
            return False
        return True
