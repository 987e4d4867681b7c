"""The unmodified client of Huawei MPC's, pointed at cliploop: `huawei_mpc_client.py STACK_JSON KEY_OF_A_VIDEO`.

The video is an object in the stack's upload bucket. `make serve` writes `.local/stack.json`; for a stack on AWS write
one with its `api`, `project_id`, `region`, `upload_bucket`, `output_bucket`, `secret_id` and `secret_key`.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkmpc.v1 import (
    AnimatedGraphicsOutputParam,
    CreateAnimatedGraphicsTaskReq,
    CreateAnimatedGraphicsTaskRequest,
    ListAnimatedGraphicsTaskRequest,
    MpcClient,
    ObsObjInfo,
)

stack = json.loads(Path(sys.argv[1]).read_text())
mpc = (
    MpcClient.new_builder()
    .with_credentials(BasicCredentials(stack["secret_id"], stack["secret_key"], stack["project_id"]))
    .with_endpoint(stack["api"])
    .build()
)
asked = CreateAnimatedGraphicsTaskReq(
    input=ObsObjInfo(bucket=stack["upload_bucket"], location=stack["region"], object=sys.argv[2]),
    output=ObsObjInfo(
        bucket=stack["output_bucket"], location=stack["region"], object="previews", file_name="first-second.gif"
    ),
    output_param=AnimatedGraphicsOutputParam(format="gif", width=240, height=-1, start=0, end=1000, frame_rate=12),
)
task_id = mpc.create_animated_graphics_task(CreateAnimatedGraphicsTaskRequest(asked)).task_id
while True:
    (task,) = mpc.list_animated_graphics_task(ListAnimatedGraphicsTaskRequest(task_id=[task_id])).tasks
    if task.status in {"SUCCEED", "FAILED", "CANCELED"}:
        break
    time.sleep(0.5)
if task.status != "SUCCEED":
    sys.exit(f"{task.error_code}: {task.description}")
print(f"s3://{task.output.bucket}/{task.output.object}{task.output.file_name}")
