"""Events in Tencent VOD's words, without the handle that only its queue adds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cliploop.dialects.tencent_vod.media import basic_info
from cliploop.dialects.tencent_vod.procedure_task import RenderTask, file_id_text
from cliploop.domain.addresses import Addresses
from cliploop.domain.identity import render_vod_task_id
from cliploop.domain.notification import EventKind, Notification
from cliploop.domain.project import Project
from cliploop.domain.source_file import SourceFile

Json = dict[str, Any]


@dataclass(frozen=True)
class EncodeNotification:
    """Renders notifications for one project."""

    project: Project
    addresses: Addresses

    def __call__(self, notification: Notification) -> Mapping[str, Any]:
        """The event's JSON, null fields omitted as in the vendor's examples."""
        return {
            "EventType": notification.kind.value,
            **self._content(notification),
            "DeliveryId": notification.delivery_id,
        }

    def _content(self, notification: Notification) -> Json:
        subject, render = notification.subject, RenderTask(self.project, self.addresses, with_additions=True)
        if isinstance(subject, SourceFile):
            return {"FileUploadEvent": self._file_upload(subject)}
        if notification.kind is EventKind.PULL_COMPLETE:
            return {"PullCompleteEvent": render.pull_upload(subject)}
        return {"ProcedureStateChangeEvent": render.procedure(subject)}

    def _file_upload(self, file: SourceFile) -> Json:
        task_id = file.procedure_task_id
        return {
            "FileId": file_id_text(file.file_id),
            "MediaBasicInfo": basic_info(file, self.addresses),
            "ProcedureTaskId": render_vod_task_id(self.project.app_id, task_id) if task_id else "",
            "ReviewAudioVideoTaskId": "",
        }
