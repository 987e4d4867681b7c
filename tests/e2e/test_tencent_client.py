"""Tencent VOD's own client, unmodified, through the whole story on the deployed template."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import boto3
import pytest
from botocore.exceptions import ClientError

from cliploop.adapters.ffmpeg.locate import ffmpeg
from local import api
from local.stack import ROOT, Stack
from tests.e2e.customer import Customer
from tests.e2e.private_server import PrivateServer, serving
from tests.e2e.vod_customer import VodCustomer, wait_for

pytestmark = pytest.mark.e2e

SECTION = {"StartTimeOffset": 0.5, "EndTimeOffset": 1.5}


@pytest.fixture(scope="module")
def vod(stack: Stack) -> VodCustomer:
    customer = VodCustomer(stack)
    customer.call("ModifyEventConfig", Mode="PULL", UploadMediaCompleteEventSwitch="ON")
    return customer


@pytest.fixture(scope="module")
def server(stack: Stack, video: Path) -> Iterator[PrivateServer]:
    with serving(stack.private_target, video.read_bytes()) as server:
        yield server


@pytest.fixture(scope="module")
def template(vod: VodCustomer) -> int:
    reply = vod.call(
        "CreateAnimatedGraphicsTemplate", Fps=8, Width=160, Height=0, Format="webp", Name="kleine Vorschau"
    )
    return int(reply.Definition)


@pytest.fixture(scope="module")
def procedure(vod: VodCustomer, template: int) -> str:
    uses = [{"Definition": 20000, **SECTION}, {"Definition": template, **SECTION}]
    vod.call("CreateProcedureTemplate", Name="动图", MediaProcessTask={"AnimatedGraphicTaskSet": uses})
    return "动图"


def put(stack: Stack, applied: Any, key: str, content: bytes) -> None:
    """What a server does with ApplyUpload's answer: S3's client instead of COS's, the rest as it stands there."""
    granted = applied.TempCertificate
    s3 = boto3.client(
        "s3",
        endpoint_url=stack.aws_endpoint,
        region_name=applied.StorageRegion,
        aws_access_key_id=granted.SecretId,
        aws_secret_access_key=granted.SecretKey,
        aws_session_token=granted.Token,
    )
    s3.put_object(Bucket=applied.StorageBucket, Key=key, Body=content)


@pytest.fixture(scope="module")
def uploaded(vod: VodCustomer, stack: Stack, video: Path, procedure: str) -> Any:
    """A file that came by ApplyUpload, PUT and CommitUpload, with a procedure."""
    applied = vod.call(
        "ApplyUpload",
        MediaType="mp4",
        MediaName="Животный мир",
        Procedure=procedure,
        SessionContext="order-7",
        SourceContext="from-the-test",
    )
    assert vod.refusal("CommitUpload", VodSessionKey=applied.VodSessionKey) == "ResourceNotFound"
    put(stack, applied, applied.MediaStoragePath, video.read_bytes())
    return applied, vod.call("CommitUpload", VodSessionKey=applied.VodSessionKey)


def test_the_whole_story(vod: VodCustomer, uploaded: Any, template: int, customer: Customer) -> None:
    _, committed = uploaded
    arrived = vod.event_of(
        lambda event: event.EventType == "NewFileUpload" and event.FileUploadEvent.FileId == committed.FileId
    )
    assert arrived.FileUploadEvent.MediaBasicInfo.Name == "Животный мир"
    assert arrived.FileUploadEvent.MediaBasicInfo.SourceInfo.SourceContext == "from-the-test"
    task_id = arrived.FileUploadEvent.ProcedureTaskId
    told = vod.event_of(
        lambda event: event.EventType == "ProcedureStateChanged" and event.ProcedureStateChangeEvent.TaskId == task_id
    ).ProcedureStateChangeEvent
    assert (told.Status, told.SessionContext, told.FileId) == ("FINISH", "order-7", committed.FileId)

    detail = vod.ended(task_id)
    assert (detail.TaskType, detail.Status) == ("Procedure", "FINISH")
    tasks = [result.AnimatedGraphicTask for result in detail.ProcedureTask.MediaProcessResultSet]
    assert [task.Status for task in tasks] == ["SUCCESS", "SUCCESS"]
    assert [(task.Input.Definition, task.Output.Container) for task in tasks] == [(20000, "gif"), (template, "webp")]
    assert [(task.Output.StartTimeOffset, task.Output.EndTimeOffset) for task in tasks] == [(0.5, 1.5)] * 2
    for task in tasks:
        content, content_type = customer.image(task.Output.Url)
        assert hashlib.md5(content, usedforsecurity=False).hexdigest() == task.Output.Md5
        assert content_type == f"image/{task.Output.Container}"
    assert tasks[1].Output.Width == 160

    (info,) = vod.call("DescribeMediaInfos", FileIds=[committed.FileId]).MediaInfoSet
    assert info.BasicInfo.Name == "Животный мир"
    assert info.MetaData.VideoStreamSet[0].Codec == "h264"
    graphics = info.AnimatedGraphicsInfo.AnimatedGraphicsSet
    assert {each.Url for each in graphics} == {task.Output.Url for task in tasks}

    listed = vod.call("DescribeTasks", FileId=committed.FileId, Status="FINISH").TaskSet
    assert [(task.TaskId, task.TaskType, task.SessionContext) for task in listed] == [
        (task_id, "Procedure", "order-7")
    ]


