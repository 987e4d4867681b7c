"""The whole API over in-memory adapters, called as HTTP, with a signature made here independently of what reads it."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from tencentcloud.vod.v20180717 import models

from cliploop.application.cancel_task import CancelTask
from cliploop.application.describe_files import DescribeFiles
from cliploop.application.follow_tasks import FollowTasks
from cliploop.application.manage_event_settings import ManageEventSettings
from cliploop.application.manage_procedures import ManageProcedures
from cliploop.application.manage_templates import ManageTemplates
from cliploop.application.manage_uploads import ManageUploads
from cliploop.application.query_tasks import QueryTasks
from cliploop.application.read_events import ReadEvents
from cliploop.application.register_file import RegisterFile
from cliploop.application.start_task import StartTask
from cliploop.dialects.http import HttpReply, HttpRequest
from cliploop.dialects.tencent_vod.api import TencentVodApi
from cliploop.dialects.use_cases import UseCases
from cliploop.dialects.vendor import VendorParts
from cliploop.domain.access_key import AccessKey
from cliploop.domain.addresses import Addresses
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.project import Project
from cliploop.domain.upload import UploadedObject, UploadOrder
from cliploop.domain.web_address import AllowedTargets
from cliploop.testing import (
    InMemoryCallers,
    InMemoryCatalog,
    InMemoryCatalogEditor,
    InMemoryEventQueue,
    InMemoryEventSettingsStore,
    InMemoryFiles,
    InMemorySignedCalls,
    InMemorySources,
    InMemoryTaskHistory,
    InMemoryTasks,
    InMemoryUploadedVersions,
    InMemoryUploadGrants,
    InMemoryUploadSessions,
    InMemoryWorkQueue,
    SettableClock,
)

PROJECT = Project("0123456789abcdef0123456789abcdef", 1256768367)
KEY = AccessKey("AKIDworld", "the secret", PROJECT.project_id)
FOREIGN_KEY = AccessKey("AKIDforeign", "their secret", "f" * 32)
HOST = "api.example.com"
NOW_MS = 1_800_000_000_000


class World:
    """A stack in memory, with one file in its bucket."""

    def __init__(self) -> None:
        self.clock = SettableClock(NOW_MS)
        self.tasks, self.files, self.work = InMemoryTasks(), InMemoryFiles(), InMemoryWorkQueue()
        self.catalog, self.sources = InMemoryCatalog(), InMemorySources()
        self.callers = InMemoryCallers({KEY.key_id: KEY, FOREIGN_KEY.key_id: FOREIGN_KEY})
        self.signed = InMemorySignedCalls()
        self.events, self.event_settings = InMemoryEventQueue(), InMemoryEventSettingsStore()
        self.versions = InMemoryUploadedVersions()
        self.api = TencentVodApi(VendorParts(PROJECT, self._use_cases(), self.callers, self.signed, self.clock))
        self.nonce = 0
        self.file_id = self.upload("film.mp4")

    def _use_cases(self) -> UseCases:
        editor, allowed = InMemoryCatalogEditor(self.catalog), AllowedTargets.read("")
        start = StartTask(
            catalog=self.catalog,
            files=self.files,
            tasks=self.tasks,
            work=self.work,
            clock=self.clock,
            upload_bucket="uploads",
            output_bucket="outputs",
            versions=self.versions,
            allowed=allowed,
        )
        self.register = RegisterFile(self.catalog, self.files, self.tasks, self.work, self.clock)
        return UseCases(
            templates=ManageTemplates(editor, self.clock),
            procedures=ManageProcedures(self.catalog, editor, self.clock),
            start=start,
            cancel=CancelTask(self.tasks, self.clock),
            tasks=FollowTasks(self.tasks, self.files, InMemoryTaskHistory(self.tasks), self.clock),
            query=QueryTasks(PROJECT, self.tasks),
            files=DescribeFiles(self.files, self.tasks, self.sources),
            uploads=ManageUploads(
                bucket="uploads",
                region="eu-north-1",
                sessions=InMemoryUploadSessions(),
                grants=InMemoryUploadGrants(self.clock),
                versions=self.versions,
                register=self.register,
                clock=self.clock,
            ),
            events=ReadEvents(self.events, self.event_settings, self.clock, self._sleep),
            event_settings=ManageEventSettings(self.event_settings, allowed),
            addresses=Addresses("eu-north-1"),
        )

    def _sleep(self, seconds: float) -> None:
        self.clock.advance(round(seconds * 1000))

    def upload(self, key: str) -> str:
        source = ObjectVersion("uploads", key, "v1")
        self.sources.put(source, "/dev/null", 1)
        self.versions.put(source, 1)
        return str(self.register(PROJECT, UploadedObject(source, 1), UploadOrder()).file_id)

    def request(self, action: str, body: bytes, key: AccessKey = KEY, **headers: str) -> HttpRequest:
        """A signed request."""
        now_s = self.clock.now_ms() // 1000
        date = f"{datetime.fromtimestamp(now_s, UTC):%Y-%m-%d}"
        kind = "application/json"
        canonical = "\n".join(
            ["POST", "/", "", f"content-type:{kind}", f"host:{HOST}", "", "content-type;host", _hex(body)]
        )
        to_sign = "\n".join(["TC3-HMAC-SHA256", str(now_s), f"{date}/vod/tc3_request", _hex(canonical.encode())])
        secret = f"TC3{key.secret}".encode()
        for word in (date, "vod", "tc3_request"):
            secret = hmac.digest(secret, word.encode(), "sha256")
        signature = hmac.digest(secret, to_sign.encode(), "sha256").hex()
        scope = f"Credential={key.key_id}/{date}/vod/tc3_request"
        signed = {
            "host": HOST,
            "content-type": kind,
            "authorization": f"TC3-HMAC-SHA256 {scope}, SignedHeaders=content-type;host, Signature={signature}",
            "x-tc-action": action,
            "x-tc-version": "2018-07-17",
            "x-tc-timestamp": str(now_s),
        }
        named = {name.replace("_", "-").lower(): value for name, value in headers.items()}
        return HttpRequest("POST", "/", "", signed | named, body, "request-1")

    def send(self, action: str, body: bytes, key: AccessKey = KEY, **headers: str) -> dict[str, Any]:
        """The reply, which is always what the vendor's clients can read, to the last field."""
        reply = response(self.api.answer(self.request(action, body, key, **headers)))
        if "Error" not in reply:
            model = getattr(models, f"{action}Response")()
            model._deserialize(reply)  # warns of what it does not know, and warnings are errors here
            assert _present(model._serialize(allow_none=True)) == _present(reply)
        return reply

    def ask(self, action: str, **parameters: Any) -> dict[str, Any]:
        """The reply to parameters; each call has a signature of its own."""
        self.nonce += 1
        return self.send(action, json.dumps(parameters).encode() + b" " * self.nonce)

    def code(self, action: str, **parameters: Any) -> str:
        """The error code of the reply; empty where it has none."""
        return str(self.ask(action, **parameters).get("Error", {}).get("Code", ""))

    def broken(self) -> World:
        """The same stack, whose use cases fail in a way that nobody foresaw."""
        self.api = replace(self.api, parts=replace(self.api.parts, use=None))  # type: ignore[arg-type]  # that is the point
        return self


def response(reply: HttpReply) -> dict[str, Any]:
    assert reply.status == 200
    body: dict[str, Any] = json.loads(reply.body, parse_constant=pytest.fail)
    assert set(body) == {"Response"}
    assert body["Response"]["RequestId"] == "request-1"
    if "Error" in body["Response"]:
        assert set(body["Response"]["Error"]) == {"Code", "Message"}
        assert body["Response"]["Error"]["Message"]
        assert reply.error_code == body["Response"]["Error"]["Code"]
    return dict(body["Response"])


def _present(value: Any) -> Any:
    """Without nulls, which the vendor's models have for all that is absent."""
    if isinstance(value, dict):
        return {name: _present(field) for name, field in value.items() if field is not None}
    return [_present(each) for each in value] if isinstance(value, list) else value


def _hex(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
