"""A task in the words of Tencent VOD's ``ProcedureStateChanged`` (docs/compatibility.md lists what differs)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Any

from cliploop.dialects.tencent_vod.errors import SUBTASK_CODES, numeric_code
from cliploop.domain.addresses import Addresses
from cliploop.domain.errors import Failure
from cliploop.domain.identity import render_vod_task_id
from cliploop.domain.media import AudioStream, MediaInfo, VideoStream
from cliploop.domain.notification import Notification
from cliploop.domain.plan import OutputPlan
from cliploop.domain.procedure import TemplateUse
from cliploop.domain.project import Project
from cliploop.domain.task import Output, OutputState, StoredImage, Task, TaskState

Json = dict[str, Any]

EVENT_TYPE = "ProcedureStateChanged"

_STATES = {
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


@dataclass(frozen=True)
class EncodeNotification:
    """Renders notifications for one project."""

    project: Project
    addresses: Addresses

    def __call__(self, notification: Notification) -> Mapping[str, Any]:
        """The event's JSON, null fields omitted as in the vendor's examples."""
        event: Json = {
            "EventType": EVENT_TYPE,
            "ProcedureStateChangeEvent": self._procedure_task(notification.task),
            "DeliveryId": notification.delivery_id,
        }
        return {name: _without_nulls(field) for name, field in event.items()}

    def _procedure_task(self, task: Task) -> Json:
        failure = task.failure
        return {
            "TaskId": render_vod_task_id(self.project.app_id, task.task_id),
            "Status": _STATES[task.state],
            **_error_fields(failure, extended=False),
            "FileId": str(task.file_id),
            "FileName": PurePosixPath(task.source.key).name,
            "FileUrl": self.addresses.of_source(task.source),
            "MetaData": _metadata(task.media) if task.media else None,
            "MediaProcessResultSet": [self._result(task, output) for output in task.outputs],
            "TasksPriority": task.priority,
            "TasksNotifyMode": task.notify_mode.value,
            "SessionContext": task.session_context,
            "SessionId": task.session_id,
        }

    def _result(self, task: Task, output: Output) -> Json:
        done = output.state is OutputState.SUCCEED
        return {
            "Type": "AnimatedGraphics",
            "AnimatedGraphicTask": {
                "Status": _SUBTASK_STATES[output.state],
                **_error_fields(output.failure, extended=True),
                "Progress": 100 if done else 0,
                "Input": {
                    "Definition": output.use.template.definition,
                    "StartTimeOffset": _seconds(output.use.section.start_ms),
                    "EndTimeOffset": _seconds(output.use.section.end_ms),
                },
                "Output": self._output(output, output.applied, output.image)
                if output.applied and output.image
                else None,
                "Requested": _requested(output.use) if output.applied else None,
                "Applied": _applied(output.applied) if output.applied else None,
                "BeginProcessTime": _iso(task.started_ms),
                "FinishTime": _iso(task.ended_ms),
            },
        }

    def _output(self, output: Output, applied: OutputPlan, image: StoredImage) -> Json:
        return {
            "Url": self.addresses.of_image(image),
            "Definition": output.use.template.definition,
            "Container": applied.format.value,
            "Height": image.height,
            "Width": image.width,
            "Bitrate": image.bitrate,
            "Size": image.size,
            "Md5": image.md5,
            "StartTimeOffset": _seconds(applied.section.start_ms),
            "EndTimeOffset": _seconds(applied.section.end_ms),
        }


def _requested(use: TemplateUse) -> Json:
    return {
        "Width": use.template.width,
        "Height": use.template.height,
        "Fps": _exact(use.template.fps),
        "StartTimeOffset": _seconds(use.section.start_ms),
        "EndTimeOffset": _seconds(use.section.end_ms),
    }


def _applied(plan: OutputPlan) -> Json:
    return {
        "Width": plan.width,
        "Height": plan.height,
        "Fps": _exact(plan.rate),
        "StartTimeOffset": _seconds(plan.section.start_ms),
        "EndTimeOffset": _seconds(plan.section.end_ms),
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


def _metadata(media: MediaInfo) -> Json:
    main = media.main_video
    seconds = _seconds(media.duration_ms)
    return {
        "AudioDuration": seconds if media.audio else 0,
        "AudioStreamSet": [_audio(stream) for stream in media.audio],
        "Bitrate": media.bitrate,
        "Container": media.container,
        "Duration": seconds,
        "Height": main.height if main else 0,
        "Rotate": main.rotation if main else 0,
        "Size": media.size,
        "VideoDuration": seconds if media.video else 0,
        "VideoStreamSet": [_video(stream) for stream in media.video],
        "Width": main.width if main else 0,
    }


def _video(stream: VideoStream) -> Json:
    return {
        "Bitrate": stream.bitrate,
        "Codec": stream.codec,
        "Fps": round(stream.fps),
        "Height": stream.height,
        "Width": stream.width,
        # The vendor: "valid only if Codec is hevc".
        "CodecTag": stream.codec_tag if stream.codec == "hevc" else None,
    }


def _audio(stream: AudioStream) -> Json:
    return {"Bitrate": stream.bitrate, "Codec": stream.codec, "SamplingRate": stream.sampling_rate}


def _seconds(milliseconds: int) -> float | int:
    seconds = milliseconds / 1000
    return int(seconds) if seconds.is_integer() else seconds


def _iso(milliseconds: int) -> str | None:
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}" if milliseconds else None


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(field) for name, field in value.items() if field is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value
