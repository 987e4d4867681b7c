from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cliploop.adapters.aws_errors import unavailable_when_failing

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient


@dataclass(frozen=True)
class SqsWorkQueue:
    """``WorkQueue`` in SQS. The message only points: everything about the task is on its row.

    A message's group is its project. On a standard queue that makes nothing wait in line: SQS prefers the messages of
    groups that have little in work ("fair queues"), so that one project's backlog does not hold up another's.
    """

    client: SQSClient
    queue_url: str

    def send(self, project_id: str, task_id: int) -> None:
        """See ``WorkQueue``."""
        with unavailable_when_failing("sending a task to the work queue"):
            self.client.send_message(
                QueueUrl=self.queue_url,
                MessageBody=json.dumps({"project_id": project_id, "task_id": str(task_id)}),
                MessageGroupId=project_id,
            )
