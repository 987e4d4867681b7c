"""The composition root: the one room that knows both the use cases and what they run on; a module for each door.

Each function's parts are made once a process, on first use; adapters are imported only by the function that needs
them, so that a query loads neither NumPy nor Pillow nor the S3 client.
"""

from __future__ import annotations

from cliploop.bootstrap.asking import query_tasks
from cliploop.bootstrap.managing import manage_tasks
from cliploop.bootstrap.parts import region
from cliploop.bootstrap.sweeping import sweep
from cliploop.bootstrap.telling import on_task_change, send_callback
from cliploop.bootstrap.working import on_upload

__all__ = ["manage_tasks", "on_task_change", "on_upload", "query_tasks", "region", "send_callback", "sweep"]
