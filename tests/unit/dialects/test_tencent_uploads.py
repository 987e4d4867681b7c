from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from tencentcloud.vod.v20180717 import models

from cliploop.application.manage_uploads import ManageUploads
from cliploop.application.start_task import StartTask
from cliploop.dialects.fields import Support
from cliploop.dialects.operation import Call
from cliploop.dialects.refusal import Refusal
from cliploop.dialects.tencent_vod.action import Action
from cliploop.dialects.tencent_vod.actions.uploads import ACTIONS
from cliploop.dialects.use_cases import UseCases
from cliploop.domain.addresses import Addresses
from cliploop.domain.errors import CliploopError
from cliploop.domain.identity import (
    ObjectVersion,
    VodTaskType,
    parse_vod_task_id,
    task_id_of_request,
)
from cliploop.domain.procedure import NotifyMode
from cliploop.domain.task import Task, TaskState
from cliploop.domain.upload import UploadOrder
from tests.upload_desk import PROJECT, UploadDesk

BY_NAME = {action.name: action for action in ACTIONS}
NEVER = "9999-12-31T23:59:59Z"
ADDRESS = "https://example.com/a.mp4"
MANY = "x" * 2_000


@dataclass
class Uploads:
    """What the three actions reach of ``UseCases``."""

    desk: UploadDesk = field(default_factory=UploadDesk)
    addresses: Addresses = field(default_factory=lambda: Addresses("eu-north-1"))

    @property
    def uploads(self) -> ManageUploads:
        return self.desk.uploads

    @property
    def start(self) -> StartTask:
        return self.desk.start


@pytest.fixture
def use() -> Uploads:
    return Uploads()


def ask(use: Uploads, name: str, call: str = "a call", **parameters: Any) -> dict[str, Any]:
    action = BY_NAME[name]
    values = action.read(parameters, textual=False)
    return action.answer(cast("UseCases", use), Call(PROJECT, call, values))


def refusal(use: Uploads, name: str, **parameters: Any) -> str:
    """The code that the frame refuses a request with."""
    action = BY_NAME[name]
    with pytest.raises((Refusal, CliploopError)) as raised:
        ask(use, name, **parameters)
    return code(action, raised.value)


def code(action: Action, error: Exception) -> str:
    if isinstance(error, Refusal):
        return error.code
    assert isinstance(error, CliploopError)
    return action.refusal_of(error).code


def applied(use: Uploads, **parameters: Any) -> dict[str, Any]:
    """An upload that was applied for, and then put."""
    reply = ask(use, "ApplyUpload", MediaType="mp4", **parameters)
    use.desk.versions.put(ObjectVersion(reply["StorageBucket"], reply["MediaStoragePath"], "v1"), 9)
    return reply


# -- every action ---------------------------------------------------------------------------------

