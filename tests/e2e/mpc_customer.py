"""A customer of Huawei MPC's who came over: her unmodified client, pointed at the deployed stack."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from cliploop.domain.access_key import AccessKey
from local.stack import Stack
from tests.unit.dialects.huawei_client import (
    ClientRequestException,
    CreateAnimatedGraphicsTaskReq,
    CreateAnimatedGraphicsTaskRequest,
    DeleteAnimatedGraphicsTaskRequest,
    ListAnimatedGraphicsTaskRequest,
    Way,
    connected,
    param,
    place,
)

PATIENCE_S = 60
FINAL = {"SUCCEED", "FAILED", "CANCELED"}


@dataclass(frozen=True)
class MpcCustomer:
    """Calls operations through the client's own methods and models."""

    stack: Stack
    client: Any

    def source(self, key: str, **changes: str) -> Any:
        return place(**{"bucket": self.stack.upload_bucket, "location": self.stack.region, "object": key, **changes})

    def target(self, folder: str, file_name: str, **changes: str) -> Any:
        where = {"bucket": self.stack.output_bucket, "location": self.stack.region, "object": folder}
        return place(**{**where, "file_name": file_name, **changes})

    def create(self, source: Any, target: Any, user_data: str = "", **output_param: Any) -> str:
        """The id of a new task."""
        asked = {"format": "gif", "width": 160, "height": -1, "start": 500, "end": 1_500, "frame_rate": 10}
        body = CreateAnimatedGraphicsTaskReq(
            input=source, output=target, user_data=user_data, output_param=param(**asked | output_param)
        )
        reply = self.client.create_animated_graphics_task(CreateAnimatedGraphicsTaskRequest(body))
        return str(reply.task_id)

    def tasks(self, **where: Any) -> Any:
        return self.client.list_animated_graphics_task(ListAnimatedGraphicsTaskRequest(**where))

    def cancel(self, task_id: str | None) -> int:
        reply = self.client.delete_animated_graphics_task(DeleteAnimatedGraphicsTaskRequest(task_id=task_id))
        return int(reply.status_code)

    def ended(self, task_id: str) -> Any:
        """A task, once it has ended."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            (task,) = self.tasks(task_id=[task_id]).tasks
            if task.status in FINAL:
                return task
            time.sleep(0.2)
        raise AssertionError(f"{task_id} did not end within {PATIENCE_S} s")


@contextmanager
def calling(stack: Stack, **changes: str) -> Iterator[MpcCustomer]:
    """A customer; ``changes`` are a ``key_id``, ``secret`` or ``project_id`` other than her own."""
    key = AccessKey(changes.get("key_id", stack.secret_id), changes.get("secret", stack.secret_key), stack.project_id)
    way = Way("e2e", "", project_id=changes.get("project_id", stack.project_id))
    with connected(stack.api, way, key) as client:
        yield MpcCustomer(stack, client)


def refusal(call: Any) -> tuple[int, str]:
    """The status and the code of the error that a call ends with."""
    with pytest.raises(ClientRequestException) as raised:
        call()
    assert raised.value.error_msg
    assert raised.value.request_id
    return raised.value.status_code, raised.value.error_code
