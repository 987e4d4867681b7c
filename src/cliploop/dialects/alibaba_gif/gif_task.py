"""A task in the vendor's words, of which each has one result: its GIF. What else was made is shown beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from cliploop.dialects.alibaba_gif.task_errors import TASK_CODES
from cliploop.domain.addresses import Addresses
from cliploop.domain.errors import Failure
from cliploop.domain.output import Output, OutputState
from cliploop.domain.task import Task, TaskState
from cliploop.domain.template import ImageFormat

Json = dict[str, Any]

#: ``Status``: being submitted, at work, succeeded, failed.
STATUSES = {
    TaskState.INIT: 0,
    TaskState.WAITING: 0,
    TaskState.PROCESSING: 1,
    TaskState.SUCCEED: 2,
    TaskState.FAILED: 3,
    TaskState.CANCELED: 3,
}
_OUTPUT_STATUSES = {OutputState.WAITING: 1, OutputState.SUCCEED: 2, OutputState.FAILED: 3}


@dataclass(frozen=True)
class RenderTask:
    """Renders tasks, whichever vendor's client started them, or an upload."""

    addresses: Addresses

    def result(self, task: Task) -> Json:
        """``Result``: what the vendor documents, and ``Outputs``, which is ours."""
        return {
            **self._source(task),
            "AnalysisUseTime": _seconds_used(task),
            "ProcessResultUrl": self._result_url(task),
            **_error(task),
            "Outputs": [self._output(task, output) for output in task.outputs],
        }

    def brief(self, task: Task) -> Json:
        """What ``ListTasks`` shows of a task, besides its moment."""
        shown = shown_output(task)
        template = shown.use.template if shown else None
        return {
            "TaskId": task.task_id,
            "Status": STATUSES[task.state],
            **self._source(task),
            "ApplicationName": task.application,
            "ProcessResultUrl": self._result_url(task),
            "ProcessingDuration": _seconds_used(task),
            **_error(task),
            **({"Template": {"Id": str(template.definition), "Name": template.name}} if template else {}),
        }

    def _source(self, task: Task) -> Json:
        # A query may be a key to the source, which a row keeps no longer than it needs it.
        origin = task.origin.partition("?")[0]
        return {
            "VideoName": task.name or PurePosixPath(task.source.key).name,
            "VideoUrl": origin or self.addresses.of_source(task.source),
            "ApplicationId": task.application,
        }

    def _result_url(self, task: Task) -> str:
        shown = shown_output(task)
        return self._url(shown) if shown else ""

    def _url(self, output: Output) -> str:
        return self.addresses.of_image(output.image) if output.image else ""

    def _output(self, task: Task, output: Output) -> Json:
        image = output.image
        return {
            "TemplateId": str(output.use.template.definition),
            "Format": output.use.template.format.value,
            "Status": _OUTPUT_STATUSES[output.state] if task.started_ms or task.state.is_final else 0,
            "Url": self._url(output),
            "Width": image.width if image else 0,
            "Height": image.height if image else 0,
            "Frames": image.frames if image else 0,
            "Duration": image.duration_ms if image else 0,
            "Size": image.size if image else 0,
            "Md5": image.md5 if image else "",
            **_error_fields(output.failure),
        }


def shown_output(task: Task) -> Output | None:
    """The one that is the task's result: its first GIF, else its first of all; None where it has none."""
    gifs = (output for output in task.outputs if output.use.template.format is ImageFormat.GIF)
    return next(gifs, None) or next(iter(task.outputs), None)


def _error(task: Task) -> Json:
    """Of the task, or of the output that is shown where others went well."""
    shown = shown_output(task)
    return _error_fields(task.failure or (shown.failure if shown and task.state.is_final else None))


def _error_fields(failure: Failure | None) -> Json:
    code, name = TASK_CODES[failure.code] if failure else ("", "")
    return {
        "ErrorCode": code,
        "ErrorName": name,
        "ErrorMessage": failure.message if failure else "",
        "ErrorReason": failure.code.value if failure else "",
    }


def _seconds_used(task: Task) -> int:
    """Whole seconds from the beginning of work to its end; 0 before, and where none was done."""
    return round((task.ended_ms - task.started_ms) / 1000) if task.started_ms and task.ended_ms else 0
