"""A customer of Tencent VOD's who came over: her unmodified client, pointed at the deployed stack."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.vod.v20180717 import models
from tencentcloud.vod.v20180717.vod_client import VodClient

from local.stack import Stack

PATIENCE_S = 60
Found = TypeVar("Found")


class VodCustomer:
    """Calls actions by name through the client's own typed methods and models."""

    def __init__(
        self, stack: Stack, sign_method: str = "TC3-HMAC-SHA256", req_method: str = "POST", **keys: str
    ) -> None:
        http = HttpProfile(protocol="http", endpoint=stack.api.removeprefix("http://"), reqMethod=req_method)
        credential = Credential(keys.get("secret_id", stack.secret_id), keys.get("secret_key", stack.secret_key))
        self.seen: list[Any] = []
        self.client = VodClient(credential, "", ClientProfile(signMethod=sign_method, httpProfile=http))

    def call(self, action: str, **parameters: Any) -> Any:
        """The reply as the client's model of it."""
        request = getattr(models, f"{action}Request")()
        request._deserialize(parameters)
        return getattr(self.client, action)(request)

    def refusal(self, action: str, **parameters: Any) -> str:
        """The code of the error that the call ends with."""
        try:
            self.call(action, **parameters)
        except TencentCloudSDKException as error:
            assert error.requestId
            assert error.message
            return str(error.code)
        raise AssertionError(f"{action} was not refused")

    def raw(self, action: str, **parameters: Any) -> dict[str, Any]:
        """The reply as it was sent."""
        reply: dict[str, Any] = self.client.call_json(action, parameters)["Response"]
        return reply

    def ended(self, task_id: str) -> Any:
        """A task's detail, once it has ended."""

        def look() -> Any:
            detail = self.call("DescribeTaskDetail", TaskId=task_id)
            return detail if detail.Status in {"FINISH", "ABORTED"} else None

        return wait_for(look, f"the end of {task_id}")

    def event_of(self, is_it: Callable[[Any], bool]) -> Any:
        """The event of the reliable queue that is meant; all that are pulled meanwhile are confirmed and kept."""

        def look() -> Any:
            found = next((event for event in self.seen if is_it(event)), None)
            if found is None:
                events = self.call("PullEvents").EventSet
                if events:
                    self.call("ConfirmEvents", EventHandles=[event.EventHandle for event in events])
                self.seen += events
            return found

        return wait_for(look, "an event")


def wait_for(look: Callable[[], Found | None], what: str) -> Found:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError(f"{what} did not come within {PATIENCE_S} s")
