"""A task as a DynamoDB item and back. The keys and indexes are those of docs/adr/0002."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from cliploop.adapters.count_tree import DAY
from cliploop.adapters.task_counts import second_of
from cliploop.domain.color import Color
from cliploop.domain.errors import ErrorCode, Failure
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.media import AudioStream, MediaInfo, VideoStream
from cliploop.domain.output import Output, OutputState, StoredImage
from cliploop.domain.plan import OutputPlan
from cliploop.domain.procedure import NotifyMode, TemplateUse
from cliploop.domain.quota import NO_DEMAND, Demand
from cliploop.domain.section import AppliedSection, Section
from cliploop.domain.task import Task, TaskState
from cliploop.domain.template import GifTuning, ImageFormat, Template

Item = dict[str, Any]

#: The shape that rows are written in; a reader of a later release knows by it what it has before it.
ROW_SHAPE = 1
SORT_KEY = "task"

_serializer = TypeSerializer()
_deserializer = TypeDeserializer()


def row_key(project_id: str, task_id: int) -> Item:
    """The table key of a task's row, as DynamoDB's API takes it."""
    return {"pk": {"S": f"{project_id}#task#{task_id}"}, "sk": {"S": SORT_KEY}}


def created_key(created_ms: int, task_id: int | str) -> str:
    """The sort key of both list indexes: creation time first, then the id, as text that sorts like the numbers."""
    return f"{created_ms:013d}#{task_id}"


def created_partition(project_id: str, day: str) -> str:
    """The partition of ``by_created`` that holds the tasks created on ``day``."""
    return f"{project_id}#{day}"


def state_partition(project_id: str, state: TaskState, day: str) -> str:
    """The partition of ``by_state`` that holds the tasks created on ``day`` that ended in ``state``."""
    return f"{project_id}#{state}#{day}"


def task_to_item(task: Task, expires_at_s: int) -> Item:
    """The item of a task, which lives until ``expires_at_s`` (UNIX seconds)."""
    day = second_of(task.created_ms)[:DAY]
    row: Item = {
        "shape": ROW_SHAPE,
        "expires_at": expires_at_s,
        "created_day": created_partition(task.project_id, day),
        "created_key": created_key(task.created_ms, task.task_id),
        **_task_fields(task),
    }
    if task.state.is_final:
        row["state_day"] = state_partition(task.project_id, task.state, day)
    if task.due_at_ms:
        row |= {"due_project": task.project_id, "due_at": task.due_at_ms}
    return row_key(task.project_id, task.task_id) | {
        name: _serializer.serialize(value) for name, value in row.items() if value is not None
    }


def is_task_row(keys: Mapping[str, Any]) -> bool:
    """Whether an item with these keys is a task's row, and not a count."""
    return bool(keys["sk"]["S"] == SORT_KEY)


def item_to_task(item: Mapping[str, Any]) -> Task:
    """The task of an item, as it comes from the table or its stream."""
    row = {name: _deserializer.deserialize(value) for name, value in item.items()}
    return Task(
        project_id=row["project_id"],
        task_id=int(row["task_id"]),
        file_id=int(row["file_id"]),
        source=ObjectVersion(**row["source"]),
        procedure=row["procedure"],
        outputs=tuple(_output(output) for output in row["outputs"]),
        notify_mode=NotifyMode(row["notify_mode"]),
        media=_media(row.get("media")),
        failure=_failure(row.get("failure")),
        state=TaskState(row["state"]),
        due_at_ms=int(row.get("due_at", 0)),
        pull_told=row.get("pull_told", False),
        demand=Demand(**_whole(row["demand"])) if "demand" in row else NO_DEMAND,
        **_plain(row),
    )


#: Fields of a task that are text and mostly empty; then the row does without them.
_TEXTS = ("session_context", "session_id", "name", "origin", "source_context", "application", "callback_url")
#: Fields of a task that are plain numbers, stored under their own names.
_NUMBERS = (
    "created_ms",
    "priority",
    "started_ms",
    "ended_ms",
    "attempt",
    "lease_until_ms",
    "winner",
    "revision",
    "row_version",
)
#: Likewise, but mostly 0; then the row does without them.
_RARE_NUMBERS = ("attempts_before",)


def _plain(row: Item) -> Item:
    numbers = {name: int(row[name]) for name in _NUMBERS} | {name: int(row.get(name, 0)) for name in _RARE_NUMBERS}
    return {name: row.get(name, "") for name in _TEXTS} | numbers


