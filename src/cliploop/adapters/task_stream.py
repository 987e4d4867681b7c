"""Records of the tasks table's stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cliploop.adapters.dynamodb_files import is_file_row, item_to_file
from cliploop.adapters.task_rows import is_task_row, item_to_task
from cliploop.domain.notification import Change, TaskChange


def change_in(record: Mapping[str, Any]) -> Change | None:
    """The change that a record carries, or None where it tells nobody anything.

    That is a file that was known before, a row that has expired, a count, or an event that waits in its queue.
    """
    images = record["dynamodb"]
    after = images.get("NewImage")
    if after is None:
        return None
    if is_file_row(after):
        return item_to_file(after) if record["eventName"] == "INSERT" else None
    if not is_task_row(after):
        return None
    before = item_to_task(images["OldImage"]) if "OldImage" in images else None
    return TaskChange(before, item_to_task(after))
