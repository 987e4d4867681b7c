from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import md5
from pathlib import Path

from cliploop.application.ports import (
    Beat,
    EncodedImage,
    Progress,
    Pulse,
    ReadableSource,
    RevisionConflictError,
    no_beat,
)
from cliploop.domain.deadline import Deadline
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.media import MediaInfo
from cliploop.domain.notification import Notification, TaskChange
from cliploop.domain.plan import OutputPlan
from cliploop.domain.query import PageRequest, TaskFilter, TaskPage
from cliploop.domain.quota import NO_DEMAND, NO_QUOTA, Demand, Quota
from cliploop.domain.task import Task
from cliploop.domain.template import ImageFormat


@dataclass
class SettableClock:
    """A clock that stands still until it is told otherwise."""

    at_ms: int = 1_700_000_000_000

    def now_ms(self) -> int:
        """See ``Clock``."""
        return self.at_ms

    def advance(self, milliseconds: int) -> None:
        """Let time pass."""
        self.at_ms += milliseconds


@dataclass
class InMemoryTasks:
    """``Tasks`` in a dictionary. ``changes`` is what the table's stream would carry."""

    rows: dict[tuple[str, int], Task] = field(default_factory=dict)
    changes: list[TaskChange] = field(default_factory=list)

    def add(self, task: Task, quota: Quota = NO_QUOTA) -> Task:
        """See ``Tasks``."""
        new = (task.project_id, task.task_id) not in self.rows
        if new and task.demand != NO_DEMAND and not quota.admits(task.demand, self.taken(task.project_id)):
            raise quota.refusal_of(task.demand)
        stored = self.rows.setdefault((task.project_id, task.task_id), task)
        if stored is task:
            self.changes.append(TaskChange(None, task))
        return stored

    def get(self, project_id: str, task_id: int) -> Task | None:
        """See ``Tasks``."""
        return self.rows.get((project_id, task_id))

    def replace(self, before: Task, after: Task) -> None:
        """See ``Tasks``."""
        stored = self.get(before.project_id, before.task_id)
        if stored is None or stored.revision != before.revision:
            raise RevisionConflictError
        self.rows[after.project_id, after.task_id] = after
        self.changes.append(TaskChange(stored, after))

    def retire(self, before: Task, after: Task) -> None:
        """See ``Tasks``. Counting is a matter of looking, here."""
        self.replace(before, after)

    def revive(self, before: Task, after: Task) -> None:
        """See ``Tasks``."""
        self.replace(before, after)

    def taken(self, project_id: str) -> Demand:
        """What is taken of a project's quota."""
        taken = NO_DEMAND
        for row in self.rows.values():
            taken = row.demand.added_to(taken) if row.project_id == project_id else taken
        return taken

    def get_many(self, project_id: str, task_ids: Sequence[int]) -> list[Task]:
        """See ``Tasks``."""
        rows = (self.get(project_id, task_id) for task_id in dict.fromkeys(task_ids))
        return [row for row in rows if row is not None]

    def list(self, project_id: str, where: TaskFilter, page: PageRequest) -> TaskPage:
        """See ``Tasks``."""
        found = [row for row in self.rows.values() if row.project_id == project_id and _matches(row, where)]
        found.sort(key=lambda row: (row.created_ms, str(row.task_id)), reverse=True)
        return TaskPage(len(found), tuple(found[page.offset : page.offset + page.size]))


def _matches(row: Task, where: TaskFilter) -> bool:
    return (
        (not where.states or row.state in where.states)
        and (where.created_from_s is None or row.created_ms // 1000 >= where.created_from_s)
        and (where.created_to_s is None or row.created_ms // 1000 <= where.created_to_s)
    )


@dataclass
class InMemorySources:
    """``Sources`` whose objects are files on the disk: what ``open`` gives is a path, which ffmpeg reads as well."""

    objects: dict[ObjectVersion, tuple[str, int]] = field(default_factory=dict)
    user_metadata: dict[ObjectVersion, Mapping[str, str]] = field(default_factory=dict)
    failures: dict[ObjectVersion, CliploopError] = field(default_factory=dict)

    def put(self, source: ObjectVersion, path: str, size: int, metadata: Mapping[str, str] | None = None) -> None:
        """Have an object version."""
        self.objects[source] = (path, size)
        self.user_metadata[source] = metadata or {}

    def metadata(self, source: ObjectVersion) -> Mapping[str, str]:
        """See ``Sources``."""
        self._must_exist(source)
        return self.user_metadata[source]

    def open(self, source: ObjectVersion) -> ReadableSource:
        """See ``Sources``."""
        self._must_exist(source)
        return ReadableSource(*self.objects[source])

    def _must_exist(self, source: ObjectVersion) -> None:
        if source in self.failures:
            raise self.failures[source]
        if source not in self.objects:
            raise CliploopError(ErrorCode.SOURCE_NOT_FOUND, "The uploaded object is not there any more.")


@dataclass
class InMemoryWorkQueue:
    """``WorkQueue`` in a list."""

    messages: list[tuple[str, int]] = field(default_factory=list)

    def send(self, project_id: str, task_id: int) -> None:
        """See ``WorkQueue``."""
        self.messages.append((project_id, task_id))


@dataclass
class InMemoryNotifications:
    """``Notifications`` in a list; deliveries whose id is in ``refused`` fail."""

    told: list[Notification] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)

    def publish(self, notifications: Sequence[Notification]) -> list[Notification]:
        """See ``Notifications``."""
        self.told += [notice for notice in notifications if notice.delivery_id not in self.refused]
        return [notice for notice in notifications if notice.delivery_id in self.refused]


@dataclass
class InMemoryProber:
    """``Prober`` that finds ``media`` in every source, or raises ``failure``."""

    media: MediaInfo
    failure: Exception | None = None

    def probe(self, source: ReadableSource, deadline: Deadline, beat: Beat = no_beat) -> MediaInfo:
        """See ``Prober``."""
        deadline.check()
        beat()
        if self.failure:
            raise self.failure
        return self.media


@dataclass
class InMemoryEncoder:
    """``Encoder`` whose images are a line of text each.

    ``during`` is called as work goes on: before each of the ``pulses`` but the first.
    """

    failures: dict[ImageFormat, CliploopError] = field(default_factory=dict)
    during: Callable[[], None] = lambda: None
    cut_after: int | None = None
    runs: int = 0
    pulses: int = 2

    def encode(
        self,
        source: ReadableSource,
        media: MediaInfo,
        plans: Sequence[OutputPlan],
        *,
        scratch: Path,
        deadline: Deadline,
        pulse: Pulse,
    ) -> list[EncodedImage | CliploopError]:
        """See ``Encoder``."""
        self.runs += 1
        deadline.check()
        planned = sum(plan.frames for plan in plans)
        pulse(Progress(0, planned))
        for number in range(1, self.pulses):
            self.during()
            deadline.check()
            pulse(Progress(planned * number // (self.pulses - 1), planned))
        return [self._image(plan, scratch / f"{number}.{plan.format}") for number, plan in enumerate(plans)]

    def _image(self, plan: OutputPlan, path: Path) -> EncodedImage | CliploopError:
        if plan.format in self.failures:
            return self.failures[plan.format]
        content = f"{plan}\n".encode()
        path.write_bytes(content)
        return EncodedImage(
            path=path,
            size=len(content),
            md5=md5(content, usedforsecurity=False).hexdigest(),
            width=plan.width,
            height=plan.height,
            frames=plan.frames,
            duration_ms=plan.section.duration_ms,
            cut_after=self.cut_after,
        )
