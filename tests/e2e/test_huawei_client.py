"""Huawei MPC's own client, unmodified, through the whole story on the deployed template."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from cliploop.adapters.ffmpeg.locate import ffmpeg
from local.stack import ROOT, Stack
from tests.e2e.customer import Customer
from tests.e2e.mpc_customer import MpcCustomer, calling, refusal

pytestmark = pytest.mark.e2e

PREFIX = f"mpc-{uuid.uuid4().hex}"
FILM, FAST = f"{PREFIX}/фильм a+b.mp4", f"{PREFIX}/fast.mp4"


@pytest.fixture(scope="module")
def mpc(stack: Stack) -> Iterator[MpcCustomer]:
    with calling(stack) as customer:
        yield customer


@pytest.fixture(scope="module", autouse=True)
def films(customer: Customer, video: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Three seconds at 24 frames a second, and a minute at 60."""
    fast = tmp_path_factory.mktemp("video") / "fast.mp4"
    words = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=60:duration=60", "-preset", "ultrafast", str(fast)]
    subprocess.run([ffmpeg(), "-loglevel", "error", *words], check=True)
    customer.upload(video, FILM, {"procedure": "none"})
    customer.upload(fast, FAST, {"procedure": "none"})


def image(stack: Stack, key: str) -> Image.Image:
    stored = stack.client("s3").get_object(Bucket=stack.output_bucket, Key=key)
    assert stored["ContentType"] == "image/gif"
    return Image.open(io.BytesIO(stored["Body"].read()))


def shown_ms(image: Image.Image) -> list[int]:
    durations = []
    for number in range(getattr(image, "n_frames", 1)):
        image.seek(number)
        durations.append(image.info["duration"])
    return durations


def test_the_whole_story(mpc: MpcCustomer, stack: Stack) -> None:
    task_id = mpc.create(mpc.source(FILM), mpc.target(f"{PREFIX}/gifs/", "движение 1.gif"), user_data="ü&次 +%26")
    task = mpc.ended(task_id)
    assert (task.status, task.user_data, task.error_code) == ("SUCCEED", "ü&次 +%26", None)
    assert task.description == "The task has completed."
    where = {"location": stack.region, "bucket": stack.output_bucket, "object": f"{PREFIX}/gifs/"}
    assert task.output.to_dict() == where | {"file_name": "движение 1.gif"}
    assert task.input.to_dict() == mpc.source(FILM).to_dict()
    applied = {"format": "gif", "width": 160, "height": 90, "start": 500, "end": 1_500, "frame_rate": 10}
    assert task.output_param.to_dict() == applied
    assert task.create_time <= task.start_time <= task.end_time
    made = image(stack, task.output.object + task.output.file_name)
    assert (made.size, shown_ms(made)) == ((160, 90), [100] * 10)


def test_a_rate_that_no_gif_plays_is_made_playable_and_shown(mpc: MpcCustomer, stack: Stack) -> None:
    task = mpc.ended(
        mpc.create(
            mpc.source(FAST), mpc.target("", f"{PREFIX}.gif"), width=0, height=0, start=0, end=200, frame_rate=75
        )
    )
    assert task.status == "SUCCEED"
    assert (task.output_param.frame_rate, task.output_param.width, task.output_param.height) == (50, 320, 180)
    assert (task.output.object, task.output.file_name) == ("", f"{PREFIX}.gif")
    made = image(stack, f"{PREFIX}.gif")
    assert (made.size, shown_ms(made)) == ((320, 180), [20] * 10)


def test_without_a_place_the_image_goes_where_all_go(mpc: MpcCustomer, stack: Stack) -> None:
    task = mpc.ended(mpc.create(mpc.source(FILM), None, frame_rate=2))
    assert task.output.object == f"{stack.project_id}/{task.task_id}/"
    assert image(stack, task.output.object + task.output.file_name).size == (160, 90)


def test_tasks_are_found_by_id_status_time_and_page(mpc: MpcCustomer) -> None:
    made, doomed = (
        mpc.ended(mpc.create(mpc.source(FILM), mpc.target(PREFIX, "same.gif"), user_data="listed", **asked))
        for asked in ({"frame_rate": 1}, {"start": 5_000, "end": 6_000})
    )
    assert (made.status, doomed.status, doomed.error_code) == ("SUCCEED", "FAILED", "MPC.10202")
    assert doomed.description
    both = [made.task_id, doomed.task_id]
    assert {task.task_id for task in mpc.tasks(task_id=both).tasks} == set(both)
    since, until = made.create_time, doomed.create_time
    for status, task_id in (("SUCCEED", made.task_id), ("FAILED", doomed.task_id)):
        found = mpc.tasks(status=status, start_time=since, end_time=until, size=100).tasks
        assert task_id in [task.task_id for task in found]
        assert {task.status for task in found} == {status}
    assert mpc.tasks(status="PREPROCESSING", end_time="20200101000000").total == 0
    total = mpc.tasks(start_time=since, end_time=until).total
    pages = [mpc.tasks(start_time=since, end_time=until, size=1, page=page) for page in range(total + 1)]
    assert [len(page.tasks) for page in pages] == [1] * total + [0]
    assert set(both) <= {task.task_id for page in pages for task in page.tasks}


