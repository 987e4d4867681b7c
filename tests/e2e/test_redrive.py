"""A task that failed is brought back by the operator's command, once what it failed of has been put right."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from cliploop.domain.identity import file_id_of, parse_vod_task_id
from local.deploy import STACK_NAME
from local.stack import ROOT, Stack
from tests.e2e.customer import APP_ID, Customer
from tests.e2e.vod_customer import VodCustomer, wait_for

pytestmark = pytest.mark.e2e


class _Shelf(ThreadingHTTPServer):
    """Files by their path; what is not there is answered with 404."""

    daemon_threads = True
    files: dict[str, bytes]


class _Handler(BaseHTTPRequestHandler):
    server: _Shelf

    def do_GET(self) -> None:
        content = self.server.files.get(self.path)
        self.send_response(200 if content else 404)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def shelf(stack: Stack) -> Iterator[dict[str, bytes]]:
    """What lies at the stack's one private address."""
    host, _, port = stack.private_target.rpartition(":")
    server = _Shelf((host, int(port)), _Handler)
    server.files = {}
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.files
    server.shutdown()
    server.server_close()
    thread.join()


def cliploop(stack: Stack, *words: str) -> tuple[int, str]:
    """The exit code and the words of the command, in a process of its own."""
    environment = {
        "PATH": os.environ["PATH"],
        "AWS_ACCESS_KEY_ID": stack.aws_access_key_id,
        "AWS_SECRET_ACCESS_KEY": stack.aws_secret_access_key,
        "PYTHONPATH": str(ROOT / "src"),
    }
    where = ("--stack", STACK_NAME, "--region", stack.region, "--endpoint-url", stack.aws_endpoint)
    done = subprocess.run(
        [sys.executable, "-m", "cliploop", *words, *where],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def ends(customer: Customer, task_id: str) -> list[dict[str, Any]]:
    """What a subscriber has heard of a task's end, each delivery once."""
    customer.heard.extend(event["detail"] for event in customer.listener.events())
    told = [each for each in customer.heard if each["EventType"] == "ProcedureStateChanged"]
    mine = {each["DeliveryId"]: each for each in told if each["ProcedureStateChangeEvent"]["TaskId"] == task_id}
    return list(mine.values())


def heard(customer: Customer, task_id: str, number: int) -> list[dict[str, Any]]:
    """As many ends as that."""
    return wait_for(
        lambda: told if len(told := ends(customer, task_id)) >= number else None, f"{number} ends of {task_id}"
    )


def test_a_task_whose_source_was_not_there_is_brought_back_and_told_anew(
    stack: Stack, customer: Customer, video: Path, shelf: dict[str, bytes]
) -> None:
    vod = VodCustomer(stack)
    started = vod.call(
        "ProcessMedia",
        Url=f"http://{stack.private_target}/late.mp4?key=1",
        MediaProcessTask={"AnimatedGraphicTaskSet": [{"Definition": 20000, "EndTimeOffset": 0.5}]},
    ).TaskId
    (failed,) = heard(customer, started, 1)
    assert failed["ProcedureStateChangeEvent"]["ErrCode"]

    shelf["/late.mp4?key=1"] = video.read_bytes()
    assert cliploop(stack, "redrive", started) == (0, f"{started}: redriven\n")

    first, second = heard(customer, started, 2)
    assert first == failed
    assert second["DeliveryId"] != first["DeliveryId"]
    event = second["ProcedureStateChangeEvent"]
    assert (event["Status"], event["ErrCode"]) == ("FINISH", 0)
    (made,) = event["MediaProcessResultSet"]
    image, kind = customer.image(made["AnimatedGraphicTask"]["Output"]["Url"])
    assert (image[:6], kind) == (b"GIF89a", "image/gif")
    assert vod.ended(started).Status == "FINISH"


def test_a_task_whose_source_was_forbidden_is_brought_back(stack: Stack, customer: Customer, video: Path) -> None:
    s3 = stack.client("s3")
    policy = json.loads(s3.get_bucket_policy(Bucket=stack.upload_bucket)["Policy"])
    forbidden = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:GetObject*",
        "Resource": f"arn:aws:s3:::{stack.upload_bucket}/forbidden.mp4",
    }
    source = customer.upload(video, "forbidden.mp4", {"procedure": "none"})
    vod, file_id = VodCustomer(stack), str(file_id_of(stack.project_id, source))
    wait_for(lambda: vod.call("DescribeMediaInfos", FileIds=[file_id]).MediaInfoSet, "the file")
    closed = {**policy, "Statement": [*policy["Statement"], forbidden]}
    s3.put_bucket_policy(Bucket=stack.upload_bucket, Policy=json.dumps(closed))
    try:
        started = vod.call(
            "ProcessMedia",
            FileId=file_id,
            MediaProcessTask={"AnimatedGraphicTaskSet": [{"Definition": 20000, "EndTimeOffset": 0.5}]},
        ).TaskId
        (failed,) = heard(customer, started, 1)
        (result,) = failed["ProcedureStateChangeEvent"]["MediaProcessResultSet"]
        assert result["AnimatedGraphicTask"]["Status"] == "FAIL"
    finally:
        s3.put_bucket_policy(Bucket=stack.upload_bucket, Policy=json.dumps(policy))
    parsed = parse_vod_task_id(APP_ID, started)
    assert parsed is not None
    code, said = cliploop(stack, "redrive", str(parsed[1]), "--json")
    assert (code, json.loads(said)) == (0, {"redriven": [{"task_id": str(parsed[1]), "outcome": "redriven"}]})
    event = heard(customer, started, 2)[1]["ProcedureStateChangeEvent"]
    assert (event["Status"], event["ErrCode"]) == ("FINISH", 0)


def test_what_cannot_be_brought_back_is_said_for_each(stack: Stack, customer: Customer, video: Path) -> None:
    task_id = customer.task(customer.upload(video, "went-well.mp4", {"section": "0%2C0.5"}))["task_id"]
    code, said = cliploop(stack, "redrive", task_id, "12345")
    assert (code, said) == (1, f"{task_id}: not failed\n12345: not found\n")
    code, said = cliploop(stack, "replay", "0" * 32)
    assert (code, said) == (1, f"{'0' * 32}: not found\n")
