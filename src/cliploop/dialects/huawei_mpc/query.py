"""``GET /v1/{project_id}/animated-graphics``: the query in, the page of tasks out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import parse_qs

from cliploop.domain.errors import InvalidRequestError
from cliploop.domain.identity import ObjectVersion, parse_decimal_task_id
from cliploop.domain.output import Output, OutputState
from cliploop.domain.plan import OutputPlan
from cliploop.domain.query import PageRequest, TaskFilter, TaskPage
from cliploop.domain.task import Task, TaskState
from cliploop.domain.template import ImageFormat

MAX_TASK_IDS = 10
PAGE_SIZES = range(1, 101)
_TIME = "%Y%m%d%H%M%S"
_TIME_DIGITS = 14
#: Pages are numbered within what a Java or Go client's int holds.
_MAX_PAGE = 2**31 - 1


@dataclass(frozen=True)
class ByIds:
    """Look these up; every other parameter is ignored, as the seed says."""

    task_ids: tuple[int, ...]


@dataclass(frozen=True)
class Matching:
    """List what matches."""

    where: TaskFilter
    page: PageRequest


def decode_query(query: str) -> ByIds | Matching:
    """Read a raw query string.

    Raises:
        InvalidRequestError: naming the parameter that is wrong.
    """
    parameters = parse_qs(query, keep_blank_values=True)
    ids = [part for value in parameters.get("task_id", []) for part in value.split(",")]
    if ids:
        return ByIds(_task_ids(ids))
    state = _single(parameters, "status")
    where = TaskFilter(
        state=_state(state) if state is not None else None,
        created_from_s=_time(parameters, "start_time"),
        created_to_s=_time(parameters, "end_time"),
    )
    if (where.created_from_s or 0) > (where.created_to_s or where.created_from_s or 0):
        raise InvalidRequestError("end_time", "end_time lies before start_time.")
    return Matching(where, _page(parameters))


def encode_page(page: TaskPage, region: str) -> dict[str, Any]:
    """The answer's body; ``region`` is what Huawei calls a location."""
    return {"total": page.total, "tasks": [_task(task, region) for task in page.tasks]}


def _task_ids(texts: Sequence[str]) -> tuple[int, ...]:
    if len(texts) > MAX_TASK_IDS:
        raise InvalidRequestError("task_id", f"task_id names {len(texts)} tasks; at most {MAX_TASK_IDS} fit.")
    ids = [parse_decimal_task_id(text) for text in texts]
    if None in ids:
        wrong = texts[ids.index(None)]
        raise InvalidRequestError("task_id", f"task_id {wrong!r} is not a task id: it is a positive whole number.")
    return tuple(task_id for task_id in ids if task_id is not None)


def _state(text: str) -> TaskState:
    if text not in set(TaskState):
        raise InvalidRequestError("status", f"status {text!r} is not one of {', '.join(TaskState)}.")
    return TaskState(text)


def _time(parameters: Mapping[str, Sequence[str]], name: str) -> int | None:
    text = _single(parameters, name)
    if text is None:
        return None
    if not (len(text) == _TIME_DIGITS and text.isascii() and text.isdecimal()):
        raise InvalidRequestError(name, f"{name} {text!r} is not yyyymmddhhmmss in UTC.")
    try:
        moment = datetime.strptime(text, _TIME).replace(tzinfo=UTC)
    except ValueError:
        raise InvalidRequestError(name, f"{name} {text!r} is not a moment: yyyymmddhhmmss in UTC.") from None
    return int(moment.timestamp())


def _page(parameters: Mapping[str, Sequence[str]]) -> PageRequest:
    number = _whole(parameters, "page", 0)
    size = _whole(parameters, "size", 10)
    if number > _MAX_PAGE:
        raise InvalidRequestError("page", f"page {number} is too large; the last one is {_MAX_PAGE}.")
    if size not in PAGE_SIZES:
        raise InvalidRequestError("size", f"size {size} is not from {PAGE_SIZES[0]} to {PAGE_SIZES[-1]}.")
    return PageRequest(number, size)


