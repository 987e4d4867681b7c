from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

import pytest

from cliploop.application.ports_callers import BoundCall
from cliploop.application.register_upload import RegisterUpload
from cliploop.dialects.http import HttpRequest
from cliploop.dialects.tencent_vod.browser_upload import exchange
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.procedure import NotifyMode, PrefixRule
from cliploop.domain.project import Project
from cliploop.domain.upload import UploadedObject, UploadOrder, read_order
from cliploop.testing import InMemorySources
from cliploop.testing.in_memory_callers import InMemorySignedCalls
from tests.unit.dialects.client_signing import NOW_S, key_of, signature
from tests.upload_desk import PROJECT, UploadDesk


@dataclass
class Page:
    """A browser's page, and the stack that it talks to."""

    desk: UploadDesk = field(default_factory=UploadDesk)
    signed: InMemorySignedCalls = field(default_factory=InMemorySignedCalls)
    project: Project = PROJECT
    method: str = "POST"

    def __post_init__(self) -> None:
        self.desk.clock.at_ms = NOW_S * 1000

    def send(self, body: bytes) -> dict[str, Any]:
        request = HttpRequest(self.method, "/", "Action=ApplyUploadUGC", {}, body, "request-id")
        reply = exchange(self.desk.uploads, self.project, request, key_of, self.signed, NOW_S)
        assert reply.status is HTTPStatus.OK
        response: dict[str, Any] = json.loads(reply.body)["Response"]
        assert reply.error_code == response.get("Error", {}).get("Code", "")
        assert response.pop("RequestId") == "request-id"
        return response

    def ask(self, text: str, **said: Any) -> dict[str, Any]:
        return self.send(json.dumps({"signature": text, "videoName": "a.mp4", "videoType": "mp4", **said}).encode())

    def refused(self, text: str, **said: Any) -> str:
        error = self.ask(text, **said)["Error"]
        assert error["Message"]
        return str(error["Code"])


def order_of(response: dict[str, Any]) -> UploadOrder:
    fields = response["Fields"].items()
    return read_order({name.removeprefix("x-amz-meta-"): value for name, value in fields if name != "key"})


def test_a_signature_becomes_a_form() -> None:
    response = Page().ask(signature())
    assert set(response) == {"Url", "Fields", "StoragePath", "ExpiredTime"}
    assert response["StoragePath"] == response["Fields"]["key"]
    assert response["StoragePath"].startswith(f"client-uploads/{PROJECT.project_id}/")
    assert response["ExpiredTime"] == NOW_S + 3_600


def test_what_is_to_be_done_is_what_the_server_signed() -> None:
    text = signature(
        procedure="vorschäu",
        sourceContext="söurce",
        sessionContext="a&b=动",
        taskPriority=-3,
        taskNotifyMode="None",
        vodSubAppId=PROJECT.app_id,
        storageRegion="eu-north-1",
        classId=5,
    )
    response = Page().ask(text, procedure="another", sessionContext="another")
    assert order_of(response) == UploadOrder("vorschäu", None, "a&b=动", -3, NotifyMode.NONE, "söurce", "a.mp4")


def test_without_a_procedure_no_rule_chooses_one() -> None:
    page = Page()
    page.desk.catalog.rules[PROJECT.project_id] = (PrefixRule("client-uploads/", "preview"),)
    source = ObjectVersion("uploads", page.ask(signature())["StoragePath"], "v1")
    sources = InMemorySources()
    sources.put(source, "unused", 9, {"procedure": order_of(page.ask(signature())).procedure or ""})
    register = RegisterUpload(PROJECT, "preview", sources, page.desk.catalog, page.desk.uploads.register)
    assert register(UploadedObject(source, 9)).file_id
    assert page.desk.tasks.rows == {}


def test_a_form_is_good_no_longer_than_its_signature() -> None:
    assert Page().ask(signature(expireTime=NOW_S + 60))["ExpiredTime"] == NOW_S + 60