def _task_fields(task: Task) -> Item:
    return {
        "project_id": task.project_id,
        "task_id": task.task_id,
        "file_id": task.file_id,
        "source": vars(task.source),
        "procedure": task.procedure,
        "outputs": [_output_row(output) for output in task.outputs],
        "notify_mode": task.notify_mode.value,
        "media": _media_row(task.media),
        "failure": _failure_row(task.failure),
        "state": task.state.value,
        "demand": None if task.demand == NO_DEMAND else vars(task.demand),
        "pull_told": task.pull_told or None,
        **{name: getattr(task, name) or None for name in (*_TEXTS, *_RARE_NUMBERS)},
        **{name: getattr(task, name) for name in _NUMBERS},
    }


def _output_row(output: Output) -> Item:
    row = {
        "template": _template_row(output.use.template),
        "section": _fields_of(output.use.section),
        "state": output.state.value,
        "applied": _plan_row(output.applied),
        "image": vars(output.image) if output.image else None,
        "failure": _failure_row(output.failure),
        "destination": output.destination or None,
    }
    return _present(row)


def _output(row: Item) -> Output:
    image = row.get("image")
    return Output(
        use=TemplateUse(_template(row["template"]), Section(**_whole(row["section"]))),
        state=OutputState(row["state"]),
        applied=_plan(row.get("applied")),
        image=StoredImage(**_whole(image)) if image else None,
        failure=_failure(row.get("failure")),
        destination=row.get("destination", ""),
    )


def _template_row(template: Template) -> Item:
    # Nothing about a task depends on its template's name.
    return _fields_of(replace(template, name="")) | _gif_row(template.gif)


def _template(row: Item) -> Template:
    parts = {"format": ImageFormat(row["format"]), "fps": Fraction(row["fps"]), "gif": _gif(row)}
    return Template(**_whole(row) | parts)


def _gif_row(gif: GifTuning | None) -> Item:
    return {} if gif is None else {"gif": _present(vars(gif))}


def _gif(row: Item) -> GifTuning | None:
    return GifTuning(**_whole(row["gif"])) if "gif" in row else None


def _plan_row(plan: OutputPlan | None) -> Item | None:
    if plan is None:
        return None
    parts = {"section": _fields_of(plan.section), "color": _fields_of(plan.color)}
    return _fields_of(plan) | parts | _gif_row(plan.gif)


def _plan(row: Item | None) -> OutputPlan | None:
    if not row:
        return None
    parts = {
        "format": ImageFormat(row["format"]),
        "section": AppliedSection(**_whole(row["section"])),
        "rate": Fraction(row["rate"]),
        "color": Color(**row.get("color", {"assumed": True})),
        "gif": _gif(row),
    }
    return OutputPlan(**_whole(row) | parts)


def _media_row(media: MediaInfo | None) -> Item | None:
    if media is None:
        return None
    return vars(media) | {
        "video": [_fields_of(stream) for stream in media.video],
        "audio": [_fields_of(stream) for stream in media.audio],
    }


def _media(row: Item | None) -> MediaInfo | None:
    if not row:
        return None
    streams = {
        "video": tuple(_video(stream) for stream in row["video"]),
        "audio": tuple(AudioStream(**_whole(stream)) for stream in row["audio"]),
    }
    return MediaInfo(**_whole(row) | streams)


def _video(row: Item) -> VideoStream:
    fractions: Item = {name: Fraction(row.get(name, 0)) for name in ("fps", "pixel_aspect", "tick_rate")}
    return VideoStream(**_whole(row) | fractions)


def _failure_row(failure: Failure | None) -> Item | None:
    return None if failure is None else {"code": failure.code.value, "message": failure.message}


def _failure(row: Item | None) -> Failure | None:
    return Failure(ErrorCode(row["code"]), row["message"]) if row else None


def _fields_of(value: Any) -> Item:
    """The fields of a frozen value; exact rates as text, such as 30000/1001, and formats by their value.

    What is empty and is so by default is left out: a row must not grow past a kilobyte for a dozen zeros.
    """
    return {
        field.name: str(content) if isinstance(content, Fraction | ImageFormat) else content
        for field in fields(value)
        if (content := getattr(value, field.name)) or field.default is MISSING or field.default
    }


def _present(row: Item) -> Item:
    return {name: value for name, value in row.items() if value is not None}


def _whole(row: Item) -> Item:
    """The row with DynamoDB's decimals as the integers that they were."""
    return {name: int(value) if isinstance(value, Decimal) else value for name, value in row.items()}
