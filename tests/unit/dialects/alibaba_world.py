"""The vendor's API over in-memory adapters, called as HTTP, and its tasks brought to where a test needs them."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from cliploop.dialects.alibaba_gif.api import AlibabaGifApi
from cliploop.dialects.http import HttpReply, HttpRequest
from cliploop.domain.access_key import AccessKey
from cliploop.domain.errors import ErrorCode, Failure
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.limits import Limits
from cliploop.domain.media import MediaInfo, VideoStream
from cliploop.domain.output import Output, StoredImage
from cliploop.domain.plan import plan_output
from cliploop.domain.task import Task, TaskState
from tests.unit.dialects import tencent_world
from tests.unit.dialects.alibaba_signing import Layout, signed

PROJECT = tencent_world.PROJECT
KEY = AccessKey("LTAIworld", "the secret", PROJECT.project_id)
FOREIGN_KEY = AccessKey("LTAIforeign", "their secret", "f" * 32)
MEDIA = MediaInfo(
    container="mov,mp4",
    duration_ms=60_500,
    size=7_700_180,
    bitrate=1_021_028,
    video=(VideoStream(0, "h264", 640, 480, Fraction(24), bitrate=637_174, codec_tag="avc1"),),
)
#: What `CreateGifTask` needs.
ONE_GIF = {
    "ApplicationId": "app 1",
    "VideoName": "测试视频 *~",
    "VideoUrl": "https://example.com/film.mp4",
    "TemplateId": "20000",
}


class World:
    """A stack in memory, without any task."""

    def __init__(self, now_ms: int = tencent_world.NOW_MS) -> None:
        self.stack = tencent_world.World()
        self.clock = self.stack.clock
        self.clock.advance(now_ms - self.clock.now_ms())
        self.stack.tasks.rows.clear()
        self.stack.work.messages.clear()
        self.stack.callers.add(KEY)
        self.stack.callers.add(FOREIGN_KEY)
        self.api = AlibabaGifApi(self.stack.api.parts)

    def moment(self, offset_s: int = 0) -> str:
        return f"{datetime.fromtimestamp(self.clock.now_ms() / 1000 + offset_s, UTC):%Y-%m-%dT%H:%M:%SZ}"

    def request(
        self,
        action: str,
        parameters: Mapping[str, str] | None = None,
        layout: Layout = Layout.COMMON_IN_QUERY,
        key: AccessKey = KEY,
        **changes: str,
    ) -> HttpRequest:
        """A signed request with a nonce of its own."""
        return self.changed_request(action, changes, parameters, layout, key)

    def changed_request(
        self,
        action: str,
        changes: Mapping[str, str],
        parameters: Mapping[str, str] | None = None,
        layout: Layout = Layout.COMMON_IN_QUERY,
        key: AccessKey = KEY,
    ) -> HttpRequest:
        """A signed request whose common parameters, or headers, are others."""
        return signed(layout, action, parameters or {}, key, self.moment(), changes)

    def ask(self, action: str, /, **parameters: Any) -> dict[str, Any]:
        """The reply to parameters, which is none of an error."""
        body = answered(self.api.answer(self.request(action, texts(parameters))))
        assert body["HttpStatus"] == 200, body
        return body

    def code(self, action: str, /, **parameters: Any) -> str:
        """The error code of the reply; empty where it has none."""
        return str(answered(self.api.answer(self.request(action, texts(parameters)))).get("Code", ""))

    def serve(self, **changes: Any) -> World:
        """The same stack with other parts."""
        self.api = AlibabaGifApi(replace(self.api.parts, **changes))
        return self

    # -- what workers do ---------------------------------------------------------------------------

    def start(self, **parameters: Any) -> int:
        """The id of a new task."""
        return int(self.ask("CreateGifTask", **{**ONE_GIF, **parameters})["TaskId"])

    def row(self, task_id: int) -> Task:
        return self.stack.tasks.rows[PROJECT.project_id, task_id]

    def put(self, task: Task) -> Task:
        self.stack.tasks.rows[task.project_id, task.task_id] = task
        return task

    def claim(self, task_id: int) -> Task:
        return self.put(self.row(task_id).claim(self.clock.now_ms()))

    def fetch(self, task_id: int) -> Task:
        claimed = self.claim(task_id)
        source = ObjectVersion("uploads", "cliploop-fetched/x/film.mp4", "v9")
        return self.put(claimed.fetched(claimed.attempt, source, 77, self.clock.now_ms()))

    def fail_to_fetch(self, task_id: int) -> Task:
        claimed = self.claim(task_id)
        failure = Failure(ErrorCode.FETCH_FAILED, "The address answered 404.")
        return self.put(claimed.fail(claimed.attempt, failure, self.clock.now_ms()))

    def finish(self, task_id: int) -> Task:
        """Fetch where that is due, and make the images of those outputs that can be made."""
        if self.row(task_id).state is TaskState.INIT:
            self.fetch(task_id)
        claimed = self.claim(task_id)
        outputs = [
            made(output, number) if not output.failure else output for number, output in enumerate(claimed.outputs)
        ]
        settled = claimed.settle(claimed.attempt, MEDIA, outputs)
        self.clock.advance(3_400)
        return self.put(settled.finish(claimed.attempt, self.clock.now_ms()))


def made(output: Output, number: int) -> Output:
    plan = plan_output(MEDIA, output.use.template, output.use.section, Limits())
    name = f"p/{number}.{plan.format}"
    return output.succeed(plan, StoredImage("outputs", name, 121_601, "0" * 32, plan.width, plan.height, 6, 3_000))


def texts(parameters: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in parameters.items()}


def answered(reply: HttpReply) -> dict[str, Any]:
    """A reply in JSON, with its status as ``HttpStatus``, after what every reply must be."""
    assert reply.content_type == "application/json"
    body: dict[str, Any] = json.loads(reply.body)
    assert body["RequestId"] == "REQUEST-1"
    if reply.status == 200:
        assert body.get("Code", "OK") == "OK"
        assert not reply.error_code
    else:
        assert body.keys() == {"RequestId", "HostId", "Code", "Message"}
        assert all(body.values())
        assert body["Code"] == reply.error_code
    return body | {"HttpStatus": int(reply.status)}


def parsed(reply: HttpReply) -> ET.Element:
    """A reply in XML."""
    assert reply.content_type == "text/xml;charset=utf-8"
    root = ET.fromstring(reply.body)  # noqa: S314  # of our own making
    assert root.findtext("RequestId") == "REQUEST-1"
    return root
