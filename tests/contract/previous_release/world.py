"""A stack of today over what an earlier release has left: its items, its messages, its stream's records."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any
from unittest import mock

import boto3

from cliploop import bootstrap
from cliploop.adapters.task_rows import item_to_task
from cliploop.application.sweep import Sweeping
from cliploop.bootstrap.working import OnUpload
from cliploop.domain.deadline import Deadline
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.media import MediaInfo, VideoStream
from cliploop.domain.task import Task
from cliploop.testing import (
    InMemoryEncoder,
    InMemoryFetchedSources,
    InMemoryProber,
    InMemorySources,
    InMemoryWeb,
    SettableClock,
)
from cliploop.testing.in_memory_web import Posted
from functions.on_task_change.app import handler as hear
from functions.on_upload.app import handler as take
from functions.send_callback.app import handler as call
from tests.empty_account import empty_account
from tests.tables import create_tables
from tests.unit.doors.conftest import ENVIRONMENT, PROJECT_ID, Context
from tests.unit.doors.events import sqs_message

HERE = Path(__file__).parent
RELEASES = ("before-the-vendors-apis", "with-the-vendors-apis")
ADDRESS = "https://example.com/"
_HOUR_MS = 60 * 60_000
_MEDIA = MediaInfo("mov,mp4", 8_000, 5, 5, (VideoStream(0, "h264", 960, 540, Fraction(25)),))


@dataclass
class World:
    """Today's functions over the tables of an earlier release. Sources and the encoder are in memory."""

    samples: dict[str, Any]
    dynamodb: Any
    sqs: Any
    sources: InMemorySources = field(default_factory=InMemorySources)
    web: InMemoryWeb = field(default_factory=InMemoryWeb)
    encoder: InMemoryEncoder = field(default_factory=InMemoryEncoder)

    # -- what is there ----------------------------------------------------------------------------

    def tasks(self) -> dict[str, Task]:
        """Every task by its name, which is that of its object or address where its caller gave it none."""
        found = [item_to_task(item) for item in self.items() if item["sk"]["S"] == "task"]
        named = {_name_of(task): task for task in found}
        assert len(named) == len(found)
        return named

    def task(self, task_id: int) -> Task:
        found = bootstrap.on_upload().process.tasks.get(PROJECT_ID, task_id)
        assert found is not None
        return found

    def items(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.dynamodb.scan(TableName="tasks")["Items"]
        return items

    # -- what happens -----------------------------------------------------------------------------

    def deliver(self, queue: str, body: dict[str, Any]) -> None:
        """Hand a message to the function of its queue, which must take it."""
        self._have_source(body)
        assert take({"Records": [sqs_message(queue, body)]}, Context()) == {"batchItemFailures": []}

    def work_on(self, task_id: int) -> Task:
        """Process a task until no message is left for it; what it is then."""
        self.deliver("work", {"project_id": PROJECT_ID, "task_id": str(task_id)})
        for pointer in self.received("work"):
            self.deliver("work", pointer)
        return self.task(task_id)

    def sweep(self) -> Counter[Sweeping]:
        """One run of the sweep, at the time of the others."""
        return replace(bootstrap.sweep().sweep, clock=bootstrap.on_upload().process.clock)(Deadline.after(60))

    def tell(self, record: dict[str, Any]) -> list[dict[str, Any]]:
        """Hand a record to the stream's function; the events that come of it."""
        assert hear({"Records": [record]}, Context()) == {"batchItemFailures": []}  # type: ignore[arg-type]
        return [json.loads(body)["detail"] for body in self._bodies("heard")]

    def call_back(self, message: dict[str, Any]) -> Posted:
        """Hand a message to the function that makes callbacks; what its receiver gets."""
        boto3.client("secretsmanager").create_secret(Name="callback-keys", SecretString='{"key": "0123456789abcdef"}')
        parts = bootstrap.send_callback()
        made = replace(parts, send=replace(parts.send, web=self.web))
        with mock.patch.object(bootstrap, "send_callback", return_value=made):
            assert call({"Records": [sqs_message("callbacks", message)]}, Context()) == {"batchItemFailures": []}
        return self.web.posted[-1]

    def received(self, queue: str) -> list[dict[str, Any]]:
        return [json.loads(body) for body in self._bodies(queue)]

    def _have_source(self, message: dict[str, Any]) -> None:
        """The objects are not part of the samples; here the one that the message is about is there."""
        if "task_id" in message:
            source = self.task(int(message["task_id"])).source
        else:
            created = message["detail"]["object"]
            source = ObjectVersion(message["detail"]["bucket"]["name"], created["key"], created["version-id"])
        if source.version_id:
            self.sources.put(source, "/dev/null", 5)

    def _bodies(self, queue: str) -> list[str]:
        url, bodies = self.sqs.get_queue_url(QueueName=queue)["QueueUrl"], []
        while received := self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in received:
                bodies.append(message["Body"])
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return bodies


@contextmanager
def world_of(release: str) -> Iterator[World]:
    """The world that ``release`` left."""
    parts = [part for part in vars(bootstrap).values() if hasattr(part, "cache_clear")]
    for part in parts:
        part.cache_clear()
    with empty_account(ENVIRONMENT):
        world = World(json.loads((HERE / release / "samples.json").read_text()), *_made())
        for table in ("tasks", "catalog"):
            puts = [{"PutRequest": {"Item": item}} for item in world.samples[table]]
            for start in range(0, len(puts), 25):
                world.dynamodb.batch_write_item(RequestItems={table: puts[start : start + 25]})
        made = _in_memory(bootstrap.on_upload(), world)
        with mock.patch.object(bootstrap, "on_upload", return_value=made):
            yield world
    for part in parts:
        part.cache_clear()


def _made() -> tuple[Any, Any]:
    dynamodb, sqs = boto3.client("dynamodb"), boto3.client("sqs")
    create_tables(dynamodb)
    for queue in ("uploads", "work", "callbacks", "heard"):
        sqs.create_queue(QueueName=queue)
    for bucket in ("uploads", "outputs"):
        boto3.client("s3").create_bucket(
            Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-north-1"}
        )
    events = boto3.client("events")
    events.create_event_bus(Name="bus")
    events.put_rule(Name="all", EventBusName="bus", EventPattern='{"source": ["cliploop"]}')
    arn = "arn:aws:sqs:eu-north-1:123456789012:heard"
    events.put_targets(Rule="all", EventBusName="bus", Targets=[{"Id": "1", "Arn": arn}])
    return dynamodb, sqs


def _in_memory(parts: OnUpload, world: World) -> OnUpload:
    """The function's parts an hour later, with sources, prober and encoder in memory: the objects are not there."""
    clock = SettableClock(world.samples["kept"]["written_ms"] + _HOUR_MS)
    stored = InMemoryFetchedSources()
    for name in ("init", "fetching"):
        world.web.files[f"{ADDRESS}{name}.mp4"] = world.web.files[f"{ADDRESS}{name}.mp4?key=1"] = b"video"
    process = replace(
        parts.process,
        tasks=replace(parts.process.tasks, clock=clock),  # type: ignore[type-var]  # DynamoDB's
        clock=clock,
        sources=world.sources,
        prober=InMemoryProber(_MEDIA),
        encoder=world.encoder,
        fetch=replace(parts.process.fetch, web=world.web, store=stored, clock=clock),
    )
    return replace(parts, register=replace(parts.register, sources=world.sources), process=process)


def _name_of(task: Task) -> str:
    return (task.name or task.origin or task.source.key).partition("?")[0].rpartition("/")[2].partition(".")[0]
