"""Records of the tasks table's stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cliploop.adapters.task_rows import is_task_row, item_to_task
from cliploop.domain.notification import TaskChange


def change_in(record: Mapping[str, Any]) -> TaskChange | None:
    """The change that a record carries, or None where it is not one of a task: a count, or a row that has expired."""
    images = record["dynamodb"]
    if "NewImage" not in images or not is_task_row(images["NewImage"]):
        return None
    before = item_to_task(images["OldImage"]) if "OldImage" in images else None
    return TaskChange(before, item_to_task(images["NewImage"]))
