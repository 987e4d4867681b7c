"""Alibaba's unmodified client, pointed at cliploop: `alibaba_gif_client.py STACK_JSON ADDRESS_OF_A_VIDEO`.

`make serve` writes `.local/stack.json`; for a stack on AWS write one with its `api`, `secret_id` and `secret_key`.
The older client (aliyun-python-sdk-multimediaai) is pointed here by `request.set_endpoint(host)`.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from alibabacloud_multimediaai20190810 import models
from alibabacloud_multimediaai20190810.client import Client
from alibabacloud_tea_openapi.models import Config

stack = json.loads(Path(sys.argv[1]).read_text())
scheme, _, host = stack["api"].partition("://")
keys = {"access_key_id": stack["secret_id"], "access_key_secret": stack["secret_key"]}
multimedia = Client(Config(**keys, endpoint=host, protocol=scheme))


def ended(task_id: int) -> models.GetTaskResultResponseBodyResult:
    """A task's result, once it has succeeded."""
    while True:
        body = multimedia.get_task_result(models.GetTaskResultRequest(task_id=task_id)).body
        if body.status == 2:  # noqa: PLR2004  # 0 waits, 1 is worked on, 3 has failed
            return body.result
        if body.status == 3:  # noqa: PLR2004
            sys.exit(f"{body.result.error_name}: {body.result.error_message}")
        time.sleep(0.5)


order = models.CreateGifTaskRequest(
    application_id="example",
    video_name="A film",
    video_url=f"{sys.argv[2]}#t=0,2",  # the part to show, in seconds
    template_id=20000,
)
print(ended(multimedia.create_gif_task(order).body.task_id).process_result_url)
