"""Adapters in memory that can be paused, hurried and watched: a store with a stream, an encoder that takes time, an S3."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import md5
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from cliploop.application.ports import EncodedImage, Progress, Pulse, ReadableSource
from cliploop.domain.deadline import Deadline
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.media import MediaInfo
from cliploop.domain.notification import TaskChange
from cliploop.domain.plan import OutputPlan
from cliploop.domain.task import Task, TaskState
from cliploop.testing import InMemoryTasks, SettableClock
from tests.faults.baton import Actor, Baton, unavailable


@dataclass(frozen=True)
class SimulatedDeadline(Deadline):
    """A deadline by the simulation's clock."""

    clock: SettableClock

    def remaining_s(self) -> float:
        return max(0.0, self.at_s - self.clock.now_ms() / 1000)


class Feed(list[Any]):
    """A list that tells somebody of what is appended."""

    def __init__(self, put: Callable[[Any], None]) -> None:
        super().__init__()
        self._put = put

    def append(self, change: Any) -> None:
        super().append(change)
        self._put(change)


@dataclass
class CountedTasks(InMemoryTasks):
    """``InMemoryTasks`` that counts ended rows by deed, as the table does, instead of by looking."""

    counted: dict[TaskState, int] = field(default_factory=dict)
    revived: list[TaskChange] = field(default_factory=list)

    def retire(self, before: Task, after: Task) -> None:
        super().retire(before, after)
        self._count(after.state, 1)

    def revive(self, before: Task, after: Task) -> None:
        super().revive(before, after)
        self.revived.append(TaskChange(before, after))
        if not before.due_at_ms:
            self._count(before.state, -1)

    def _count(self, state: TaskState, number: int) -> None:
        self.counted[state] = self.counted.get(state, 0) + number


@dataclass
class SlowEncoder:
    """``Encoder`` with many pulses, whose bytes are others each time; what fails is drawn anew for each run."""

    baton: Baton
    failing: float = 0.0
    runs: int = 0

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
        self.runs += 1
        run, pulses = self.runs, self.baton.random.randint(2, 8)
        for number in range(pulses):
            self.baton.point("encoder.work")
            deadline.check()
            pulse(Progress(number, pulses))
            self.baton.clock.advance(self.baton.random.choice((100, 1_000, 5_000, 6_000)))
        if self.baton.chance(self.failing):
            raise self._failure()
        return [self._image(plan, scratch / f"{number}", run) for number, plan in enumerate(plans)]

    def _failure(self) -> CliploopError:
        if self.baton.chance(0.6):
            return unavailable("the decoder's source")
        return CliploopError(ErrorCode.SOURCE_MALFORMED, "The file is broken.")

    def _image(self, plan: OutputPlan, path: Path, run: int) -> EncodedImage | CliploopError:
        if self.baton.chance(self.failing):
            return CliploopError(ErrorCode.OUTPUT_INVALID, "The image is not what was planned.")
        # As if the encoder were not deterministic: so that it shows whose bytes lie there.
        content = f"{plan.format} of run {run}".encode()
        path.write_bytes(content)
        return EncodedImage(
            path=path,
            size=len(content),
            md5=md5(content, usedforsecurity=False).hexdigest(),
            width=plan.width,
            height=plan.height,
            frames=plan.frames,
            duration_ms=plan.section.duration_ms,
        )


@dataclass(frozen=True)
class Version:
    """One version of an object; who put it, and when, in UTC milliseconds."""

    number: str
    body: bytes
    metadata: dict[str, str]
    by: Actor | None
    at_ms: int