def test_a_commit_is_done_once_and_the_put_alone_starts_nothing(
    vod: VodCustomer, stack: Stack, uploaded: Any, customer: Customer, video: Path
) -> None:
    applied, committed = uploaded
    assert vod.call("CommitUpload", VodSessionKey=applied.VodSessionKey).FileId == committed.FileId
    other = vod.call("ApplyUpload", MediaType="mp4", Procedure="preview")
    put(stack, other, other.MediaStoragePath, video.read_bytes())
    customer.wait_until_quiet()
    scan = stack.client("dynamodb").get_paginator("scan").paginate(TableName=stack.table)
    keys = [item["source"]["M"]["key"]["S"] for page in scan for item in page["Items"] if "source" in item]
    assert other.MediaStoragePath not in keys
    assert applied.MediaStoragePath in keys


def test_an_upload_grant_reaches_one_key(vod: VodCustomer, stack: Stack) -> None:
    applied = vod.call("ApplyUpload", MediaType="mp4")
    for key in (f"{applied.MediaStoragePath}x", "cliploop-applied/other.mp4", "mine.mp4"):
        with pytest.raises(ClientError, match="AccessDenied"):
            put(stack, applied, key, b"film")


def test_a_callback_is_signed_and_comes_again_when_it_was_refused(
    vod: VodCustomer, uploaded: Any, server: PrivateServer
) -> None:
    server.refusals += [500, 302]
    vod.call("ModifyEventConfig", Mode="PUSH", NotificationUrl=server.url("/told"), SignKey="Key123")
    try:
        started = vod.call(
            "ProcessMedia",
            FileId=uploaded[1].FileId,
            MediaProcessTask={"AnimatedGraphicTaskSet": [{"Definition": 20000, **SECTION}]},
            SessionContext="called back",
        )
        told = wait_for(
            lambda: next(
                (
                    each
                    for each in server.callbacks
                    if each.get("ProcedureStateChangeEvent", {}).get("TaskId") == started.TaskId
                ),
                None,
            ),
            "the callback",
        )
    finally:
        vod.call("ModifyEventConfig", Mode="PULL", NotificationUrl="", SignKey="")
    assert told["EventType"] == "ProcedureStateChanged"
    assert told["ProcedureStateChangeEvent"]["SessionContext"] == "called back"
    assert told["Sign"] == hashlib.md5(f"Key123{told['T']}".encode(), usedforsecurity=False).hexdigest()
    assert told["T"] > time.time()
    assert server.refusals == []
    config = vod.call("DescribeEventConfig")
    assert (config.Mode, config.NotificationUrl, config.UploadMediaCompleteEventSwitch) == ("PULL", "", "ON")


