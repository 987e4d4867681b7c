"""A customer of Alibaba's who came over: both generations of her unmodified client, pointed at the deployed stack."""

from __future__ import annotations

import json
from typing import Any

from alibabacloud_multimediaai20190810 import models
from alibabacloud_multimediaai20190810.client import Client
from alibabacloud_tea_openapi import models as open_api
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest
from aliyunsdkmultimediaai.request.v20190810.CreateGifTaskRequest import CreateGifTaskRequest
from darabonba.runtime import RuntimeOptions

from local.stack import Stack
from tests.e2e.vod_customer import wait_for

VERSION = "2019-08-10"
ENDED = {2, 3}


class GifCustomer:
    """Makes tasks by `CreateGifTask`, in each way that her clients know, and looks after them."""

    def __init__(self, stack: Stack, **keys: str) -> None:
        self.host = stack.api.removeprefix("http://")
        self.keys = keys.get("key_id", stack.secret_id), keys.get("secret", stack.secret_key)
        key_id, secret = self.keys
        self.new = Client(
            open_api.Config(access_key_id=key_id, access_key_secret=secret, endpoint=self.host, protocol="http")
        )

    def create_by_new(self, **parameters: Any) -> int:
        """A signed form."""
        asked = models.CreateGifTaskRequest().from_map(parameters)
        return int(self.new.create_gif_task(asked).body.task_id)

    def create_by_old(self, *, prefix: str = "", **parameters: Any) -> int:
        """A signed query, with `Scales` in a form."""
        request = CreateGifTaskRequest()
        for name, value in parameters.items():
            getattr(request, f"set_{name}")(value)
        return int(self.by_old(request, prefix)["TaskId"])

    def create_by_name(self, **parameters: Any) -> int:
        """The generic call, which signs headers (ACS3)."""
        params = open_api.Params(
            action="CreateGifTask",
            version=VERSION,
            protocol="HTTP",
            pathname="/",
            method="POST",
            auth_type="AK",
            style="RPC",
            req_body_type="formData",
            body_type="json",
        )
        address = {"VideoUrl": parameters.pop("VideoUrl")}
        asked = open_api.OpenApiRequest(query={name: str(each) for name, each in parameters.items()}, body=address)
        return int(self.new.call_api(params, asked, RuntimeOptions())["body"]["TaskId"])

    def by_old(self, request: Any, prefix: str = "") -> dict[str, Any]:
        request.set_accept_format("JSON")
        request.set_endpoint(f"{self.host}{prefix}")
        reply: dict[str, Any] = json.loads(AcsClient(*self.keys, "cn-beijing").do_action_with_exception(request))
        return reply

    def list_tasks(self, **parameters: Any) -> dict[str, Any]:
        """By name, as no client has a model of it."""
        request = CommonRequest(self.host, VERSION, "ListTasks")
        for name, value in parameters.items():
            request.add_query_param(name, value)
        return self.by_old(request)

    def result(self, task_id: int) -> dict[str, Any]:
        """A task's result, once it has ended, with its status."""

        def look() -> dict[str, Any] | None:
            body = self.new.get_task_result(models.GetTaskResultRequest(task_id=task_id)).body
            return {"Status": body.status, **body.result.to_map()} if body.status in ENDED else None

        return wait_for(look, f"the end of {task_id}")

    def refusal_by_new(self, **parameters: Any) -> tuple[str, int]:
        """The code and the status of the error that the call ends with."""
        try:
            self.create_by_new(**parameters)
        except AlibabaCloudException as error:
            assert error.request_id
            return str(error.code), int(error.status_code)
        raise AssertionError("nothing was refused")

    def refusal_by_old(self, **parameters: Any) -> tuple[str, int]:
        """Likewise."""
        try:
            self.create_by_old(**parameters)
        except ServerException as error:
            assert error.request_id
            return str(error.error_code), int(error.http_status)
        raise AssertionError("nothing was refused")
