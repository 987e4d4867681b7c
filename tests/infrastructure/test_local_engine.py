"""Facts of AWS that the engine had to be taught, and the manners of its process."""

from __future__ import annotations

import http.client
import io
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from local import engine as engines
from local.engine import Engine
from local.stack import ROOT, STATE, connect

pytestmark = pytest.mark.infra


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with engines.running() as running:
        yield running


@pytest.fixture(scope="module")
def s3(engine: Engine) -> Any:
    client = connect(engine.endpoint, "s3")
    client.create_bucket(Bucket="videos")
    client.put_bucket_versioning(Bucket="videos", VersioningConfiguration={"Status": "Enabled"})
    client.put_bucket_notification_configuration(
        Bucket="videos", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    return client


def presigned(s3: Any, key: str, version: str) -> str:
    url: str = s3.generate_presigned_url("get_object", Params={"Bucket": "videos", "Key": key, "VersionId": version})
    return url


def test_a_range_of_a_version_is_that_range_of_that_version(s3: Any) -> None:
    first = s3.put_object(Bucket="videos", Key="a", Body=b"0123456789")["VersionId"]
    s3.put_object(Bucket="videos", Key="a", Body=b"replaced")
    request = urllib.request.Request(presigned(s3, "a", first), headers={"Range": "bytes=3-5"})  # noqa: S310
    with urllib.request.urlopen(request) as reply:  # noqa: S310
        assert (reply.status, reply.read()) == (206, b"345")
        assert reply.headers["Content-Range"] == "bytes 3-5/10"


def test_a_range_behind_the_end_is_refused(s3: Any) -> None:
    version = s3.put_object(Bucket="videos", Key="b", Body=b"0123456789")["VersionId"]
    with pytest.raises(s3.exceptions.ClientError) as refusal:
        s3.get_object(Bucket="videos", Key="b", VersionId=version, Range="bytes=10-")
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 416


def test_events_carry_the_raw_key_the_version_and_what_made_the_object(engine: Engine, s3: Any) -> None:
    queue = listening_queue(engine)
    key = "a b+c%2B ü.mp4"
    put = s3.put_object(Bucket="videos", Key=key, Body=b"1")["VersionId"]
    copied = s3.copy_object(Bucket="videos", Key="copy", CopySource={"Bucket": "videos", "Key": key})["VersionId"]
    upload = s3.create_multipart_upload(Bucket="videos", Key="parts")["UploadId"]
    part = {"Bucket": "videos", "Key": "parts", "UploadId": upload}
    etag = s3.upload_part(**part, PartNumber=1, Body=b"1" * 6_000_000)["ETag"]
    parts = s3.complete_multipart_upload(**part, MultipartUpload={"Parts": [{"ETag": etag, "PartNumber": 1}]})
    seen = receive(engine, queue, 3)
    assert {
        (each["detail"]["object"]["key"], each["detail"]["object"]["version-id"], each["detail"]["reason"])
        for each in seen
    } == {
        (key, put, "PutObject"),
        ("copy", copied, "CopyObject"),
        ("parts", parts["VersionId"], "CompleteMultipartUpload"),
    }


def test_served_bytes_end_where_the_reader_hangs_up(engine: Engine, s3: Any) -> None:
    size = 40_000_000
    version = s3.put_object(Bucket="videos", Key="large", Body=io.BytesIO(bytes(size)))["VersionId"]
    address = urlsplit(presigned(s3, "large", version))
    connection = http.client.HTTPConnection(str(address.hostname), address.port or 80)
    connection.request("GET", f"{address.path}?{address.query}", headers={"Range": "bytes=0-"})
    reply = connection.getresponse()
    assert reply.status == 206
    assert len(reply.read(1_000_000)) == 1_000_000
    reply.close()
    connection.close()
    time.sleep(0.5)
    served = engine.served_bytes()["videos/large"]
    assert 1_000_000 <= served < 15_000_000, "a reader's socket buffers hold some megabytes on a loopback"
    s3.get_object(Bucket="videos", Key="large", VersionId=version)["Body"].read()
    whole = engine.served_bytes()["videos/large"] - served
    assert size <= whole < size + 2_000


def test_the_api_is_refused_until_a_stack_is_there(engine: Engine) -> None:
    address = urlsplit(engine.front_door)
    connection = http.client.HTTPConnection(str(address.hostname), address.port or 80)
    connection.request("GET", "/v1/x/animated-graphics")
    reply = connection.getresponse()
    assert (reply.status, json.loads(reply.read())["message"]) == (503, "The stack is not deployed yet.")
    connection.close()


def test_a_preflight_is_answered_as_the_template_says(engine: Engine) -> None:
    cloudformation = connect(engine.endpoint, "cloudformation")
    origins = "https://a.example,https://b.example"
    cloudformation.create_stack(
        StackName="pages",
        TemplateBody=json.dumps(API_FOR_PAGES),
        Parameters=[{"ParameterKey": "Origins", "ParameterValue": origins}],
    )
    cloudformation.get_waiter("stack_create_complete").wait(StackName="pages", WaiterConfig={"Delay": 1})
    (stack,) = cloudformation.describe_stacks(StackName="pages")["Stacks"]
    api = stack["Outputs"][0]["OutputValue"]
    answers = {origin: preflight(engine, api, origin) for origin in (*origins.split(","), "https://c.example")}
    assert answers == {
        "https://a.example": (204, "https://a.example", "POST"),
        "https://b.example": (204, "https://b.example", "POST"),
        "https://c.example": (403, None, None),
    }


def test_a_standard_queue_takes_groups_and_keeps_none_of_their_messages_back(engine: Engine) -> None:
    sqs = connect(engine.endpoint, "sqs")
    url = sqs.create_queue(QueueName="fair")["QueueUrl"]
    for text in ("first", "second"):
        sqs.send_message(QueueUrl=url, MessageBody=text, MessageGroupId="receiver")
    sqs.send_message(QueueUrl=url, MessageBody="of no group")
    received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["MessageGroupId"])[
        "Messages"
    ]
    groups = {each["Body"]: each.get("Attributes", {}).get("MessageGroupId") for each in received}
    assert groups == {"first": "receiver", "second": "receiver", "of no group": None}


