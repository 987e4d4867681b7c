from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

import pytest

from cliploop.dialects.tencent_vod.errors import SUBTASK_CODES, numeric_code
from cliploop.dialects.tencent_vod.notification import EncodeNotification
from cliploop.domain.addresses import Addresses
from cliploop.domain.color import Color
from cliploop.domain.errors import ErrorCode, Failure
from cliploop.domain.identity import ObjectVersion, VodTaskType, render_vod_task_id
from cliploop.domain.limits import Limits
from cliploop.domain.media import AudioStream, MediaInfo, VideoStream
from cliploop.domain.notification import EventKind, Notification
from cliploop.domain.output import Output, StoredImage
from cliploop.domain.plan import plan_output
from cliploop.domain.procedure import TemplateUse
from cliploop.domain.project import Project
from cliploop.domain.section import Section
from cliploop.domain.source_file import SourceFile
from cliploop.domain.task import Task, TaskState
from cliploop.domain.template import PRESET_WEBP

#: The source and the output of the seed's example.
MEDIA = MediaInfo(
    container="mov,mp4,m4a,3gp,3g2,mj2",
    duration_ms=60_000,
    size=7_700_180,
    bitrate=1_021_028,
    video=(VideoStream(0, "h264", 640, 480, Fraction(24000, 1001), bitrate=637_174, pixel_format="yuv420p"),),
    audio=(AudioStream("aac", 48_000, 383_854),),
)
IMAGE = StoredImage("out", "p/1/1.f20001.webp", 121_601, "084d403c73930ca2f835679af1f37bd3", 640, 480, 6, 3_000)
USE = TemplateUse(PRESET_WEBP, Section(2_000, 5_000))
TASK = Task(
    project_id="p",
    task_id=0x2E1AF2456351812B,
    file_id=5285890784246869930,
    source=ObjectVersion("in", "xxx/Animal World.mp4", "v"),
    procedure="x",
    outputs=(Output(USE),),
    created_ms=1_700_000_000_000,
)
ENCODE = EncodeNotification(Project("p", 1256768367), Addresses("eu-north-1", "https://cdn.example/gifs/"))


def ended(output: Output) -> Task:
    claimed = TASK.claim(TASK.created_ms + 1_000)
    return claimed.settle(1, MEDIA, [output]).finish(1, TASK.created_ms + 3_000)


def event(task: Task) -> dict[str, object]:
    encoded = ENCODE(Notification("d", EventKind.PROCEDURE_STATE_CHANGED, task))
    assert json.loads(json.dumps(encoded)) == encoded
    return dict(encoded)


def test_a_finished_task_reads_as_in_the_seed() -> None:
    output = Output(USE).succeed(plan_output(MEDIA, USE.template, USE.section, Limits()), IMAGE)
    assert event(ended(output)) == {
        "EventType": "ProcedureStateChanged",
        "DeliveryId": "d",
        "ProcedureStateChangeEvent": {
            "TaskId": render_vod_task_id(1256768367, TASK.task_id),
            "Status": "FINISH",
            "ErrCode": 0,
            "Message": "",
            "FileId": "5285890784246869930",
            "FileName": "Animal World.mp4",
            "FileUrl": "https://in.s3.eu-north-1.amazonaws.com/xxx/Animal%20World.mp4",
            "MetaData": {
                "AudioDuration": 60,
                "AudioStreamSet": [{"Bitrate": 383_854, "Codec": "aac", "SamplingRate": 48_000}],
                "Bitrate": 1_021_028,
                "Container": "mov,mp4,m4a,3gp,3g2,mj2",
                "Duration": 60,
                "Height": 480,
                "Rotate": 0,
                "Size": 7_700_180,
                "VideoDuration": 60,
                "VideoStreamSet": [{"Bitrate": 637_174, "Codec": "h264", "Fps": 24, "Height": 480, "Width": 640}],
                "Width": 640,
            },
            "MediaProcessResultSet": [
                {
                    "Type": "AnimatedGraphics",
                    "AnimatedGraphicTask": {
                        "Status": "SUCCESS",
                        "ErrCodeExt": "",
                        "ErrCode": 0,
                        "Message": "",
                        "Progress": 100,
                        "Input": {"Definition": 20001, "StartTimeOffset": 2, "EndTimeOffset": 5},
                        "Output": {
                            "Url": "https://cdn.example/gifs/p/1/1.f20001.webp",
                            "Definition": 20001,
                            "Container": "webp",
                            "Height": 480,
                            "Width": 640,
                            "Bitrate": 324_269,
                            "Size": 121_601,
                            "Md5": "084d403c73930ca2f835679af1f37bd3",
                            "StartTimeOffset": 2,
                            "EndTimeOffset": 5,
                        },
                        "Requested": {"Width": 0, "Height": 0, "Fps": 2, "StartTimeOffset": 2, "EndTimeOffset": 5},
                        "Applied": {
                            "Width": 640,
                            "Height": 480,
                            "Fps": 2,
                            "StartTimeOffset": 2,
                            "EndTimeOffset": 5,
                            "Frames": 6,
                            "Color": "bt601 limited, assumed",
                            "CutOff": False,
                        },
                        "BeginProcessTime": "2023-11-14T22:13:21Z",
                        "FinishTime": "2023-11-14T22:13:23Z",
                    },
                }
            ],
            "TasksPriority": 0,
            "TasksNotifyMode": "Finish",
            "SessionContext": "",
            "SessionId": "",
        },
    }


