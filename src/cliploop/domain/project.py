from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Project:
    """Who a task belongs to.

    Attributes:
        project_id: 32 hex digits.
        app_id: the number in Tencent's task ids.
        application_ids: the applications that its tasks may be for (Alibaba's ApplicationId); empty = any.
    """

    project_id: str
    app_id: int
    application_ids: frozenset[str] = frozenset()
