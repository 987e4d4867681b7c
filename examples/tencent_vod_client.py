"""The unmodified client of Tencent VOD's, pointed at cliploop: `tencent_vod_client.py STACK_JSON ADDRESS_OF_A_VIDEO`.

`make serve` writes `.local/stack.json`; for a stack on AWS write one with its `api`, `secret_id` and `secret_key`.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from tencentcloud.common.credential import Credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.vod.v20180717.vod_client import VodClient

stack = json.loads(Path(sys.argv[1]).read_text())
scheme, _, host = stack["api"].partition("://")
profile = ClientProfile(httpProfile=HttpProfile(protocol=scheme, endpoint=host))
vod = VodClient(Credential(stack["secret_id"], stack["secret_key"]), "", profile)


def ended(task_id: str) -> dict[str, Any]:
    """A task's detail, once it has ended."""
    while True:
        detail: dict[str, Any] = vod.call_json("DescribeTaskDetail", {"TaskId": task_id})["Response"]
        if detail["Status"] == "FINISH":
            return detail
        time.sleep(0.5)


pull = vod.call_json("PullUpload", {"MediaUrl": sys.argv[2], "Procedure": "preview"})["Response"]["TaskId"]
procedure = ended(pull)["PullUploadTask"]["ProcedureTaskId"]
for result in ended(procedure)["ProcedureTask"]["MediaProcessResultSet"]:
    print(result["AnimatedGraphicTask"]["Output"]["Url"])
