"""The real use cases over ports that fail, with the queues and streams between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from random import Random
from typing import Any

from cliploop.adapters.s3_outputs import S3Outputs
from cliploop.application.cancel_task import CancelTask
from cliploop.application.fetch_source import FetchSource
from cliploop.application.ports import ReadableSource
from cliploop.application.process_task import ProcessTask
from cliploop.application.publish_changes import PublishChanges
from cliploop.application.redrive_task import RedriveTask
from cliploop.application.register_file import RegisterFile
from cliploop.application.register_upload import RegisterUpload
from cliploop.application.send_callback import SendCallback
from cliploop.application.start_task import StartTask
from cliploop.application.sweep import Sweep
from cliploop.application.tell_subscribers import TellSubscribers
from cliploop.domain.event_settings import EventSettings
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.media import MediaInfo, VideoStream
from cliploop.domain.notification import Notification
from cliploop.domain.project import Project
from cliploop.domain.task import Task
from cliploop.domain.timetable import HIDDEN_S
from cliploop.domain.web_address import AllowedTargets
from cliploop.testing import (
    InMemoryCallbackKeys,
    InMemoryCatalog,
    InMemoryDueTasks,
    InMemoryEventQueue,
    InMemoryEventSettingsStore,
    InMemoryFetchedSources,
    InMemoryFiles,
    InMemoryLaidAsideCallbacks,
    InMemoryNotifications,
    InMemoryProber,
    InMemorySources,
    InMemoryUploadedVersions,
    InMemoryWeb,
    SettableClock,
)
from tests.faults.adapters import (
    CountedTasks,
    Feed,
    MemoryS3,
    PartialBus,
    SimulatedDeadline,
    SlowEncoder,
    StaleDue,
    precondition_failed,
    slow_down,
)
from tests.faults.baton import Baton, Odds, Port
from tests.faults.queues import Queue, Stream

PROJECT = Project("a1", 1)
UPLOADS, OUTPUTS = "uploads", "outputs"
#: Where events, and the ends of single tasks, are sent to.
RECEIVER, STARTER = "https://receiver.example/", "https://starter.example/"
SOURCE_URL = "https://files.example/clip.mp4?secret=1"
MEDIA = MediaInfo("mov", 10_000, 9, 1, (VideoStream(0, "h264", 640, 360, Fraction(30)),))
#: As in the template.
_WORK_RECEIVES, _CALLBACK_RECEIVES, _CALLBACK_HIDDEN_S = 5, 10, 180
_SHARDS = 3


def said(notice: Notification) -> dict[str, Any]:
    """A notification as it is sent here: what the checks compare."""
    subject = notice.subject
    state = {"State": subject.state, "Version": subject.row_version} if isinstance(subject, Task) else {}
    number = subject.task_id if isinstance(subject, Task) else subject.file_id
    return {"Kind": notice.kind, "Id": number, "DeliveryId": notice.delivery_id, **state}


@dataclass
class World:
    """Everything that stands, and what it remembers."""

    random: Random
    odds: Odds
    settings: EventSettings = field(default_factory=EventSettings)
    clock: SettableClock = field(default_factory=SettableClock)

    def __post_init__(self) -> None:
        self.baton = Baton(self.random, self.clock, self.odds)
        self.shards = [Stream(f"shard {number}", self.baton) for number in range(_SHARDS)]
        self.uploads = Queue("uploads", self.baton, HIDDEN_S, _WORK_RECEIVES)
        self.work = Queue("work", self.baton, HIDDEN_S, _WORK_RECEIVES)
        self.callbacks = Queue("callbacks", self.baton, _CALLBACK_HIDDEN_S, _CALLBACK_RECEIVES, lossy=False)
        self.tasks = CountedTasks()
        self.tasks.changes = Feed(lambda change: self._record(change.after.task_id, change))
        self.files = InMemoryFiles()
        self.files.changes = Feed(lambda file: self._record(file.file_id, file))
        self.sources, self.versions = InMemorySources(), InMemoryUploadedVersions()
        self.s3 = MemoryS3(self.baton)
        self.bus, self.events = InMemoryNotifications(), InMemoryEventQueue()
        self.fetched = InMemoryFetchedSources(bucket=UPLOADS)
        self.web = InMemoryWeb({SOURCE_URL: b"not really a video"})
        self.laid_aside = InMemoryLaidAsideCallbacks()
        self.encoder = SlowEncoder(self.baton)
        self.due = StaleDue(self.baton, InMemoryDueTasks(self.tasks))
        self.partial_bus = PartialBus(self.baton, self.bus)
        self._wire()

    def _wire(self) -> None:
        baton, clock = self.baton, self.clock
        tasks: Any = Port(baton, "tasks", self.tasks, compared=("replace", "retire", "revive"))
        files: Any = Port(baton, "files", self.files)
        catalog: Any = Port(baton, "catalog", InMemoryCatalog())
        work: Any = Port(baton, "work", _WorkSender(self.work))
        sources: Any = Port(baton, "sources", _Uploaded(self.sources, self.fetched))
        web: Any = Port(baton, "web", self.web)
        fetched: Any = Port(baton, "fetched", self.fetched)
        s3: Any = Port(baton, "s3", self.s3, ("put_object",), slow_down, precondition_failed)
        outputs = S3Outputs(s3, OUTPUTS)
        register = RegisterFile(catalog, files, tasks, work, clock)
        self.register = RegisterUpload(PROJECT, "preview", sources, catalog, register)
        self.start = StartTask(catalog, files, tasks, work, clock, UPLOADS, OUTPUTS, self.versions, AllowedTargets())
        fetch = FetchSource(web, fetched, files, tasks, work, clock, most_bytes=1_000)
        prober: Any = Port(baton, "prober", InMemoryProber(MEDIA))
        self.process = ProcessTask(tasks, sources, prober, self.encoder, outputs, clock, fetch)
        self.publish = PublishChanges(tasks, self._subscribers())
        due: Any = Port(baton, "due", self.due)
        self.sweep = Sweep(PROJECT.project_id, due, tasks, work, outputs, self.publish, clock)
        self.cancel = CancelTask(tasks, clock)
        self.redrive = RedriveTask(PROJECT.project_id, tasks, work, self.publish, clock)
        laid_aside: Any = Port(baton, "laid_aside", self.laid_aside)
        self.send = SendCallback(
            web,
            InMemoryEventSettingsStore(),
            InMemoryCallbackKeys(),
            laid_aside,
            lambda body, _key, _now: body,
            clock,
        )

    def _subscribers(self) -> TellSubscribers:
        settings = InMemoryEventSettingsStore({PROJECT.project_id: self.settings})
        bus: Any = Port(self.baton, "bus", self.partial_bus, failure=None)
        kept: Any = Port(self.baton, "settings", settings)
        events: Any = Port(self.baton, "events", self.events)
        callbacks: Any = Port(self.baton, "callbacks", _CallbackSender(self.callbacks))
        return TellSubscribers(bus, kept, events, callbacks, said, said, self.clock)

    def _record(self, number: int, change: Any) -> None:
        self.shards[number % _SHARDS].put(change)

    def deadline(self, seconds: float) -> Any:
        """A deadline of an invocation that has so long."""
        return SimulatedDeadline(self.clock.now_ms() / 1000 + seconds, self.clock)

    @property
    def rows(self) -> list[Task]:
        """Every task's row."""
        return list(self.tasks.rows.values())


@dataclass
class _WorkSender:
    queue: Queue

    def send(self, project_id: str, task_id: int) -> None:
        self.queue.send((project_id, task_id))


@dataclass
class _CallbackSender:
    queue: Queue

    def send(self, callback: Any) -> None:
        self.queue.send(callback)


@dataclass
class _Uploaded:
    """``Sources`` of what was uploaded, and of what was fetched."""

    uploaded: InMemorySources
    fetched: InMemoryFetchedSources

    def metadata(self, source: ObjectVersion) -> Mapping[str, str]:
        return self.uploaded.metadata(source)

    def open(self, source: ObjectVersion) -> ReadableSource:
        if source.key in self.fetched.objects:
            return ReadableSource("unused", len(self.fetched.objects[source.key][0]))
        return self.uploaded.open(source)
