from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cliploop.dialects.huawei_mpc.errors import CODES, encode_error
from cliploop.dialects.huawei_mpc.query import ByIds, Matching, decode_query, encode_page
from cliploop.domain.errors import CliploopError, ErrorCode, Failure, InvalidRequestError
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.limits import Limits
from cliploop.domain.media import MediaInfo, VideoStream
from cliploop.domain.output import Output, StoredImage, outputs_of
from cliploop.domain.plan import plan_output
from cliploop.domain.procedure import BUILT_IN_PROCEDURES, TemplateUse
from cliploop.domain.query import PageRequest, TaskFilter, TaskPage
from cliploop.domain.section import Section
from cliploop.domain.task import Task, TaskState
from cliploop.domain.template import BUILT_IN_TEMPLATES, ImageFormat, Template

DAY = 1_605_744_000  # 2020-11-19 00:00:00 UTC


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("task_id=30647", ByIds((30647,))),
        ("task_id=10&task_id=2&task_id=9", ByIds((10, 2, 9))),
        ("task_id=10,2&task_id=9&page=x&status=y", ByIds((10, 2, 9))),
        ("", Matching(TaskFilter(), PageRequest(0, 10))),
        ("page=3&size=100", Matching(TaskFilter(), PageRequest(3, 100))),
        (
            "end_time=20201119000000&page=0&size=10&start_time=20201119000000&status=SUCCEED",
            Matching(TaskFilter(frozenset({TaskState.SUCCEED}), DAY, DAY), PageRequest(0, 10)),
        ),
        *((f"status={state}", Matching(TaskFilter(frozenset({state})), PageRequest(0, 10))) for state in TaskState),
        ("status=PREPROCESSING", Matching(TaskFilter(frozenset({TaskState.PROCESSING})), PageRequest(0, 10))),
    ],
)
def test_a_query(query: str, asked: ByIds | Matching) -> None:
    assert decode_query(query) == asked


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("task_id=", "task_id"),
        ("task_id=abc", "task_id"),
        ("task_id=0", "task_id"),
        ("task_id=-1", "task_id"),
        ("task_id=9223372036854775808", "task_id"),
        ("task_id=" + ",".join("1" * 11), "task_id"),
        ("status=DONE", "status"),
        ("status=succeed", "status"),
        ("status=", "status"),
        ("status=INIT&status=INIT", "status"),
        ("statsu=INIT", "statsu"),
        ("start_time=2020", "start_time"),
        ("start_time=20201332000000", "start_time"),
        ("end_time=2020111900000x", "end_time"),
        ("start_time=20201120000000&end_time=20201119000000", "end_time"),
        ("page=-1", "page"),
        ("page=1.5", "page"),
        ("page=99999999999", "page"),
        ("size=0", "size"),
        ("size=101", "size"),
        ("size=", "size"),
        ("size=%D9%A3", "size"),
    ],
)
def test_a_bad_parameter_is_named(query: str, parameter: str) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        decode_query(query)
    assert raised.value.parameter == parameter
    reply = encode_error(raised.value)
    assert (reply.status, reply.body["error_code"]) == (400, "MPC.10202")
    assert parameter in reply.body["error_msg"]


@given(st.text(max_size=80))
def test_any_query_is_answered_or_refused(query: str) -> None:
    try:
        decode_query(query)
    except InvalidRequestError as error:
        assert encode_error(error).status == 400


MEDIA = MediaInfo(
    "mov",
    20_000,
    1,
    1,
    (VideoStream(0, "h264", 640, 360, Fraction(30), pixel_format="yuv420p", color_matrix="bt709"),),
)
WAITING = Task(
    project_id="p",
    task_id=30647,
    file_id=1,
    source=ObjectVersion("obs-apitest-01", "mp4/4k.mp4", "v"),
    procedure="preview",
    outputs=tuple(reversed(outputs_of(BUILT_IN_PROCEDURES["preview"].references, BUILT_IN_TEMPLATES))),
    created_ms=DAY * 1000 + 38_212_000,
)


def made(output: Output, number: int) -> Output:
    key = f"p/30647/{number}.f1.{output.use.template.format}"
    image = StoredImage("out", key, 1, "0" * 32, 480, 270, 60, 5_000)
    return output.succeed(plan_output(MEDIA, output.use.template, output.use.section, Limits()), image)


def rendered(task: Task) -> dict[str, object]:
    page = encode_page(TaskPage(1, (task,)), "cn-north-5")
    assert page["total"] == 1
    (shown,) = page["tasks"]
    assert isinstance(shown, dict)
    return shown


def test_a_finished_task_reads_as_in_the_seed_and_shows_its_gif_first() -> None:
    claimed = WAITING.claim(WAITING.created_ms + 1_000)
    outputs = [made(output, number) for number, output in enumerate(claimed.outputs, start=1)]
    task = claimed.settle(1, MEDIA, outputs).finish(1, WAITING.created_ms + 16_000)
    gif: dict[str, dict[str, object]] = {
        "output": {"bucket": "out", "location": "cn-north-5", "object": "p/30647/", "file_name": "2.f1.gif"},
        "output_param": {"format": "gif", "width": 480, "height": 270, "start": 0, "end": 5_000, "frame_rate": 12},
    }
    said: dict[str, dict[str, object]] = {
        "requested": {"width": 480, "height": 0, "start": 0, "end": 5_000, "frame_rate": 12},
        "applied": {
            "width": 480,
            "height": 270,
            "start": 0,
            "end": 5_000,
            "frame_rate": 12,
            "frames": 60,
            "color": "bt709 limited",
            "cut_off": False,
        },
    }
    gif |= said
    webp: dict[str, dict[str, object]] = {
        "output": {"bucket": "out", "location": "cn-north-5", "object": "p/30647/", "file_name": "1.f1.webp"},
        "output_param": gif["output_param"] | {"format": "webp"},
        **said,
    }
    assert rendered(task) == {
        "task_id": "30647",
        "status": "SUCCEED",
        "create_time": "20201119103652",
        "start_time": "20201119103653",
        "end_time": "20201119103708",
        "description": "The task has completed.",
        "input": {"bucket": "obs-apitest-01", "location": "cn-north-5", "object": "mp4/4k.mp4"},
        **gif,
        "outputs": [gif, webp],
    }


