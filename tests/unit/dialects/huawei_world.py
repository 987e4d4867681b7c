"""The whole API over in-memory adapters, called as HTTP, with a signature made here independently of what reads it."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import quote

from cliploop.application.cancel_task import CancelTask
from cliploop.application.query_tasks import QueryTasks
from cliploop.application.start_task import StartTask
from cliploop.dialects.http import HttpReply, HttpRequest
from cliploop.dialects.huawei_mpc.api import HuaweiMpcApi, HuaweiMpcQueries
from cliploop.dialects.use_cases import UseCases
from cliploop.dialects.vendor import VendorParts
from cliploop.domain.access_key import AccessKey
from cliploop.domain.addresses import Addresses
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.project import Project
from cliploop.domain.quota import Quota
from cliploop.domain.web_address import AllowedTargets
from cliploop.testing import (
    InMemoryCallers,
    InMemoryCatalog,
    InMemoryFiles,
    InMemorySignedCalls,
    InMemoryTasks,
    InMemoryUploadedVersions,
    InMemoryWorkQueue,
    SettableClock,
)
from tests.unit.dialects.huawei_client import KEY, PROJECT_ID

PROJECT = Project(PROJECT_ID, 1256768367)
FOREIGN_KEY = AccessKey("HWAKforeign", "their secret", "f" * 32)
TOKEN, FOREIGN_TOKEN = "a token of the operator's", "a token of somebody else's"
HOST = "api.example.com"
PATH = f"/v1/{PROJECT_ID}/animated-graphics"
NOW_MS = 1_800_000_000_000
PARAM = {"format": "gif", "width": 480, "height": 360, "start": 100, "end": 250, "frame_rate": 15}
INPUT = {"bucket": "uploads", "location": "eu-north-1", "object": "in/film.mp4"}
OUTPUT = {"bucket": "outputs", "location": "eu-north-1", "object": "out/gifs", "file_name": "a.gif"}
#: A request to create a task.
ORDER = {"input": INPUT, "output": OUTPUT, "user_data": "mine", "output_param": PARAM}


@dataclass
class Uses:
    """The use cases that this API calls."""

    start: StartTask
    cancel: CancelTask
    query: QueryTasks
    addresses: Addresses


class World:
    """A stack in memory, with one object in its bucket."""

    def __init__(self) -> None:
        self.clock = SettableClock(NOW_MS)
        self.tasks, self.files, self.work = InMemoryTasks(), InMemoryFiles(), InMemoryWorkQueue()
        self.versions, self.signed = InMemoryUploadedVersions(), InMemorySignedCalls()
        keys = {key.key_id: key for key in (KEY, FOREIGN_KEY)}
        self.callers = InMemoryCallers(keys, tokens={TOKEN: PROJECT_ID, FOREIGN_TOKEN: FOREIGN_KEY.project_id})
        start = StartTask(
            catalog=InMemoryCatalog(),
            files=self.files,
            tasks=self.tasks,
            work=self.work,
            clock=self.clock,
            upload_bucket="uploads",
            output_bucket="outputs",
            versions=self.versions,
            allowed=AllowedTargets.read(""),
        )
        self.use = Uses(
            start, CancelTask(self.tasks, self.clock), QueryTasks(PROJECT, self.tasks), Addresses("eu-north-1")
        )
        use = cast("UseCases", self.use)
        self.api = HuaweiMpcApi(VendorParts(PROJECT, use, self.callers, self.signed, self.clock, ("vendor.example",)))
        self.queries = HuaweiMpcQueries(
            PROJECT, self.use.query, "eu-north-1", self.callers, self.clock, ("vendor.example",)
        )
        self.versions.put(ObjectVersion("uploads", INPUT["object"], "v1"), 1)

    def signed_request(
        self, method: str, query: str = "", body: bytes = b"", key: AccessKey = KEY, **headers: str
    ) -> HttpRequest:
        """A request as the vendor's guide says that one is signed."""
        named = {
            "content-type": "application/json",
            "host": HOST,
            "x-project-id": PROJECT_ID,
            "x-sdk-date": f"{datetime.fromtimestamp(self.clock.now_ms() // 1000, UTC):%Y%m%dT%H%M%SZ}",
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        names = ";".join(sorted(named))
        lines = "".join(f"{name}:{named[name]}\n" for name in sorted(named))
        pairs = sorted(pair.partition("=")[::2] for pair in query.split("&") if pair)
        text = "&".join(f"{name}={value}" for name, value in pairs)
        canonical = f"{method}\n{PATH}/\n{text}\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
        to_sign = "\n".join(("SDK-HMAC-SHA256", named["x-sdk-date"], hashlib.sha256(canonical.encode()).hexdigest()))
        signature = hmac.digest(key.secret.encode(), to_sign.encode(), "sha256").hex()
        shown = f"SDK-HMAC-SHA256 Access={key.key_id}, SignedHeaders={names}, Signature={signature}"
        return HttpRequest(method, PATH, query, {**named, "authorization": shown}, body, "request-1")

    def send(self, request: HttpRequest) -> tuple[int, dict[str, Any]]:
        """The status and the body; where both APIs answer, both say the same."""
        reply = self.api.answer(request)
        if request.method == "GET":
            assert self.queries.answer(request) == reply
        return read(reply)

    def create(self, order: Any = None) -> tuple[int, dict[str, Any]]:
        self.clock.advance(1_000)  # for another signature
        body = json.dumps(ORDER if order is None else order).encode()
        return self.send(self.signed_request("POST", body=body))

    def created(self, order: Any = None) -> str:
        """The id of a new task."""
        status, body = self.create(order)
        assert status == 202, body
        assert set(body) == {"task_id"}
        return str(body["task_id"])

    def list(self, **parameters: str) -> tuple[int, dict[str, Any]]:
        query = "&".join(f"{name}={quote(value, safe='~')}" for name, value in parameters.items())
        return self.send(self.signed_request("GET", query))

    def cancel(self, task_id: str) -> tuple[int, dict[str, Any]]:
        self.clock.advance(1_000)
        return self.send(self.signed_request("DELETE", f"task_id={task_id}"))

    def limit(self, quota: Quota) -> None:
        """Give the project a quota."""
        self.use.start = replace(self.use.start, quota=quota)

    def broken(self) -> World:
        """The same stack, whose use cases fail in a way that nobody foresaw."""
        self.api = replace(self.api, parts=replace(self.api.parts, use=cast("UseCases", None)))
        self.queries = replace(self.queries, query=cast("QueryTasks", None))
        return self


def read(reply: HttpReply) -> tuple[int, dict[str, Any]]:
    """A reply's status and body, which are always as the vendor's clients read them."""
    assert reply.headers["X-Request-Id"] == "request-1"
    if reply.status == 204:
        assert (reply.body, reply.error_code) == (b"", "")
        return 204, {}
    assert reply.content_type == "application/json"
    body: dict[str, Any] = json.loads(reply.body)
    if reply.status >= 400:
        assert set(body) == {"error_code", "error_msg"}
        assert body["error_msg"]
    assert reply.error_code == body.get("error_code", "")
    assert (reply.status >= 400) == bool(reply.error_code)
    return reply.status.value, body


def with_param(**changes: Any) -> dict[str, Any]:
    """``ORDER`` with another ``output_param``; None leaves a member out."""
    param = {name: value for name, value in {**PARAM, **changes}.items() if value is not None}
    return {**ORDER, "output_param": param}


def with_place(which: str, **changes: Any) -> dict[str, Any]:
    """``ORDER`` with another ``input`` or ``output``; None leaves a member out."""
    before = cast("Mapping[str, Any]", ORDER[which])
    return {**ORDER, which: {name: value for name, value in {**before, **changes}.items() if value is not None}}