def test_a_video_is_pulled_from_an_address(vod: VodCustomer, server: PrivateServer, procedure: str) -> None:
    pulled = vod.call("PullUpload", MediaUrl=server.url("/film.mp4?key=1"), MediaName="geholt", Procedure=procedure)
    detail = vod.ended(pulled.TaskId)
    assert (detail.TaskType, detail.PullUploadTask.ErrCode) == ("PullUpload", 0)
    done = vod.ended(detail.PullUploadTask.ProcedureTaskId).ProcedureTask
    assert (done.FileName, done.FileId) == ("geholt", detail.PullUploadTask.FileId)
    assert {result.AnimatedGraphicTask.Status for result in done.MediaProcessResultSet} == {"SUCCESS"}
    complete = vod.event_of(
        lambda event: event.EventType == "PullComplete" and event.PullCompleteEvent.TaskId == pulled.TaskId
    )
    assert complete.PullCompleteEvent.FileId == detail.PullUploadTask.FileId


def test_nothing_is_pulled_from_where_a_redirect_leads_into_the_network(
    vod: VodCustomer, server: PrivateServer
) -> None:
    assert vod.refusal("PullUpload", MediaUrl="http://169.254.169.254/latest/") == "InvalidParameterValue.MediaUrl"
    assert vod.refusal("PullUpload", MediaUrl="http://2130706433/film.mp4") == "InvalidParameterValue.MediaUrl"
    pulled = vod.call("PullUpload", MediaUrl=server.url("/away/film.mp4"))
    detail = vod.ended(pulled.TaskId)
    assert detail.PullUploadTask.ErrCode != 0
    assert "/away/film.mp4" in server.served


def client_signature(stack: Stack, **parameters: str | int) -> str:
    """As a Tencent back end makes it for its app's users."""
    now = int(time.time())
    words = {
        "secretId": stack.secret_id,
        "currentTimeStamp": now,
        "expireTime": now + 600,
        "random": secrets.randbelow(2**32),
        **parameters,
    }
    original = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in words.items()).encode()
    return base64.b64encode(hmac.digest(stack.secret_key.encode(), original, "sha1") + original).decode()