#: A request each that the vendor's documented code answers; the frame provokes the others, or they stand in ``never``.
PROVOKED: list[tuple[str, str, dict[str, Any]]] = [
    ("ApplyUpload", "FailedOperation", {"MediaType": "mp4", "StorageRegion": "ap-chongqing"}),
    ("ApplyUpload", "InvalidParameter.ExpireTime", {"MediaType": "mp4", "ExpireTime": "2030-01-01T00:00:00Z"}),
    ("ApplyUpload", "InvalidParameterValue.ExpireTime", {"MediaType": "mp4", "ExpireTime": "tomorrow"}),
    ("ApplyUpload", "InvalidParameterValue.CoverType", {"MediaType": "mp4", "CoverType": "jpg"}),
    ("ApplyUpload", "InvalidParameterValue.MediaStoragePath", {"MediaType": "mp4", "MediaStoragePath": "/a/b.mp4"}),
    ("ApplyUpload", "InvalidParameterValue.MediaType", {"MediaType": "exe"}),
    ("CommitUpload", "InvalidParameterValue.VodSessionKey", {"VodSessionKey": "unknown"}),
    ("PullUpload", "FailedOperation.MediaType", {"MediaUrl": ADDRESS, "MediaType": "m3u8"}),
    ("PullUpload", "InvalidParameter.ExpireTime", {"MediaUrl": ADDRESS, "ExpireTime": "2030-01-01T00:00:00+08:00"}),
    ("PullUpload", "InvalidParameter.StorageRegion", {"MediaUrl": ADDRESS, "StorageRegion": "not a region"}),
    ("PullUpload", "InvalidParameterValue", {"MediaUrl": ADDRESS, "TasksPriority": 11}),
    ("PullUpload", "InvalidParameterValue.CoverUrl", {"MediaUrl": ADDRESS, "CoverUrl": "https://example.com/a.png"}),
    ("PullUpload", "InvalidParameterValue.ExpireTime", {"MediaUrl": ADDRESS, "ExpireTime": "9999-12-31"}),
    ("PullUpload", "InvalidParameterValue.MediaStoragePath", {"MediaUrl": ADDRESS, "MediaStoragePath": "/a/b.mp4"}),
    ("PullUpload", "InvalidParameterValue.MediaUrl", {"MediaUrl": "http://127.0.0.1/a.mp4"}),
    ("PullUpload", "InvalidParameterValue.SessionContextTooLong", {"MediaUrl": ADDRESS, "SessionContext": MANY}),
    ("PullUpload", "InvalidParameterValue.SessionIdTooLong", {"MediaUrl": ADDRESS, "SessionId": "x" * 51}),
    ("PullUpload", "InvalidParameterValue.StorageRegion", {"MediaUrl": ADDRESS, "StorageRegion": "ap-chongqing"}),
]
#: Those for which something has to be there first: a test of their own each.
PROVOKED_BELOW = {
    ("CommitUpload", "ResourceNotFound"),
    ("PullUpload", "FailedOperation"),
    ("PullUpload", "InvalidParameterValue.SessionId"),
}
#: A SubAppId of another project, and a store that does not answer.
BY_THE_FRAME = {"InternalError", "InvalidParameterValue.SubAppId", "UnauthorizedOperation"}


@pytest.mark.parametrize(("name", "expected", "parameters"), PROVOKED)
def test_each_documented_code_is_answered(use: Uploads, name: str, expected: str, parameters: dict[str, Any]) -> None:
    assert refusal(use, name, **parameters) == expected
    assert use.desk.sessions.sessions == {}
    assert use.desk.tasks.rows == {}


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_no_documented_code_is_left_out(action: Action) -> None:
    provoked = {expected for name, expected, _ in PROVOKED if name == action.name}
    below = {expected for name, expected in PROVOKED_BELOW if name == action.name}
    assert not action.never.keys() & (provoked | below)
    assert set(action.codes) == provoked | below | action.never.keys() | (BY_THE_FRAME & set(action.codes))


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_the_fields_are_those_of_the_vendors_client(action: Action) -> None:
    request = getattr(models, f"{action.name}Request")()
    theirs = {name.lstrip("_") for name in vars(request)}
    assert {field.name for field in action.fields} | {"SubAppId"} == theirs
    assert all(field.note for field in action.fields if field.support is not Support.DONE)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_the_reply_is_that_of_the_vendors_client(action: Action) -> None:
    theirs = {name.lstrip("_") for name in vars(getattr(models, f"{action.name}Response")())}
    assert {field.name for field in action.reply} | {"RequestId"} == theirs


def test_what_is_required_is_missed(use: Uploads) -> None:
    for name in BY_NAME:
        assert refusal(use, name) == "MissingParameter"


# -- ApplyUpload and CommitUpload -----------------------------------------------------------------


def test_the_vendors_client_reads_where_to_put_a_file(use: Uploads) -> None:
    request = models.ApplyUploadRequest()
    request.MediaType, request.MediaName, request.Procedure = "mp4", "动物世界", "preview"
    response = models.ApplyUploadResponse()
    response._deserialize(ask(use, "ApplyUpload", **json.loads(request.to_json_string())) | {"RequestId": "r"})
    assert (response.StorageBucket, response.StorageRegion, response.CoverStoragePath) == (
        "uploads",
        "eu-north-1",
        "",
    )
    assert response.MediaStoragePath.startswith(f"cliploop-applied/{PROJECT.project_id}/")
    assert response.MediaStoragePath.endswith("/media.mp4")
    certificate = response.TempCertificate
    assert certificate.SecretId
    assert certificate.SecretKey
    assert certificate.Token
    assert certificate.ExpiredTime == use.desk.clock.now_ms() // 1000 + 3_600


