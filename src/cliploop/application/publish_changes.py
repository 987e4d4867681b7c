"""A stored change becomes notifications (docs/adr/0004)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from cliploop.application.ports import Notifications, RevisionConflictError, Tasks
from cliploop.application.update_task import update_task
from cliploop.domain.errors import CliploopError
from cliploop.domain.notification import Change, EventKind, Notification, TaskChange, notifications_of
from cliploop.domain.task import NotClaimableError, Task

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PublishChanges:
    """Tells subscribers of stored changes, and remembers on a task's row that its end was told."""

    tasks: Tasks
    notifications: Notifications

    def __call__(self, changes: Sequence[Change]) -> list[Change]:
        """Tell what there is to tell; changes that could not be told, or counted, are returned to be tried again."""
        telling = [(change, notifications_of(change)) for change in changes]
        untold = self._tell([notice for _, notices in telling for notice in notices])
        failed = [change for change, notices in telling if any(each.delivery_id in untold for each in notices)]
        told = [(change, notices) for change, notices in telling if change not in failed]
        return failed + [change for change, notices in told if not self._remember(change, notices)]

    def _tell(self, notices: Sequence[Notification]) -> set[str]:
        """The delivery ids of those that could not be told. One that stands in a batch twice is told once."""
        once = {notice.delivery_id: notice for notice in notices}
        return {notice.delivery_id for notice in self.notifications.publish(list(once.values()))}

    def _remember(self, change: Change, notices: Sequence[Notification]) -> bool:
        """Whether the task's row says what was told of it, as far as somebody else has to know."""
        if not isinstance(change, TaskChange) or not change.is_news:
            return True  # of a final row, too: that it was looked at does not mean that its end was told
        if change.after.state.is_final:
            return self._retire(change.after)
        if any(notice.kind is EventKind.PULL_COMPLETE for notice in notices):
            return self._note_pull(change.after)
        return True

    def _note_pull(self, told: Task) -> bool:
        try:
            update_task(self.tasks, told.project_id, told.task_id, Task.told_of_pull)
        except NotClaimableError:
            return True  # a redelivered record, or the end has come already
        except CliploopError as error:
            _log.warning("task %d does not say yet that its pull was told: %s", told.task_id, error.log_text)
            return False
        return True

    def _retire(self, told: Task) -> bool:
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
