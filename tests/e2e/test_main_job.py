"""The main job on the deployed template: an upload, its images, its notification, its query."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest
from PIL import Image

from tests.e2e.customer import Customer

pytestmark = pytest.mark.e2e

KEY = "a b+c%2B ü.mp4"


@pytest.fixture(scope="module")
def finished(customer: Customer, video: Path) -> tuple[dict, dict]:  # type: ignore[type-arg]
    """One upload with everything that can be asked for, at its end: its notification, and its task in the list."""
    source = customer.upload(
        video,
        KEY,
        {"procedure": "preview", "section": "1%2C2.5", "session-context": "caf%C3%A9", "tasks-priority": "3"},
    )
    return customer.notification(source), customer.task(source)


def test_the_notification_says_what_was_asked_and_what_was_done(finished: tuple[dict, dict]) -> None:  # type: ignore[type-arg]
    event = finished[0]["ProcedureStateChangeEvent"]
    assert (event["Status"], event["FileName"]) == ("FINISH", KEY)
    assert (event["SessionContext"], event["TasksPriority"]) == ("café", 3)
    assert event["MetaData"]["VideoStreamSet"][0]["Codec"] == "h264"
    results = [result["AnimatedGraphicTask"] for result in event["MediaProcessResultSet"]]
    assert [result["Status"] for result in results] == ["SUCCESS", "SUCCESS"]
    assert [result["Input"] for result in results] == [
        {"Definition": definition, "StartTimeOffset": 1, "EndTimeOffset": 2.5} for definition in (21000, 21001)
    ]


@pytest.mark.parametrize(("number", "format_"), [(0, "GIF"), (1, "WEBP")])
def test_the_images_are_the_ones_that_were_told_of(
    finished: tuple[dict, dict],  # type: ignore[type-arg]
    customer: Customer,
    number: int,
    format_: str,
) -> None:
    output = finished[0]["ProcedureStateChangeEvent"]["MediaProcessResultSet"][number]["AnimatedGraphicTask"][
        "Output"
    ]
    content, content_type = customer.image(output["Url"])
    assert hashlib.md5(content, usedforsecurity=False).hexdigest() == output["Md5"]
    assert len(content) == output["Size"]
    assert content_type == f"image/{format_.lower()}"
    with Image.open(io.BytesIO(content)) as image:
        assert (image.format, image.size) == (format_, (output["Width"], output["Height"]))
        assert (image.n_frames, image.info["loop"]) == (18, 0)  # type: ignore[attr-defined]
        durations = []
        for frame in range(18):
            image.seek(frame)
            image.load()
            durations.append(image.info["duration"])
        assert sum(durations) == 1_500


def test_the_query_shows_the_same_task(finished: tuple[dict, dict]) -> None:  # type: ignore[type-arg]
    task = finished[1]
    assert task["status"] == "SUCCEED"
    assert task["input"]["object"] == KEY
    assert task["user_data"] == "café"
    assert task["output_param"] == {
        "format": "gif",
        "width": 320,
        "height": 180,
        "start": 1_000,
        "end": 2_500,
        "frame_rate": 12,
    }
    assert len(task["outputs"]) == 2


def test_a_version_keeps_its_task_whatever_is_uploaded_to_the_key_later(customer: Customer, video: Path) -> None:
    first = customer.upload(video, "twice.mp4", {"section": "0%2C0.5"})
    second = customer.upload_bytes(b"no video at all", "twice.mp4", {"section": "0%2C0.5"})
    assert customer.task(first)["status"] == "SUCCEED"
    assert customer.task(second)["status"] == "FAILED"


@pytest.mark.parametrize("way", ["copy", "multipart", "post"])
def test_every_way_to_upload_starts_a_task(customer: Customer, video: Path, way: str) -> None:
    source = getattr(customer, f"upload_by_{way}")(video, f"by-{way}.mp4", {"section": "0%2C0.5"})
    assert customer.task(source)["status"] == "SUCCEED"


@pytest.mark.parametrize(
    ("metadata", "code", "word"),
    [
        ({"procedure": "no-such"}, "InvalidInput.DefinitionNotExist", "no-such"),
        ({"section": "later"}, "InvalidInput", "x-amz-meta-section"),
    ],
)
def test_a_wrong_order_fails_at_once_and_is_told(
    customer: Customer, video: Path, metadata: dict[str, str], code: str, word: str
) -> None:
    source = customer.upload(video, f"wrong-{code}.mp4", metadata)
    event = customer.notification(source)["ProcedureStateChangeEvent"]
    assert (event["Status"], event["ErrCode"]) == ("FINISH", 40_000)
    assert word in event["Message"]
    assert customer.task(source)["description"] == event["Message"]


def test_what_is_no_video_fails_and_says_so(customer: Customer) -> None:
    source = customer.upload_bytes(b"<html>not a video</html>" * 100, "page.mp4", {})
    event = customer.notification(source)["ProcedureStateChangeEvent"]
    codes = {result["AnimatedGraphicTask"]["ErrCodeExt"] for result in event["MediaProcessResultSet"]}
    assert len(codes) == 1
    assert codes <= {"SourceFileError.ContentMalformed", "SourceFileError.ContentUnsupported"}


def test_what_is_no_upload_makes_no_task(customer: Customer, video: Path) -> None:
    skipped = [
        customer.upload_bytes(b"", "empty.mp4", {}),
        customer.upload_bytes(b"", "folder/", {}),
        customer.upload(video, "known.mp4", {"procedure": "none"}),
        customer.upload(video, "ours.mp4", {"cliploop-attempt": "1"}),
    ]
    customer.task(customer.upload(video, "after-them.mp4", {"section": "0%2C0.5"}))
    assert [customer.found(source) for source in skipped] == [None] * 4
