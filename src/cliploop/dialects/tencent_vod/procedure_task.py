"""A task in the words of Tencent VOD, which counts fetching a source and processing it as two tasks of two types.

docs/compatibility.md lists what differs.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Any

from cliploop.dialects.tencent_vod.errors import SUBTASK_CODES, numeric_code
from cliploop.dialects.tencent_vod.media import basic_info, image, metadata, source_info
from cliploop.dialects.tencent_vod.times import iso, seconds
from cliploop.domain.addresses import Addresses
from cliploop.domain.errors import Failure
from cliploop.domain.identity import VodTaskType, render_vod_task_id
from cliploop.domain.output import Output, OutputState
from cliploop.domain.plan import OutputPlan
from cliploop.domain.procedure import TemplateUse
from cliploop.domain.project import Project
from cliploop.domain.source_file import SourceFile
from cliploop.domain.task import Task, TaskState

Json = dict[str, Any]

#: Fields that the vendor's models do not have.
ADDED = frozenset({"Requested", "Applied", "DeliveryId"})

STATES = {
    TaskState.INIT: "WAITING",
    TaskState.WAITING: "WAITING",
    TaskState.PROCESSING: "PROCESSING",
    TaskState.SUCCEED: "FINISH",
    TaskState.FAILED: "FINISH",
    TaskState.CANCELED: "ABORTED",
}
_SUBTASK_STATES = {
    OutputState.WAITING: "PROCESSING",
    OutputState.SUCCEED: "SUCCESS",
    OutputState.FAILED: "FAIL",
}


def type_of(task: Task) -> VodTaskType:
    """The type under which a list shows a task: that of its work, or of its fetching where that was all."""
    return VodTaskType.PULL_UPLOAD if task.origin and not task.outputs else VodTaskType.PROCEDURE


def pull_state(task: Task) -> str:
    """How far the fetching of a task's source is; what comes after it does not count."""
    if task.file_id or task.state is TaskState.FAILED:
        return "FINISH"
    if task.state is TaskState.INIT and task.attempt:
        return "PROCESSING"
    return STATES[task.state]


@dataclass(frozen=True)
class RenderTask:
    """Renders tasks of one project, without null fields as in the vendor's examples.

    Attributes:
        with_additions: whether ``ADDED`` is shown: to callbacks and the bus, but not to the vendor's clients, whose
            models warn of fields that they do not know.
    """

    project: Project
    addresses: Addresses
    with_additions: bool = False

    def procedure(self, task: Task) -> Json:
        """``ProcedureTask``."""
        return {
            "TaskId": render_vod_task_id(self.project.app_id, task.task_id),
            "Status": STATES[task.state],
            **_error_fields(task.failure, extended=False),
            "FileId": file_id_text(task.file_id),
            "FileName": _name(task),
            "FileUrl": self._file_url(task),
            **({"MetaData": metadata(task.media)} if task.media else {}),
            "MediaProcessResultSet": [self._result(task, output) for output in task.outputs],
            "TasksPriority": task.priority,
            "TasksNotifyMode": task.notify_mode.value,
            "SessionContext": task.session_context,
            "SessionId": task.session_id,
        }

    def pull_upload(self, task: Task, file: SourceFile | None = None) -> Json:
        """``PullUploadTask`` of a task whose source was to be fetched; ``file`` is what became of it, where known."""
        fetched = task.file_id != 0
        return {
            "TaskId": render_vod_task_id(self.project.app_id, task.task_id, VodTaskType.PULL_UPLOAD),
            "Status": pull_state(task),
            **_error_fields(None if fetched else task.failure, extended=False),
            "FileId": file_id_text(task.file_id),
            **({"MediaBasicInfo": self._basic_info(task, file)} if fetched else {}),
            **({"MetaData": metadata(task.media)} if task.media else {}),
            "FileUrl": self._file_url(task),
            "ProcedureTaskId": render_vod_task_id(self.project.app_id, task.task_id) if task.outputs else "",
            "ReviewAudioVideoTaskId": "",
            "SessionContext": task.session_context,
            "SessionId": task.session_id,
            "Progress": 100 if fetched else 0,
        }

    def _basic_info(self, task: Task, file: SourceFile | None) -> Json:
        if file is not None:
            return basic_info(file, self.addresses)
        return source_info(task.source, _name(task), task.source_context, self.addresses)

    def _file_url(self, task: Task) -> str:
        return self.addresses.of_source(task.source) if task.file_id else ""

    def _result(self, task: Task, output: Output) -> Json:
        stored = image(output, self.addresses)
        result = {
            "Status": _SUBTASK_STATES[output.state],
            **_error_fields(output.failure, extended=True),
            "Progress": 100 if output.state is OutputState.SUCCEED else 0,
            "Input": {
                "Definition": output.use.template.definition,
                "StartTimeOffset": seconds(output.use.section.start_ms),
                "EndTimeOffset": seconds(output.use.section.end_ms),
            },
            "Output": stored,
            **(_additions(output) if self.with_additions else {}),
            "BeginProcessTime": iso(task.started_ms) or None,
            "FinishTime": iso(task.ended_ms) or None,
        }
        given = {name: field for name, field in result.items() if field is not None}
        return {"Type": "AnimatedGraphics", "AnimatedGraphicTask": given}


def file_id_text(file_id: int) -> str:
    """A file's id; empty for 0, which is none."""
    return str(file_id) if file_id else ""


def _name(task: Task) -> str:
    """What the caller calls the source. A source that was not fetched yet has a key that says nothing."""
    return task.name or (PurePosixPath(task.source.key).name if task.file_id else "")


def _additions(output: Output) -> Json:
    if output.applied is None:
        return {}
    return {"Requested": _requested(output.use), "Applied": _applied(output.applied)}


def _requested(use: TemplateUse) -> Json:
    return {
        "Width": use.template.width,
        "Height": use.template.height,
        "Fps": _exact(use.template.fps),
        "StartTimeOffset": seconds(use.section.start_ms),
        "EndTimeOffset": seconds(use.section.end_ms),
    }


def _applied(plan: OutputPlan) -> Json:
    return {
        "Width": plan.width,
        "Height": plan.height,
        "Fps": _exact(plan.rate),
        "StartTimeOffset": seconds(plan.section.start_ms),
        "EndTimeOffset": seconds(plan.section.end_ms),
        "Frames": plan.frames,
        "Color": str(plan.color),
        "CutOff": plan.is_cut,
    }


def _exact(rate: Fraction) -> float | int:
    return int(rate) if rate.denominator == 1 else round(float(rate), 3)


def _error_fields(failure: Failure | None, *, extended: bool) -> Json:
    code = SUBTASK_CODES[failure.code] if failure else ""
    fields: Json = {"ErrCode": numeric_code(code) if code else 0, "Message": failure.message if failure else ""}
    return {"ErrCodeExt": code, **fields} if extended else fields