def test_a_failed_output_says_why_in_the_vendors_words_and_null_fields_are_left_out() -> None:
    failure = Failure(ErrorCode.SECTION_INVALID, "The section starts too late.")
    body = event(ended(Output(USE).fail(failure)))["ProcedureStateChangeEvent"]
    assert isinstance(body, dict)
    assert body["Status"] == "FINISH"
    result = body["MediaProcessResultSet"][0]["AnimatedGraphicTask"]
    assert (result["Status"], result["ErrCodeExt"], result["ErrCode"], result["Message"]) == (
        "FAIL",
        "InvalidInput.InvalidTimeOffset",
        40_000,
        "The section starts too late.",
    )
    assert "Output" not in result


def test_a_task_that_was_refused_has_no_metadata_and_no_results() -> None:
    refused = replace(TASK, outputs=()).refuse(Failure(ErrorCode.PROCEDURE_NOT_FOUND, "No such procedure."))
    body = event(refused)["ProcedureStateChangeEvent"]
    assert isinstance(body, dict)
    assert "MetaData" not in body
    assert body["MediaProcessResultSet"] == []
    assert (body["ErrCode"], body["Message"]) == (40_000, "No such procedure.")


def test_an_address_is_private_and_quoted_without_a_public_base() -> None:
    address = Addresses("us-east-1").of_image(replace(IMAGE, key="a b/ü.gif"))
    assert address == "https://out.s3.us-east-1.amazonaws.com/a%20b/%C3%BC.gif"


@pytest.mark.parametrize("code", ErrorCode)
def test_every_error_has_a_code_and_a_number(code: ErrorCode) -> None:
    assert numeric_code(SUBTASK_CODES[code]) in {40_000, 60_000, 70_000}


def test_what_was_applied_says_where_a_broken_file_ends_and_how_its_colours_were_read() -> None:
    plan = plan_output(MEDIA, USE.template, USE.section, Limits())
    cut = replace(plan, rate=Fraction(2997, 1000), color=Color("bt2020", transfer="pq")).cut_to(3)
    shown = event(ended(Output(USE).succeed(cut, IMAGE)))
    (result,) = shown["ProcedureStateChangeEvent"]["MediaProcessResultSet"]  # type: ignore[index]
    applied = result["AnimatedGraphicTask"]["Applied"]
    assert applied | {"Fps": 2.997, "EndTimeOffset": 3.001, "Frames": 3, "CutOff": True} == applied
    assert applied["Color"] == "bt2020 limited pq, tone-mapped"
    assert result["AnimatedGraphicTask"]["Requested"]["EndTimeOffset"] == 5


def test_a_canceled_task_is_aborted_and_its_outputs_failed() -> None:
    body = event(TASK.cancel(TASK.created_ms + 5))["ProcedureStateChangeEvent"]
    assert isinstance(body, dict)
    assert (body["Status"], body["ErrCode"]) == ("ABORTED", 40_000)
    assert body["MediaProcessResultSet"][0]["AnimatedGraphicTask"]["Status"] == "FAIL"