def test_a_signature_serves_until_it_expires() -> None:
    page = Page()
    assert page.ask(signature())["StoragePath"] != page.ask(signature())["StoragePath"]


def test_one_that_is_valid_one_time_serves_once() -> None:
    page = Page()
    assert "Url" in page.ask(signature(oneTimeValid=1))
    assert page.refused(signature(oneTimeValid=1), videoName="b.mp4") == "AuthFailure.SignatureFailure"
    assert "Url" in page.ask(signature(oneTimeValid=1, random=2))


def test_what_is_refused_does_not_use_a_signature_up() -> None:
    page = Page()
    assert page.refused(signature(oneTimeValid=1), videoType="exe") == "InvalidParameterValue.MediaType"
    assert "Url" in page.ask(signature(oneTimeValid=1))


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("../../x.mp4", "x.mp4"),
        ("动物世界", "media.mp4"),
        ("a%00b\x00", "a-00b.mp4"),
        ("'\"*?${filename}", "filename.mp4"),
        ("", "media.mp4"),
        ("x" * 1_000, "x" * 64 + ".mp4"),
    ],
)
def test_a_hostile_name_stays_a_name(name: str, end: str) -> None:
    response = Page().ask(signature(), videoName=name)
    prefix, project_id, _, last = response["StoragePath"].split("/")
    assert (prefix, project_id, last) == ("client-uploads", PROJECT.project_id, end)
    assert order_of(response).name == name


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"videoType": "exe"}, "InvalidParameterValue.MediaType"),
        ({"videoType": ""}, "InvalidParameterValue.MediaType"),
        ({"videoType": "x" * 2_000}, "InvalidParameterValue.MediaType"),
        ({"videoType": 4}, "InvalidParameter"),
        ({"videoType": None}, "MissingParameter"),
        ({"videoName": "x" * 2_000}, "InvalidParameterValue"),
        ({"videoName": "动" * 1_000}, "InvalidParameterValue"),
        ({"videoName": "\ud800"}, "InvalidParameterValue"),
        ({"videoName": ["a"]}, "InvalidParameter"),
        ({"signature": None}, "MissingParameter"),
        ({"signature": 1}, "InvalidParameter"),
        ({"signature": "bm8gc2lnbmF0dXJl"}, "AuthFailure.SignatureFailure"),
        ({"signature": signature(secretId="AKIDother")}, "AuthFailure.SecretIdNotFound"),
        ({"signature": signature(currentTimeStamp=1, expireTime=2)}, "AuthFailure.SignatureExpire"),
        ({"signature": signature(vodSubAppId=8)}, "UnauthorizedOperation"),
        ({"signature": signature(storageRegion="ap-chongqing")}, "FailedOperation"),
    ],
)
def test_what_is_wrong_is_said_in_the_vendors_words(said: dict[str, Any], code: str) -> None:
    page = Page()
    assert page.refused(signature(), **said) == code
    assert page.desk.grants.granted == []


def test_a_key_of_another_project_opens_nothing() -> None:
    page = Page(project=replace(PROJECT, project_id="f" * 32))
    assert page.refused(signature()) == "UnauthorizedOperation"


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"text"', b"\xff", b"[" * 100_000, b'{"signature": ' * 9_000, b"null"]
)
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    assert Page().send(body)["Error"]["Code"] == "InvalidRequest"


def test_a_body_that_is_too_large_is_not_read() -> None:
    assert Page().refused(signature(), more="x" * 131_072) == "RequestSizeLimitExceeded"


def test_it_is_a_post() -> None:
    assert Page(method="GET").refused(signature()) == "InvalidRequest"


def test_a_store_that_fails_is_an_error_inside() -> None:
    page = Page()

    def fail(project_id: str, signature: str, action: str, until_ms: int) -> BoundCall:
        raise CliploopError(ErrorCode.UNAVAILABLE, "Try again.", retryable=True)

    page.signed.bind = fail  # type: ignore[method-assign]
    assert page.refused(signature(oneTimeValid=1)) == "InternalError"