def test_the_engine_listens_on_the_loopback_only(engine: Engine) -> None:
    ports = {f"{urlsplit(url).port:04X}" for url in (engine.endpoint, engine.front_door)}
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = {row[1] for row in rows if row[3] == "0A" and row[1].split(":")[1] in ports}
    assert listening == {f"0100007F:{port}" for port in ports}


def test_an_engine_ends_with_the_process_that_started_it_and_leaves_nothing() -> None:
    program = "from local import engine; import time; e = engine.start(); print(e.folder, flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        folder = Path(owner.stdout.readline().strip())
        pid = json.loads((folder / "engine.json").read_text())["pid"]
        owner.send_signal(signal.SIGKILL)
    end = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and time.monotonic() < end:
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists()
    engines.stop_stale_runs()
    assert not folder.exists()
    assert folder.parent == STATE


def test_an_engine_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    with engines.running() as other:
        taken = [int(str(urlsplit(url).port)) for url in (other.endpoint, other.front_door)]
        monkeypatch.setattr(engines, "free_ports", lambda _: taken)
        with pytest.raises(engines.EngineError, match="Address already in use"):
            engines.start()
    assert (STATE / "engine.log").exists()


def test_the_callers_aws_settings_do_not_reach_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://example.com")
    with engines.running() as running:
        environ = Path(f"/proc/{running.process.pid}/environ").read_bytes().decode()
        assert "production" not in environ
        assert "example.com" not in environ
        assert connect(running.endpoint, "s3").meta.endpoint_url == running.endpoint
    assert not running.folder.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(running.process.pid, 0)


API_FOR_PAGES = {
    "Parameters": {"Origins": {"Type": "CommaDelimitedList"}},
    "Resources": {
        "Api": {
            "Type": "AWS::ApiGatewayV2::Api",
            "Properties": {
                "Name": "pages",
                "ProtocolType": "HTTP",
                "CorsConfiguration": {"AllowOrigins": {"Ref": "Origins"}, "AllowMethods": ["POST"]},
            },
        }
    },
    "Outputs": {"Id": {"Value": {"Ref": "Api"}}},
}


def preflight(engine: Engine, api: str, origin: str) -> tuple[int, str | None, str | None]:
    address = urlsplit(engine.endpoint)
    connection = http.client.HTTPConnection(str(address.hostname), address.port or 80)
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    connection.request("OPTIONS", f"/_aws/execute-api/{api}/$default/", headers=asked)
    reply = connection.getresponse()
    reply.read()
    connection.close()
    allowed = reply.headers.get("Access-Control-Allow-Origin"), reply.headers.get("Access-Control-Allow-Methods")
    return reply.status, *allowed


def listening_queue(engine: Engine) -> str:
    sqs, events = connect(engine.endpoint, "sqs"), connect(engine.endpoint, "events")
    url: str = sqs.create_queue(QueueName="heard")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="heard", EventPattern=json.dumps({"source": ["aws.s3"]}))
    events.put_targets(Rule="heard", Targets=[{"Id": "queue", "Arn": arn}])
    return url


def receive(engine: Engine, queue: str, count: int) -> list[dict[str, Any]]:
    sqs = connect(engine.endpoint, "sqs")
    seen: list[dict[str, Any]] = []
    end = time.monotonic() + 10
    while len(seen) < count and time.monotonic() < end:
        reply = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        seen += [json.loads(message["Body"]) for message in reply.get("Messages", [])]
    return seen
