from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Project:
    """Who a task belongs to. ``project_id`` is 32 hex digits, ``app_id`` the number in Tencent's task ids."""

    project_id: str
    app_id: int