@dataclass
class MemoryS3:
    """What of S3's client ``S3Outputs`` calls, on a bucket with versions: conditional puts, looking, and deleting versions.

    A put's conditions are looked at when its body has arrived, which may take a while.
    """

    baton: Baton
    versions: dict[str, list[Version]] = field(default_factory=dict)
    puts: int = 0

    @property
    def objects(self) -> dict[str, bytes]:
        """What is to be seen: the newest version of each."""
        return {key: versions[-1].body for key, versions in self.versions.items() if versions}

    def put_object(self, **call: Any) -> dict[str, Any]:
        body = call["Body"].read()
        self.baton.point("s3.arrives")
        there = self._newest(call["Key"])
        if call.get("IfNoneMatch") and there:
            raise refused("PutObject", "PreconditionFailed")
        if "IfMatch" in call and not there:
            raise refused("PutObject", "NoSuchKey")
        if "IfMatch" in call and there and _etag(there.body) != call["IfMatch"]:
            raise refused("PutObject", "PreconditionFailed")
        self.puts += 1
        put = Version(f"v{self.puts}", body, dict(call["Metadata"]), self.baton.current, self.baton.clock.now_ms())
        self.versions.setdefault(call["Key"], []).append(put)
        return {"ETag": _etag(put.body), "VersionId": put.number}

    def list_object_versions(self, **call: Any) -> dict[str, Any]:
        keys = [key for key in self.versions if key.startswith(call["Prefix"])]
        return {"Versions": [{"Key": key, "VersionId": each.number} for key in keys for each in self.versions[key]]}

    def head_object(self, **call: Any) -> dict[str, Any]:
        there = self._newest(call["Key"])
        if "VersionId" in call:
            named = [each for each in self.versions.get(call["Key"], []) if each.number == call["VersionId"]]
            there = next(iter(named), None)
        if there is None:
            raise refused("HeadObject", "404")
        return {"ETag": _etag(there.body), "Metadata": there.metadata, "VersionId": there.number}

    def delete_object(self, **call: Any) -> dict[str, Any]:
        kept = [each for each in self.versions.get(call["Key"], []) if each.number != call["VersionId"]]
        self.versions[call["Key"]] = kept
        return {}

    def _newest(self, key: str) -> Version | None:
        return next(reversed(self.versions.get(key, [])), None)


def _etag(body: bytes) -> str:
    return f'"{md5(body, usedforsecurity=False).hexdigest()}"'


def refused(operation: str, code: str) -> ClientError:
    """What an AWS client raises."""
    return ClientError({"Error": {"Code": code, "Message": code}}, operation)


def slow_down(label: str) -> ClientError:
    """What S3 says when it has too much to do."""
    return refused(label, "SlowDown")


def precondition_failed(label: str) -> ClientError:
    """What S3 says when the object is not as a put wants it."""
    return refused(label, "PreconditionFailed")


@dataclass
class StaleDue:
    """``DueTasks`` as an index is: it learns late, and forgets late."""

    baton: Baton
    inner: Any
    stale: float = 0.0
    _seen: list[int] = field(default_factory=list)

    def overdue(self, project_id: str, now_ms: int, most: int) -> list[int]:
        found = list(self.inner.overdue(project_id, now_ms, most))
        if self.baton.chance(self.stale):
            old = [task_id for task_id in self._seen if task_id not in found]
            found = self._some(found) + self._some(old)
        self._seen = list(dict.fromkeys([*self._seen, *found]))[-50:]
        return found[:most]

    def _some(self, task_ids: Iterable[int]) -> list[int]:
        return [task_id for task_id in task_ids if self.baton.chance(0.5)]


@dataclass
class PartialBus:
    """``Notifications`` that takes some of a batch."""

    baton: Baton
    inner: Any
    partial: float = 0.0

    def publish(self, notifications: Sequence[Any]) -> list[Any]:
        refused_ones = [notice for notice in notifications if self.baton.chance(self.partial)]
        self.inner.publish([notice for notice in notifications if notice not in refused_ones])
        if refused_ones:
            self.baton.note(f"the bus takes all but {len(refused_ones)} of {len(notifications)}")
            self.baton.count("entries refused")
        return refused_ones
