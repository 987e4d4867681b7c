"""A stored change becomes a notification (docs/adr/0004)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from cliploop.application.ports import Notifications, RevisionConflictError, Tasks
from cliploop.domain.errors import CliploopError
from cliploop.domain.notification import TaskChange, notification_of
from cliploop.domain.task import Task

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PublishChanges:
    """Tells subscribers of stored changes, and remembers on the row that its end was told."""

    tasks: Tasks
    notifications: Notifications

    def __call__(self, changes: Sequence[TaskChange]) -> list[TaskChange]:
        """Tell what there is to tell; changes that could not be told, or counted, are returned to be tried again."""
        telling = {
            notice.delivery_id: (notice, change)
            for change in changes
            if (notice := notification_of(change)) is not None
        }
        untold = {
            notice.delivery_id for notice in self.notifications.publish([notice for notice, _ in telling.values()])
        }
        failed = [change for delivery_id, (_, change) in telling.items() if delivery_id in untold]
        ended = [change for change in changes if change.after.state.is_final and change not in failed]
        return failed + [change for change in ended if not self._remember(change.after)]

    def _remember(self, told: Task) -> bool:
        """Whether the row says that nobody needs to look at it any more."""
        if not told.due_at_ms:
            return True
        try:
            self.tasks.retire(told, told.told())
        except RevisionConflictError:
            return True  # a redelivered record: the row has moved on, and was told then
        except CliploopError as error:
            _log.warning("task %d was told but not counted yet: %s", told.task_id, error.log_text)
            return False
        return True
