"""``CreateGifTask``: an animated image of the video at an address."""

from __future__ import annotations

from cliploop.application.start_task import StartOrder
from cliploop.dialects.alibaba_gif.action import Action, Json
from cliploop.dialects.alibaba_gif.errors import DOCUMENTED, NEVER, refusal_of, refused
from cliploop.dialects.fields import Field, Integer, Support, Text
from cliploop.dialects.operation import Call, ReplyField
from cliploop.dialects.use_cases import UseCases
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.media_fragment import section_of_fragment
from cliploop.domain.procedure import TemplateReference
from cliploop.domain.section import Section
from cliploop.domain.upload import MAX_NAME
from cliploop.domain.web_address import MAX_ADDRESS, literal_is_refused, read_web_address

#: What a moving cover shows where the address says nothing: as much as the procedure that uploads run by default.
_FIRST_SECONDS = Section(0, 5_000)


def _create(use: UseCases, call: Call) -> Json:
    project = call.project
    if project.application_ids and call["ApplicationId"] not in project.application_ids:
        raise refused(
            "ResourceNotFound", "ApplicationId", "The stack's parameter ApplicationIds lists those there are."
        )
    found, _ = use.templates.find(project.project_id, definitions=(call["TemplateId"],), kind=None, offset=0, limit=1)
    if not found:
        raise refused("ResourceNotFound", "TemplateId", "ListTemplates shows those there are.")
    # A fragment is for whoever shows the video and no part of what is asked for at the address (RFC 3986, 3.5).
    address, _, fragment = call["VideoUrl"].partition("#")
    section = section_of_fragment(fragment) or _FIRST_SECONDS
    order = StartOrder(
        references=(TemplateReference(call["TemplateId"], section),),
        name=call["VideoName"],
        application=call["ApplicationId"],
        callback_url=call["CallbackUrl"],
        token=call.token,
        exact_id=True,
    )
    try:
        task = use.start.of_address(project, address, order)
    except CliploopError as error:
        if error.code is ErrorCode.ADDRESS_REFUSED:
            raise refusal_of(error, _refused_one(use, address)) from error
        raise
    return {"TaskId": task.task_id, "Code": "OK"}


def _refused_one(use: UseCases, video: str) -> str:
    """Which of the two addresses was refused: the callback's, unless the video's is reason enough."""
    try:
        return "VideoUrl" if literal_is_refused(read_web_address(video), use.start.allowed) else "CallbackUrl"
    except CliploopError:
        return "VideoUrl"


_CREATE = Action(
    name="CreateGifTask",
    summary="Fetches the video at an address, and makes one animated image of it.",
    fields=(
        Field(
            "ApplicationId",
            Text(128),
            "The application that the task is for.",
            required=True,
            support=Support.DIFFERS,
            note="one of the stack's parameter `ApplicationIds`; any where that is empty",
        ),
        Field("VideoName", Text(MAX_NAME), "What the video is called.", required=True),
        Field(
            "VideoUrl",
            Text(MAX_ADDRESS),
            "Where the video is fetched from, on the public internet. `#t=START,END` behind it, in seconds, "
            "says which part is shown (a media fragment of W3C's, as `#t=2,5.5`, `#t=,5` or `#t=2`); without it the "
            "first five seconds are.",
            required=True,
            support=Support.DIFFERS,
            note="the vendor does not say which part it shows",
        ),
        Field(
            "TemplateId",
            Integer(),
            "The template's number; `ListTemplates` shows them.",
            required=True,
            support=Support.DIFFERS,
            note="the stack's templates, WebP included; the vendor's own numbers mean nothing here",
        ),
        Field(
            "CallbackUrl",
            Text(MAX_ADDRESS),
            "Who is told of the task's end, by the callback that stands at the end of this page.",
            default="",
            support=Support.DIFFERS,
            note="may be left out, as in the vendor's clients; its page says that it is required",
        ),
        Field(
            "Scales",
            Text(),
            "In the vendor's clients only.",
            default="",
            support=Support.IGNORED,
            note="the vendor documents neither its meaning nor its format",
        ),
    ),
    reply=(
        ReplyField("TaskId", "The task's number, below 2^53."),
        ReplyField("Code", "`OK`."),
    ),
    codes=tuple(DOCUMENTED),
    never=NEVER,
    mutates=True,
    answer=_create,
)

ACTIONS = (_CREATE,)
