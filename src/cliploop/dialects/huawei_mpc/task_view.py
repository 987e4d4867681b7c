"""A task as the vendor's list shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from cliploop.dialects.huawei_mpc.errors import CODES
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.output import Output, OutputState
from cliploop.domain.plan import OutputPlan
from cliploop.domain.task import Task, TaskState
from cliploop.domain.template import ImageFormat

#: Moments, as the vendor writes them.
TIME = "%Y%m%d%H%M%S"


def task_fields(task: Task, region: str) -> dict[str, Any]:
    """The task; ``region`` is what the vendor calls a location."""
    shown = _shown_first(task.outputs)
    fields: dict[str, Any] = {
        "task_id": str(task.task_id),
        "status": task.state.value,
        "create_time": _stamp(task.created_ms),
        "start_time": _stamp(task.started_ms),
        "end_time": _stamp(task.ended_ms),
        "error_code": CODES[task.failure.code] if task.state is TaskState.FAILED and task.failure else None,
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
    parts = {"output": _place(output, region), "output_param": _output_param(output)}
    if output.applied:
        parts |= {"requested": _requested(output), "applied": _applied(output.applied)}
    return _present(parts)


def _place(output: Output, region: str) -> dict[str, str] | None:
    """Where the image lies, or is to lie: only what its caller chose is known before."""
    key = output.image.key if output.image else output.destination
    if not key:
        return None
    folder, slash, name = key.rpartition("/")
    bucket = {"bucket": output.image.bucket} if output.image else {}
    return {**bucket, "location": region, "object": folder + slash, "file_name": name}


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
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime(TIME) if milliseconds else None


def _present(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