def test_a_task_is_canceled(mpc: MpcCustomer, stack: Stack, customer: Customer) -> None:
    name = "never.gif"
    task_id = mpc.create(
        mpc.source(FAST), mpc.target(PREFIX, name), width=0, height=0, start=0, end=60_000, frame_rate=50
    )
    assert mpc.cancel(task_id) == 204
    assert mpc.ended(task_id).status == "CANCELED"
    assert mpc.cancel(task_id) == 204
    customer.wait_until_quiet()
    assert mpc.ended(task_id).status == "CANCELED"
    assert "Contents" not in stack.client("s3").list_objects_v2(Bucket=stack.output_bucket, Prefix=f"{PREFIX}/{name}")


def test_errors(mpc: MpcCustomer) -> None:
    source, target = mpc.source(FILM), mpc.target(PREFIX, "refused.gif")
    for param in (
        {"width": 31},
        {"width": -1},
        {"width": 0},
        {"end": 60_501},
        {"frame_rate": 76},
        {"format": "webp"},
    ):
        assert refusal(lambda asked=param: mpc.create(source, target, **asked)) == (400, "MPC.10202")
    assert refusal(lambda: mpc.create(mpc.source("no such film"), target)) == (400, "MPC.10053")
    assert refusal(lambda: mpc.create(mpc.source(FILM, bucket="other"), target)) == (403, "MPC.10209")
    assert refusal(lambda: mpc.create(mpc.source(FILM, location="cn-north-4"), target)) == (403, "MPC.10209")
    assert refusal(lambda: mpc.create(source, mpc.target("a/../b", "x.gif"))) == (403, "MPC.10209")
    assert refusal(lambda: mpc.tasks(task_id=["x"])) == (400, "MPC.10202")
    assert refusal(lambda: mpc.tasks(size=101)) == (400, "MPC.10202")
    assert refusal(lambda: mpc.cancel(None)) == (400, "MPC.10202")
    assert refusal(lambda: mpc.cancel("1")) == (400, "MPC.10202")
    ended = mpc.ended(mpc.create(source, target, frame_rate=1))
    assert refusal(lambda: mpc.cancel(ended.task_id)) == (403, "MPC.10212")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"key_id": "HWAKnobody"}, (401, "APIGW.0301")),
        ({"secret": "wrong"}, (401, "APIGW.0301")),
        ({"project_id": "f" * 32}, (403, "MPC.10208")),
    ],
    ids=str,
)
def test_who_is_not_known_is_refused(stack: Stack, changes: dict[str, str], expected: tuple[int, str]) -> None:
    with calling(stack, **changes) as stranger:
        assert refusal(lambda: stranger.create(stranger.source(FILM), None)) == expected
        assert refusal(stranger.tasks) == expected
        assert refusal(lambda: stranger.cancel("1")) == expected


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "animated-graphics", (401, "APIGW.0301")),
        ("POST", "animated-graphics", (401, "APIGW.0301")),
        ("DELETE", "animated-graphics?task_id=1", (401, "APIGW.0301")),
        ("PUT", "animated-graphics", (400, "MPC.10204")),
        ("GET", "transcodings", (404, "APIGW.0101")),
        ("POST", "transcodings", (404, "APIGW.0101")),
    ],
)
@pytest.mark.parametrize("token", [{}, {"X-Auth-Token": "a token that nobody gave out"}], ids=["unsigned", "token"])
def test_an_unsigned_request_gets_the_vendors_error(
    stack: Stack, method: str, path: str, expected: tuple[int, str], token: dict[str, str]
) -> None:
    body = b"{}" if method in {"POST", "PUT"} else None
    headers = {"Content-Type": "application/json", **token}
    request = urllib.request.Request(  # noqa: S310
        f"{stack.api}/v1/{stack.project_id}/{path}", body, headers, method=method
    )
    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(request, timeout=30)  # noqa: S310
    with raised.value as reply:
        assert reply.headers["X-Request-Id"]
        assert reply.headers["Content-Type"] == "application/json"
        assert (reply.status, json.loads(reply.read())["error_code"]) == expected


def test_the_example_runs_as_it_stands(stack: Stack, tmp_path: Path) -> None:
    stack.save(tmp_path / "stack.json")
    example = ROOT / "examples" / "huawei_mpc_client.py"
    run = subprocess.run(
        [sys.executable, example, tmp_path / "stack.json", FILM],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "HOME": str(tmp_path)},
    )
    assert run.returncode == 0, run.stderr
    bucket, _, key = run.stdout.strip().removeprefix("s3://").partition("/")
    assert bucket == stack.output_bucket
    assert image(stack, key).width == 240