FILE = SourceFile(
    project_id="p",
    file_id=7,
    source=ObjectVersion("in", "xxx/Animal World.MP4", "v"),
    size=9,
    created_ms=1_700_000_000_000,
    source_context="user 8",
)


@pytest.mark.parametrize(("task_id", "told"), [(0, ""), (5, render_vod_task_id(1256768367, 5))])
def test_a_new_file_is_told_with_the_task_that_it_started(task_id: int, told: str) -> None:
    file = replace(FILE, procedure_task_id=task_id)
    assert ENCODE(Notification("d", EventKind.NEW_FILE_UPLOAD, file)) == {
        "EventType": "NewFileUpload",
        "FileUploadEvent": {
            "FileId": "7",
            "MediaBasicInfo": {
                "Name": "Animal World.MP4",
                "Description": "",
                "CreateTime": "2023-11-14T22:13:20Z",
                "UpdateTime": "2023-11-14T22:13:20Z",
                "ExpireTime": "9999-12-31T23:59:59Z",
                "CoverUrl": "",
                "Type": "mp4",
                "MediaUrl": "https://in.s3.eu-north-1.amazonaws.com/xxx/Animal%20World.MP4",
                "SourceInfo": {"SourceType": "Upload", "SourceContext": "user 8"},
                "StorageRegion": "eu-north-1",
                "TagSet": [],
                "Status": "Normal",
            },
            "ProcedureTaskId": told,
            "ReviewAudioVideoTaskId": "",
        },
        "DeliveryId": "d",
    }


PULLED = replace(
    TASK,
    state=TaskState.INIT,
    origin="https://example.com/a.mp4?key=secret",
    source=ObjectVersion("in", "cliploop-fetched/p/1", ""),
    file_id=0,
    session_id="s",
    session_context="c",
    source_context="user 8",
)


def pull_event(task: Task) -> dict[str, object]:
    encoded = ENCODE(Notification("d", EventKind.PULL_COMPLETE, task))
    assert encoded["EventType"] == "PullComplete"
    return dict(encoded["PullCompleteEvent"])


def test_a_source_that_was_fetched_is_told_with_its_file_and_its_task() -> None:
    fetched = PULLED.claim(1).fetched(1, FILE.source, FILE.file_id, 2)
    shown = pull_event(fetched)
    info = shown.pop("MediaBasicInfo")
    assert isinstance(info, dict)
    assert (info["Name"], info["SourceInfo"]["SourceContext"]) == ("Animal World.MP4", "user 8")
    assert shown == {
        "TaskId": render_vod_task_id(1256768367, TASK.task_id, VodTaskType.PULL_UPLOAD),
        "Status": "FINISH",
        "ErrCode": 0,
        "Message": "",
        "FileId": "7",
        "FileUrl": "https://in.s3.eu-north-1.amazonaws.com/xxx/Animal%20World.MP4",
        "ProcedureTaskId": render_vod_task_id(1256768367, TASK.task_id),
        "ReviewAudioVideoTaskId": "",
        "SessionContext": "c",
        "SessionId": "s",
        "Progress": 100,
    }


def test_a_source_that_cannot_be_fetched_has_no_file_and_says_why() -> None:
    failure = Failure(ErrorCode.FETCH_FAILED, "The address answered 404.")
    shown = pull_event(PULLED.claim(1).fail(1, failure, 2))
    assert (shown["Status"], shown["ErrCode"], shown["Message"]) == ("FINISH", 60_000, "The address answered 404.")
    assert (shown["FileId"], shown["FileUrl"], shown["Progress"]) == ("", "", 0)
    assert "MediaBasicInfo" not in shown


def test_a_failure_after_the_fetching_is_not_one_of_the_fetching() -> None:
    fetched = PULLED.claim(1).fetched(1, FILE.source, FILE.file_id, 2).claim(3)
    failed = fetched.fail(2, Failure(ErrorCode.SOURCE_MALFORMED, "broken"), 4)
    assert (pull_event(failed)["ErrCode"], pull_event(failed)["Progress"]) == (0, 100)


def test_a_source_on_its_way_shows_neither_its_address_nor_the_key_that_it_will_not_have() -> None:
    shown = json.dumps(event(PULLED)) + json.dumps(pull_event(PULLED))
    assert "secret" not in shown
    assert "example.com" not in shown
    assert "cliploop-fetched" not in shown