def test_what_is_applied_for_is_kept_with_the_session(use: Uploads) -> None:
    ask(
        use,
        "ApplyUpload",
        MediaType="MP4",
        MediaName="a.mp4",
        Procedure="preview",
        ExpireTime=NEVER,
        StorageRegion="eu-north-1",
        ClassId=5,
        SourceContext="x" * 250,
        SessionContext="y" * 1_000,
        ExtInfo="anything",
        CoverType="",
        MediaStoragePath="",
    )
    (session,) = use.desk.sessions.sessions.values()
    assert session.order == UploadOrder(
        "preview", None, "y" * 1_000, 0, NotifyMode.FINISH, source_context="x" * 250, name="a.mp4"
    )


def test_a_commit_answers_with_the_file_each_time(use: Uploads) -> None:
    session_key = applied(use, Procedure="preview")["VodSessionKey"]
    first = ask(use, "CommitUpload", VodSessionKey=session_key)
    assert ask(use, "CommitUpload", "another call", VodSessionKey=session_key) == first
    response = models.CommitUploadResponse()
    response._deserialize(first | {"RequestId": "r"})
    assert response.FileId == str(use.desk.only.file_id)
    assert response.MediaUrl.startswith("https://uploads.s3.eu-north-1.amazonaws.com/cliploop-applied/")
    assert response.CoverUrl == ""
    assert use.desk.only.procedure == "preview"


def test_without_a_procedure_nothing_is_made(use: Uploads) -> None:
    assert ask(use, "CommitUpload", VodSessionKey=applied(use)["VodSessionKey"])["FileId"]
    assert use.desk.tasks.rows == {}


def test_nothing_is_committed_before_it_is_put(use: Uploads) -> None:
    session_key = ask(use, "ApplyUpload", MediaType="mp4")["VodSessionKey"]
    assert refusal(use, "CommitUpload", VodSessionKey=session_key) == "ResourceNotFound"


@pytest.mark.parametrize("session_key", ["", "x", MANY, "cliploop-applied/", "' OR 1=1"])
def test_a_session_that_was_never_given_is_refused(use: Uploads, session_key: str) -> None:
    applied(use)
    assert refusal(use, "CommitUpload", VodSessionKey=session_key) == "InvalidParameterValue.VodSessionKey"


@pytest.mark.parametrize("name", ["../../x", "动物世界", "a%00\x00", "'\"*?${aws:userid}", "x" * 1_024, ""])
def test_a_hostile_name_stays_a_name(use: Uploads, name: str) -> None:
    reply = applied(use, MediaName=name)
    assert len(reply["MediaStoragePath"].split("/")) == 4
    file_id = int(ask(use, "CommitUpload", VodSessionKey=reply["VodSessionKey"])["FileId"])
    (file,) = use.desk.files.get_many(PROJECT.project_id, [file_id])
    assert file.name == name


@pytest.mark.parametrize("media_type", ["", ".mp4", "mp4/../x", "*", "m p 4", "m3u8", "x" * 2_000])
def test_what_is_no_type_of_video_is_refused(use: Uploads, media_type: str) -> None:
    assert refusal(use, "ApplyUpload", MediaType=media_type) == "InvalidParameterValue.MediaType"


@pytest.mark.parametrize("name", ["MediaName", "SourceContext", "SessionContext"])
def test_what_is_too_long_is_refused(use: Uploads, name: str) -> None:
    assert refusal(use, "ApplyUpload", MediaType="mp4", **{name: MANY}) == "InvalidParameter"


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59", "2026-13-01T00:00:00Z", "9999", "\ud7ff", " " + NEVER])
def test_what_is_no_moment_is_refused(use: Uploads, moment: str) -> None:
    for name, required in (("ApplyUpload", {"MediaType": "mp4"}), ("PullUpload", {"MediaUrl": ADDRESS})):
        assert refusal(use, name, ExpireTime=moment, **required) == "InvalidParameterValue.ExpireTime"


# -- PullUpload -----------------------------------------------------------------------------------