def exchange(stack: Stack, signature: str) -> dict[str, Any]:
    body = json.dumps({"signature": signature, "videoName": "Ferien.mp4", "videoType": "mp4"}).encode()
    request = urllib.request.Request(  # noqa: S310
        f"{stack.api}/?Action=ApplyUploadUGC", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as reply:  # noqa: S310
        answer: dict[str, Any] = json.loads(reply.read())["Response"]
        return answer


def post(form: dict[str, Any], content: bytes, **changes: str) -> int:
    boundary = uuid.uuid4().hex
    head = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in {**form["Fields"], **changes}.items()
    )
    head += f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
    body = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    request = urllib.request.Request(form["Url"], body, headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:  # noqa: S310
            return int(reply.status)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code


def test_a_browser_uploads_with_the_procedure_of_its_signature(
    vod: VodCustomer, stack: Stack, procedure: str, video: Path
) -> None:
    signature = client_signature(stack, procedure=procedure, sessionContext="app", oneTimeValid=1)
    form = exchange(stack, signature)
    assert post(form, video.read_bytes(), **{"x-amz-meta-procedure": "preview"}) >= 400
    assert post(form, video.read_bytes()) < 300
    told = vod.event_of(
        lambda event: (
            event.EventType == "ProcedureStateChanged" and event.ProcedureStateChangeEvent.SessionContext == "app"
        )
    ).ProcedureStateChangeEvent
    assert len(told.MediaProcessResultSet) == 2
    assert exchange(stack, signature)["Error"]["Code"] == "AuthFailure.SignatureFailure"
    mangled = signature[:-4] + ("AAAA" if signature[-4:] != "AAAA" else "BBBB")
    assert exchange(stack, mangled)["Error"]["Code"].startswith("AuthFailure.")


def test_tasks_are_aborted_while_they_wait_and_while_they_run(
    vod: VodCustomer, stack: Stack, server: PrivateServer, tmp_path: Path
) -> None:
    waiting = vod.call("PullUpload", MediaUrl=server.url("/slow.mp4"), Procedure="preview")
    vod.call("ManageTask", TaskId=waiting.TaskId, OperationType="Abort")
    assert vod.ended(waiting.TaskId).Status == "ABORTED"

    long = tmp_path / "long.mp4"
    words = ["-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=30:duration=60", "-preset", "ultrafast", str(long)]
    subprocess.run([ffmpeg(), "-loglevel", "error", *words], check=True)
    applied = vod.call("ApplyUpload", MediaType="mp4")
    put(stack, applied, applied.MediaStoragePath, long.read_bytes())
    file_id = vod.call("CommitUpload", VodSessionKey=applied.VodSessionKey).FileId
    heavy = vod.call("CreateAnimatedGraphicsTemplate", Fps=30, Width=1280, Height=720).Definition
    running = vod.call(
        "ProcessMedia", FileId=file_id, MediaProcessTask={"AnimatedGraphicTaskSet": [{"Definition": heavy}]}
    )
    wait_for(lambda: vod.call("DescribeTaskDetail", TaskId=running.TaskId).Status == "PROCESSING", "its beginning")
    vod.call("ManageTask", TaskId=running.TaskId, OperationType="Abort")
    assert vod.call("DescribeTaskDetail", TaskId=running.TaskId).Status == "ABORTED"
    time.sleep(1.1)  # within the same second an identical request would get the first one's answer
    assert vod.refusal("ManageTask", TaskId=running.TaskId, OperationType="Abort") == "FailedOperation"
    queue = {"QueueUrl": stack.work_queue_url, "AttributeNames": ["ApproximateNumberOfMessagesNotVisible"]}
    sqs = stack.client("sqs")
    wait_for(  # the worker has noticed, and has given its message back
        lambda: sqs.get_queue_attributes(**queue)["Attributes"][queue["AttributeNames"][0]] == "0", "the worker's end"
    )
    assert vod.call("DescribeTaskDetail", TaskId=running.TaskId).Status == "ABORTED"
    (info,) = vod.call("DescribeMediaInfos", FileIds=[file_id]).MediaInfoSet
    assert not info.AnimatedGraphicsInfo.AnimatedGraphicsSet


@pytest.mark.parametrize(
    ("sign_method", "req_method"),
    [
        ("TC3-HMAC-SHA256", "GET"),
        ("HmacSHA1", "POST"),
        ("HmacSHA1", "GET"),
        ("HmacSHA256", "POST"),
        ("HmacSHA256", "GET"),
    ],
)
def test_every_way_of_signing(stack: Stack, sign_method: str, req_method: str) -> None:
    customer = VodCustomer(stack, sign_method, req_method)
    reply = customer.call("DescribeAnimatedGraphicsTemplates", Definitions=[20000, 20001], Limit=5)
    assert [each.Definition for each in reply.AnimatedGraphicsTemplateSet] == [20000, 20001]
    created = customer.call("CreateAnimatedGraphicsTemplate", Fps=3, Name=f"{sign_method} {req_method} ü", Width=200)
    customer.call("DeleteAnimatedGraphicsTemplate", Definition=created.Definition)


def test_who_is_not_known_is_refused(stack: Stack) -> None:
    stranger = VodCustomer(stack, secret_id="AKIDnobody")
    assert stranger.refusal("DescribeEventConfig") == "AuthFailure.SecretIdNotFound"
    mistaken = VodCustomer(stack, secret_key="wrong")
    assert mistaken.refusal("DescribeEventConfig") == "AuthFailure.SignatureFailure"


def test_an_unsigned_request_gets_the_vendors_error(stack: Stack) -> None:
    for path in ("/", "/?Action=DescribeTasks", "/?Action=ApplyUploadUGC"):
        status, body = api.get(stack.api + path)
        assert status == 200
        assert body["Response"]["Error"]["Code"]
        assert body["Response"]["RequestId"]
    for path in ("/", "/?Action=ApplyUploadUGC"):
        request = urllib.request.Request(stack.api + path, b"{}", {"X-TC-Action": "ProcessMedia"})  # noqa: S310
        with urllib.request.urlopen(request, timeout=30) as reply:  # noqa: S310
            assert (reply.status, reply.headers["Content-Type"]) == (200, "application/json")
            assert json.loads(reply.read())["Response"]["Error"]["Code"]


def test_the_example_runs_as_it_stands(stack: Stack, server: PrivateServer, tmp_path: Path) -> None:
    stack.save(tmp_path / "stack.json")
    example = ROOT / "examples" / "tencent_vod_client.py"
    run = subprocess.run(
        [sys.executable, example, tmp_path / "stack.json", server.url("/film.mp4")],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    addresses = run.stdout.split()
    assert [address.rpartition(".")[2] for address in addresses] == ["gif", "webp"]
