"""What is sent to a task's ``CallbackUrl``. The vendor documents nothing of it, so this is ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cliploop.dialects.alibaba_gif.gif_task import STATUSES, RenderTask
from cliploop.domain.addresses import Addresses
from cliploop.domain.notification import Notification
from cliploop.domain.task import Task


@dataclass(frozen=True)
class EncodeCallback:
    """Renders the end of a task."""

    addresses: Addresses

    def __call__(self, notification: Notification) -> Mapping[str, Any]:
        """The body's JSON: as ``GetTaskResult`` replies, so that one model reads both, with the ids that it lacks.

        Raises:
            TypeError: the notification is not of a task.
        """
        task = notification.subject
        if not isinstance(task, Task):
            raise TypeError(f"a callback tells of a task, not of {type(task).__name__}")
        return {
            "TaskId": task.task_id,
            "Status": STATUSES[task.state],
            "Result": RenderTask(self.addresses).result(task),
            "DeliveryId": notification.delivery_id,
        }
