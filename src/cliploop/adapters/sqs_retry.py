"""When a message that failed comes back."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

_FIRST_DELAY_S = 5
_MAX_DELAY_S = 300

#: A receiver that was only restarted hears of it within seconds; one that was down for a night, about an hour after.
_FIRST_CALLBACK_STEP_S = 4
_MAX_CALLBACK_STEP_S = 3600


def retry_delay_s(receive_count: int) -> int:
    """Seconds until the next try: 5, 10, 20 … at most 300."""
    doublings = max(0, receive_count - 1)
    return min(_MAX_DELAY_S, _FIRST_DELAY_S << min(doublings, 16))


def callback_step_s(receive_count: int) -> int:
    """The fewest seconds until the next try of a callback: 4, 8, 16 … at most an hour.

    With the queue's ``maxReceiveCount`` of tries they add up to more than a day.
    """
    doublings = max(0, receive_count - 1)
    return min(_MAX_CALLBACK_STEP_S, _FIRST_CALLBACK_STEP_S << min(doublings, 16))


def callback_delay_s(receive_count: int, draw: Callable[[int], int] = secrets.randbelow) -> int:
    """Seconds until the next try of a callback: anything from one step to the double of it, so the next one.

    The jitter has the whole way between two steps, so that what failed together does not come back together. It does
    not begin at zero: then nobody could say how long a callback is tried.

    Args:
        receive_count: tries until now.
        draw: gives a number from 0 up to, but not, its argument.
    """
    step_s = callback_step_s(receive_count)
    return step_s + draw(step_s + 1)


@dataclass(frozen=True)
class SqsRetry:
    """Brings failed messages back after a backoff.

    A queue that feeds a function must hide messages for longer than the function may run, which is hours too long for
    a throttled call.

    Attributes:
        queue_urls: the queues' addresses by their ARNs.
        delay_s: seconds until the next try, by how often a message was received.
    """

    client: SQSClient
    queue_urls: Mapping[str, str]
    delay_s: Callable[[int], int] = retry_delay_s

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
                VisibilityTimeout=self.delay_s(int(record["attributes"]["ApproximateReceiveCount"])),
            )
        except (ClientError, BotoCoreError):
            return False
        return True