def test_a_pulled_file_is_a_task_with_an_id_of_its_kind(use: Uploads) -> None:
    reply = ask(
        use,
        "PullUpload",
        MediaUrl=ADDRESS,
        MediaType="MP4",
        MediaName="动物世界",
        CoverUrl="",
        Procedure="preview",
        ExpireTime=NEVER,
        StorageRegion="eu-north-1",
        ClassId=0,
        TasksPriority=-10,
        SessionContext="y" * 1_000,
        SessionId="s" * 50,
        ExtInfo="",
        SourceContext="x" * 250,
    )
    task = use.desk.only
    assert parse_vod_task_id(PROJECT.app_id, reply["TaskId"]) == (VodTaskType.PULL_UPLOAD, task.task_id)
    assert (task.state, task.origin, task.name) == (TaskState.INIT, ADDRESS, "动物世界")
    assert (task.procedure, task.priority, task.session_id) == ("preview", -10, "s" * 50)
    assert (task.session_context, task.source_context) == ("y" * 1_000, "x" * 250)


def test_without_a_procedure_it_is_only_fetched(use: Uploads) -> None:
    ask(use, "PullUpload", MediaUrl="https://example.com/download?id=1")
    assert (use.desk.only.state, use.desk.only.outputs) == (TaskState.INIT, ())


def test_the_same_call_twice_is_one_task(use: Uploads) -> None:
    first = ask(use, "PullUpload", "one", MediaUrl=ADDRESS)
    assert ask(use, "PullUpload", "one", MediaUrl=ADDRESS) == first
    assert ask(use, "PullUpload", "two", MediaUrl=ADDRESS) != first


def test_a_session_id_serves_once_in_three_days(use: Uploads) -> None:
    ask(use, "PullUpload", "one", MediaUrl=ADDRESS, SessionId="s")
    use.desk.clock.advance(3 * 24 * 3_600_000 - 1)
    assert (
        refusal(use, "PullUpload", call="two", MediaUrl=ADDRESS, SessionId="s") == "InvalidParameterValue.SessionId"
    )
    use.desk.clock.advance(1)
    assert ask(use, "PullUpload", "three", MediaUrl=ADDRESS, SessionId="s")["TaskId"]


def test_an_id_that_another_task_has_is_not_taken_over(use: Uploads) -> None:
    use.desk.tasks.add(
        Task(
            project_id=PROJECT.project_id,
            task_id=task_id_of_request(PROJECT.project_id, "a call"),
            file_id=1,
            source=ObjectVersion("uploads", "other.mp4", "v1"),
            procedure="",
            outputs=(),
            created_ms=0,
        )
    )
    assert refusal(use, "PullUpload", MediaUrl=ADDRESS) == "FailedOperation"


def test_a_procedure_that_does_not_exist_is_refused(use: Uploads) -> None:
    assert refusal(use, "PullUpload", MediaUrl=ADDRESS, Procedure="nowhere") == "InvalidParameterValue"
    assert use.desk.tasks.rows == {}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"MediaUrl": "https://example.com/live/index.m3u8?a=1"}, "FailedOperation.MediaType"),
        ({"MediaUrl": "https://example.com/live/index.MPD"}, "FailedOperation.MediaType"),
        ({"MediaUrl": ADDRESS, "MediaType": ".mp4"}, "FailedOperation.MediaType"),
        ({"MediaUrl": ADDRESS, "MediaType": MANY}, "FailedOperation.MediaType"),
        ({"MediaUrl": ""}, "InvalidParameterValue.MediaUrl"),
        ({"MediaUrl": "https://[::1/a.mp4"}, "InvalidParameterValue.MediaUrl"),
        ({"MediaUrl": "https://u:p@example.com/a.mp4"}, "InvalidParameterValue.MediaUrl"),
        ({"MediaUrl": "file:///etc/passwd"}, "InvalidParameterValue.MediaUrl"),
        ({"MediaUrl": "https://example.com/" + MANY + MANY}, "InvalidParameterValue.MediaUrl"),
        ({"MediaUrl": ADDRESS, "TasksPriority": -11}, "InvalidParameterValue"),
        ({"MediaUrl": ADDRESS, "SourceContext": MANY}, "InvalidParameterValue"),
        ({"MediaUrl": ADDRESS, "StorageRegion": MANY}, "InvalidParameter.StorageRegion"),
    ],
)
def test_what_cannot_be_pulled_is_refused(use: Uploads, said: dict[str, Any], expected: str) -> None:
    assert refusal(use, "PullUpload", **said) == expected
    assert use.desk.tasks.rows == {}
