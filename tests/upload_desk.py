"""Everything that uploads need, in memory."""

from __future__ import annotations

from dataclasses import dataclass, field

from cliploop.application.manage_uploads import Granted, ManageUploads
from cliploop.application.register_file import RegisterFile
from cliploop.application.start_task import StartTask
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.project import Project
from cliploop.domain.task import Task
from cliploop.domain.upload import UploadOrder
from cliploop.domain.web_address import AllowedTargets
from cliploop.testing import InMemoryCatalog, InMemoryFiles, InMemoryTasks, InMemoryWorkQueue, SettableClock
from cliploop.testing.in_memory_uploads import (
    InMemoryUploadedVersions,
    InMemoryUploadGrants,
    InMemoryUploadSessions,
)

PROJECT = Project("0" * 32, 7)


@dataclass
class UploadDesk:
    """The uploads of one project."""

    clock: SettableClock = field(default_factory=SettableClock)
    catalog: InMemoryCatalog = field(default_factory=InMemoryCatalog)
    files: InMemoryFiles = field(default_factory=InMemoryFiles)
    tasks: InMemoryTasks = field(default_factory=InMemoryTasks)
    work: InMemoryWorkQueue = field(default_factory=InMemoryWorkQueue)
    sessions: InMemoryUploadSessions = field(default_factory=InMemoryUploadSessions)
    versions: InMemoryUploadedVersions = field(default_factory=InMemoryUploadedVersions)
    grants: InMemoryUploadGrants = field(init=False)

    def __post_init__(self) -> None:
        self.grants = InMemoryUploadGrants(self.clock)

    @property
    def uploads(self) -> ManageUploads:
        return ManageUploads(
            bucket="uploads",
            region="eu-north-1",
            sessions=self.sessions,
            grants=self.grants,
            versions=self.versions,
            register=RegisterFile(self.catalog, self.files, self.tasks, self.work, self.clock),
            clock=self.clock,
        )

    @property
    def start(self) -> StartTask:
        return StartTask(
            catalog=self.catalog,
            files=self.files,
            tasks=self.tasks,
            work=self.work,
            clock=self.clock,
            upload_bucket="uploads",
            output_bucket="outputs",
            versions=self.versions,
            allowed=AllowedTargets(),
        )

    def applied(self, order: UploadOrder) -> Granted:
        """An upload that was applied for."""
        return self.uploads.apply(PROJECT, order, "mp4")

    def put(self, granted: Granted, version_id: str = "v1", size: int = 9) -> ObjectVersion:
        """The object comes to be where it was granted."""
        source = ObjectVersion(granted.bucket, granted.key, version_id)
        self.versions.put(source, size)
        return source

    @property
    def only(self) -> Task:
        (task,) = self.tasks.rows.values()
        return task