def _whole(parameters: Mapping[str, Sequence[str]], name: str, default: int) -> int:
    text = _single(parameters, name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 20):  # noqa: PLR2004  # no number that long is a page
        raise InvalidRequestError(name, f"{name} {text!r} is not a whole number of 0 or more.")
    return int(text)


def _single(parameters: Mapping[str, Sequence[str]], name: str) -> str | None:
    values = parameters.get(name, [])
    if len(values) > 1:
        raise InvalidRequestError(name, f"{name} is given {len(values)} times; once is enough.")
    return values[0] if values else None


def _task(task: Task, region: str) -> dict[str, Any]:
    shown = _shown_first(task.outputs)
    fields: dict[str, Any] = {
        "task_id": str(task.task_id),
        "status": task.state.value,
        "create_time": _stamp(task.created_ms),
        "start_time": _stamp(task.started_ms),
        "end_time": _stamp(task.ended_ms),
        "description": _description(task),
        "input": _source(task.source, region),
        "user_data": task.session_context or None,
    }
    if shown:
        fields |= _output(shown[0], region)
        fields["outputs"] = [_output(output, region) for output in shown] if len(shown) > 1 else None
    return _present(fields)


def _shown_first(outputs: Sequence[Output]) -> list[Output]:
    """The outputs, the first GIF first: this API knows one output a task, and it is a GIF."""
    return sorted(outputs, key=lambda output: output.use.template.format is not ImageFormat.GIF)


def _output(output: Output, region: str) -> dict[str, Any]:
    location = None
    if output.image:
        path = PurePosixPath(output.image.key)
        location = {
            "bucket": output.image.bucket,
            "location": region,
            "object": f"{path.parent}/",
            "file_name": path.name,
        }
    parts = {"output": location, "output_param": _output_param(output)}
    if output.applied:
        parts |= {"requested": _requested(output), "applied": _applied(output.applied)}
    return _present(parts)


def _output_param(output: Output) -> dict[str, Any]:
    """What was done where it was done, otherwise what was asked for."""
    template, section, applied = output.use.template, output.use.section, output.applied
    if applied is None:
        return {
            "format": template.format.value,
            "width": template.width,
            "height": template.height,
            "start": section.start_ms,
            "end": section.end_ms,
            "frame_rate": round(template.fps),
        }
    return {
        "format": applied.format.value,
        "width": applied.width,
        "height": applied.height,
        "start": applied.section.start_ms,
        "end": applied.section.end_ms,
        "frame_rate": round(applied.rate),
    }


def _requested(output: Output) -> dict[str, Any]:
    template, section = output.use.template, output.use.section
    return {
        "width": template.width,
        "height": template.height,
        "start": section.start_ms,
        "end": section.end_ms,
        "frame_rate": _exact(template.fps),
    }


def _applied(plan: OutputPlan) -> dict[str, Any]:
    return {
        "width": plan.width,
        "height": plan.height,
        "start": plan.section.start_ms,
        "end": plan.section.end_ms,
        "frame_rate": _exact(plan.rate),
        "frames": plan.frames,
        "color": str(plan.color),
        "cut_off": plan.is_cut,
    }


def _exact(rate: Fraction) -> int | float:
    return int(rate) if rate.denominator == 1 else round(float(rate), 3)


def _description(task: Task) -> str | None:
    if task.state is TaskState.SUCCEED:
        failed = [output for output in task.outputs if output.state is OutputState.FAILED and output.failure]
        if not failed:
            return "The task has completed."
        names = "; ".join(
            f"{output.use.template.definition}: {output.failure.message}" for output in failed if output.failure
        )
        return f"The task has completed, but {len(failed)} of {len(task.outputs)} outputs failed: {names}"
    return task.failure.message if task.failure else None


def _source(source: ObjectVersion, region: str) -> dict[str, str]:
    return {"bucket": source.bucket, "location": region, "object": source.key}


def _stamp(milliseconds: int) -> str | None:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime(_TIME) if milliseconds else None


def _present(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
