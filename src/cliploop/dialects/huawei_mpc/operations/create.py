"""Creating a task: an animated image of an object in the upload bucket."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from http import HTTPStatus
from typing import Any

from cliploop.application.start_task import StartOrder
from cliploop.dialects.fields import Choice, Field, Record, Support, Text
from cliploop.dialects.huawei_mpc.errors import (
    INVALID_PARAMETER,
    INVALID_PATH,
    NO_INPUT,
    NO_SUCH_API,
    NOT_AUTHENTICATED,
    SYSTEM_ERROR,
    TENANT_NOT_VERIFIED,
    THROTTLED,
    WRONG_METHOD,
    WRONG_TYPE,
)
from cliploop.dialects.huawei_mpc.operation import Call, Json, Operation, read_fields
from cliploop.dialects.huawei_mpc.request import body_fields
from cliploop.dialects.operation import ReplyField
from cliploop.dialects.ranged import Ranged
from cliploop.dialects.refusal import Refusal
from cliploop.dialects.use_cases import UseCases
from cliploop.domain.destination import MAX_KEY_BYTES, Destination
from cliploop.domain.errors import InvalidRequestError
from cliploop.domain.procedure import TemplateUse
from cliploop.domain.ranges import FOLLOWS, SOURCE, Numbers, OutputRanges
from cliploop.domain.section import Section
from cliploop.domain.template import ImageFormat, Template

#: The vendor's ranges ("Querying Animated GIF Tasks", table 7).
RANGES = OutputRanges(
    width=Numbers(32, 3_840, step=2, beside=(FOLLOWS, SOURCE)),
    height=Numbers(32, 2_160, step=2, beside=(FOLLOWS, SOURCE)),
    rate=Numbers(1, 75),
    longest_ms=60_000,
    pairs_zeros=True,
)
#: Milliseconds from the start of a source: about 24 days, as far as a 32-bit integer counts.
_MOMENTS = Numbers(0, 2**31 - 1)
#: The vendor names no limit; this is what a row keeps of a caller's own words.
_MOST_USER_DATA = 1_000


def _create(use: UseCases, call: Call) -> Json:
    values = read_fields(FIELDS, body_fields(call.request), textual=False)
    for path in ("input", "output"):
        _check_location(values[path], f"{path}.location", use.addresses.region)
    order = StartOrder(
        uses=(_use_of(values["output_param"]),),
        destination=_destination(values["output"]),
        session_context=values["user_data"],
        token=call.token,
    )
    try:
        task = use.start.of_object(call.project, values["input"]["bucket"], values["input"]["object"], order)
    except InvalidRequestError as error:  # the destination is all that can be wrong with a request by now
        raise Refusal(INVALID_PATH, error.caller_text) from error
    return {"task_id": str(task.task_id)}


def _use_of(asked: Mapping[str, Any]) -> TemplateUse:
    RANGES.check_size(asked["width"], asked["height"], names=("output_param.width", "output_param.height"))
    section = Section(asked["start"], asked["end"])
    RANGES.check_section(section, names=("output_param.start", "output_param.end"))
    template = Template(
        0,
        ImageFormat(asked["format"]),
        width=asked["width"],
        height=asked["height"],
        fps=Fraction(asked["frame_rate"]),
    )
    return TemplateUse(template, section)


def _destination(output: Mapping[str, Any] | None) -> Destination | None:
    return Destination(output["bucket"], output["object"], output["file_name"]) if output else None


def _check_location(place: Mapping[str, Any] | None, path: str, region: str) -> None:
    if place and place["location"] not in {"", region}:
        raise Refusal(
            INVALID_PATH, f"{path} is {place['location'][:64]!a}; the buckets of this stack are in {region}."
        )


def _place(*own: Field) -> Record:
    return Record(
        (
            Field("bucket", Text(63), "The bucket.", required=True),
            Field("location", Text(64), "Its region; that of the stack.", default=""),
            *own,
        )
    )


_OUTPUT_PARAM = Record(
    (
        Field(
            "format",
            Choice((ImageFormat.GIF.value,)),
            "The kind of file.",
            default=ImageFormat.GIF.value,
        ),
        *(
            Field(
                name,
                Ranged(numbers),
                f"Pixels. -1: in proportion to the {other}, which is neither -1 nor 0 then. 0: the source's {name};"
                f" the {other} is 0 as well.",
                required=True,
                support=Support.DIFFERS,
                note="never larger than the source; the list shows what was made",
            )
            for name, other, numbers in (("width", "height", RANGES.width), ("height", "width", RANGES.height))
        ),
        Field("start", Ranged(_MOMENTS), "Milliseconds into the source.", required=True),
        Field(
            "end",
            Ranged(_MOMENTS),
            f"Milliseconds into the source, at most {RANGES.longest_ms} after `start`.",
            required=True,
            support=Support.DIFFERS,
            note="where the source ends before, the image does as well; the list shows it",
        ),
        Field(
            "frame_rate",
            Ranged(RANGES.rate),
            "Frames a second.",
            required=True,
            support=Support.DIFFERS,
            note="over 50, which GIF players slow down, 50; never more than the source has. The list shows it",
        ),
    )
)

FIELDS = (
    Field(
        "input",
        _place(
            Field("object", Text(MAX_KEY_BYTES), "The source's key.", required=True),
            Field(
                "file_name",
                Text(180),
                "Means something for outputs only.",
                support=Support.IGNORED,
                note="as the vendor's document says",
            ),
        ),
        "The source: the newest version of an object in the upload bucket.",
        required=True,
    ),
    Field(
        "output",
        _place(
            Field(
                "object",
                Text(MAX_KEY_BYTES),
                "The folder, with or without a slash before and after it; empty: none.",
                default="",
            ),
            Field("file_name", Text(180), "The file's name in it; empty: `{task_id}.gif`.", default=""),
        ),
        "Where the image goes in the output bucket. Of two tasks of one place the one that was created later has it.",
        support=Support.DIFFERS,
        note="may be left out: the image goes where cliploop puts those of uploads. Nothing of anybody else's is"
        " replaced",
    ),
    Field("user_data", Text(_MOST_USER_DATA), "Handed back with the task.", default=""),
    Field("output_param", _OUTPUT_PARAM, "What to make.", required=True),
)

CREATE: Operation[UseCases] = Operation(
    name="CreateAnimatedGraphicsTask",
    method="POST",
    summary="Starts a task: an animated GIF of a part of a video.",
    fields=FIELDS,
    reply=(ReplyField("task_id", "The task's id, a number in decimal."),),
    # The vendor's own is not documented. Its table of status codes has this one for what was accepted and is not
    # done yet, and its client takes it for a success.
    status=HTTPStatus.ACCEPTED,
    codes=(
        INVALID_PARAMETER,
        NO_INPUT,
        SYSTEM_ERROR,
        WRONG_METHOD,
        WRONG_TYPE,
        TENANT_NOT_VERIFIED,
        INVALID_PATH,
        NO_SUCH_API,
        NOT_AUTHENTICATED,
        THROTTLED,
    ),
    answer=_create,
    is_once=True,
    never={
        "MPC.10056": "a frame rate that is out of range is MPC.10202; one that GIF cannot play is made playable",
        "MPC.10058": "a width that is out of range is MPC.10202",
        "MPC.10059": "a height that is out of range is MPC.10202",
        "MPC.10089": "no template is named in the request",
    },
)