def test_a_waiting_task_shows_what_was_asked_for() -> None:
    shown = rendered(replace(WAITING, session_context="mine"))
    assert shown["status"] == "WAITING"
    assert shown["user_data"] == "mine"
    assert shown["output_param"] == {
        "format": "gif",
        "width": 480,
        "height": 0,
        "start": 0,
        "end": 5_000,
        "frame_rate": 12,
    }
    assert not {"output", "start_time", "end_time", "description", "error_code"} & set(shown)


@pytest.mark.parametrize(
    ("key", "folder", "name"),
    [("out/gifs/a.gif", "out/gifs/", "a.gif"), ("a.gif", "", "a.gif"), ("out/ü 1", "out/", "ü 1")],
)
def test_a_place_that_its_caller_chose_is_shown_from_the_start(key: str, folder: str, name: str) -> None:
    (output, *_) = WAITING.outputs
    waiting = replace(WAITING, outputs=(replace(output, destination=key),))
    assert rendered(waiting)["output"] == {"location": "cn-north-5", "object": folder, "file_name": name}


def test_a_task_whose_source_is_being_fetched_shows_where_to() -> None:
    key = "cliploop-fetched/p/30647/film.mp4"
    fetching = replace(
        WAITING,
        state=TaskState.INIT,
        source=ObjectVersion("uploads", key, ""),
        file_id=0,
        origin="https://example.com/secret?key=1",
    )
    shown = rendered(fetching)
    assert shown["status"] == "INIT"
    assert shown["input"] == {"bucket": "uploads", "location": "cn-north-5", "object": key}
    assert "example.com" not in str(shown)


def test_a_rate_that_no_gif_plays_is_shown_as_it_was_made() -> None:
    asked = Template(0, ImageFormat.GIF, width=640, height=-1, fps=Fraction(75))
    output = Output(TemplateUse(asked, Section(0, 1_000)))
    assert rendered(replace(WAITING, outputs=(output,)))["output_param"] == {
        "format": "gif",
        "width": 640,
        "height": -1,
        "start": 0,
        "end": 1_000,
        "frame_rate": 75,
    }
    fast = replace(MEDIA, video=(replace(MEDIA.video[0], fps=Fraction(120)),))
    image = StoredImage("out", "a.gif", 1, "0" * 32, 640, 360, 50, 1_000)
    made_output = output.succeed(plan_output(fast, asked, output.use.section, Limits()), image)
    claimed = replace(WAITING, outputs=(output,)).claim(WAITING.created_ms)
    shown = rendered(claimed.settle(1, fast, [made_output]).finish(1, WAITING.created_ms))
    assert shown["output_param"] == {
        "format": "gif",
        "width": 640,
        "height": 360,
        "start": 0,
        "end": 1_000,
        "frame_rate": 50,
    }
    assert shown["requested"] == {"width": 640, "height": -1, "start": 0, "end": 1_000, "frame_rate": 75}


@pytest.mark.parametrize("code", ErrorCode)
def test_a_failed_task_says_why(code: ErrorCode) -> None:
    shown = rendered(WAITING.refuse(Failure(code, "Because.")))
    assert (shown["status"], shown["error_code"], shown["description"]) == ("FAILED", CODES[code], "Because.")


def test_a_canceled_task_has_no_error() -> None:
    shown = rendered(WAITING.cancel(WAITING.created_ms))
    assert (shown["status"], shown["description"]) == ("CANCELED", "The task was canceled.")
    assert "error_code" not in shown


def test_the_description_names_the_outputs_that_failed() -> None:
    claimed = WAITING.claim(WAITING.created_ms)
    webp, gif = claimed.outputs
    failed = webp.fail(Failure(ErrorCode.LIMIT_EXCEEDED, "Too large."))
    task = claimed.settle(1, MEDIA, [failed, made(gif, 2)]).finish(1, WAITING.created_ms)
    assert rendered(task)["description"] == ("The task has completed, but 1 of 2 outputs failed: 21001: Too large.")


@pytest.mark.parametrize("code", ErrorCode)
def test_every_error_has_the_vendors_code(code: ErrorCode) -> None:
    reply = encode_error(CliploopError(code, "Sentence."))
    assert reply.body == {"error_code": CODES[code], "error_msg": "Sentence."}
    assert CODES[code].startswith("APIGW." if code is ErrorCode.QUOTA_EXCEEDED else "MPC.")


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (ErrorCode.PROJECT_UNKNOWN, 403),
        (ErrorCode.BUCKET_UNKNOWN, 403),
        (ErrorCode.TASK_NOT_CANCELABLE, 403),
        (ErrorCode.SOURCE_NOT_FOUND, 400),
        (ErrorCode.TASK_NOT_FOUND, 400),
        (ErrorCode.INTERNAL, 500),
    ],
)
def test_a_status_is_that_of_the_vendors_code(code: ErrorCode, status: int) -> None:
    assert encode_error(CliploopError(code, "Sentence.")).status == status


def test_a_passing_fault_is_a_503() -> None:
    assert encode_error(CliploopError(ErrorCode.UNAVAILABLE, "busy", retryable=True)).status == 503
