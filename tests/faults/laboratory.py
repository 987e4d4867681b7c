"""The real use cases over the real adapters, on moto, with a wire between them that can be cut."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any, Final
from unittest import mock

import boto3
from botocore.config import Config

from cliploop.adapters.dynamodb_catalog import DynamoDBCatalog
from cliploop.adapters.dynamodb_due import DynamoDBDueTasks
from cliploop.adapters.dynamodb_event_settings import DynamoDBEventSettings
from cliploop.adapters.dynamodb_events import DynamoDBEvents
from cliploop.adapters.dynamodb_files import DynamoDBFiles
from cliploop.adapters.dynamodb_tasks import DynamoDBTasks
from cliploop.adapters.eventbridge_notifications import EventBridgeNotifications
from cliploop.adapters.s3_fetched_sources import S3FetchedSources
from cliploop.adapters.s3_outputs import S3Outputs
from cliploop.adapters.s3_sources import S3Sources
from cliploop.adapters.s3_upload_versions import S3UploadedVersions
from cliploop.adapters.sqs_callbacks import SqsCallbackQueue
from cliploop.adapters.sqs_work import SqsWorkQueue
from cliploop.adapters.task_rows import is_task_row, item_to_task
from cliploop.adapters.task_stream import change_in
from cliploop.application.cancel_task import CancelTask
from cliploop.application.fetch_source import FetchSource
from cliploop.application.ports_events import Callback
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
from cliploop.domain.task import Task
from cliploop.domain.timetable import SWEEP_EVERY_S
from cliploop.domain.upload import UploadedObject
from cliploop.domain.web_address import AllowedTargets
from cliploop.testing import (
    InMemoryCallbackKeys,
    InMemoryLaidAsideCallbacks,
    InMemoryProber,
    InMemoryWeb,
    SettableClock,
)
from tests.empty_account import empty_account
from tests.faults.adapters import SimulatedDeadline, SlowEncoder
from tests.faults.baton import Baton, KilledError, Odds
from tests.faults.wire import Wire
from tests.faults.world import MEDIA, OUTPUTS, PROJECT, RECEIVER, SOURCE_URL, UPLOADS, said
from tests.tables import create_tables

_REGION: Final = "eu-north-1"
_KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": _REGION}
_INVOCATION_S = 880
#: Rounds in which everything that waits is delivered once.
_MOST_ROUNDS = 400


@dataclass
class Laboratory:
    """An account with everything deployed by hand, and functions that are called by hand."""

    wire: Wire
    clock: SettableClock = field(default_factory=SettableClock)
    told: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._account()
        self._wire_up()

    def _account(self) -> None:
        self.dynamodb, self.s3, self.sqs = boto3.client("dynamodb"), boto3.client("s3"), boto3.client("sqs")
        create_tables(self.dynamodb)
        stream: Any = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
        self.dynamodb.update_table(TableName="tasks", StreamSpecification=stream)
        for bucket in (UPLOADS, OUTPUTS):
            self.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": _REGION})
            self.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        self.queues = {
            name: self.sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "0"})["QueueUrl"]
            for name in ("work", "callbacks", "bus")
        }
        self._bus()
        streams: Any = boto3.client("dynamodbstreams")
        arn = self.dynamodb.describe_table(TableName="tasks")["Table"]["LatestStreamArn"]
        shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
        self.streams, self.iterator = streams, streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]  # fmt: skip

    def _bus(self) -> None:
        events: Any = boto3.client("events")
        events.create_event_bus(Name="bus")
        events.put_rule(Name="all", EventBusName="bus", EventPattern='{"source": ["cliploop"]}')
        queue = self.sqs.get_queue_attributes(QueueUrl=self.queues["bus"], AttributeNames=["QueueArn"])["Attributes"]
        events.put_targets(Rule="all", EventBusName="bus", Targets=[{"Id": "1", "Arn": queue["QueueArn"]}])

    def _wire_up(self) -> None:
        watched, clock = self.wire.attach, self.clock
        dynamodb, sqs, events = (watched(boto3.client(name)) for name in ("dynamodb", "sqs", "events"))
        s3 = watched(boto3.client("s3", config=Config(signature_version="s3v4")))
        self.tasks = DynamoDBTasks(dynamodb, "tasks", 30, clock)
        #: For the hand of fate, which never slips.
        self.rows_by_hand = DynamoDBTasks(self.dynamodb, "tasks", 30, clock)
        files, catalog = DynamoDBFiles(dynamodb, "tasks", 30), DynamoDBCatalog(dynamodb, "catalog")
        work, sources = SqsWorkQueue(sqs, self.queues["work"]), S3Sources(s3)
        self.web = InMemoryWeb({SOURCE_URL: b"not really a video"})
        register = RegisterFile(catalog, files, self.tasks, work, clock)
        self.register = RegisterUpload(PROJECT, "preview", sources, catalog, register)
        allowed, versions = AllowedTargets(), S3UploadedVersions(s3)
        self.start = StartTask(
            catalog=catalog,
            files=files,
            tasks=self.tasks,
            work=work,
            clock=clock,
            upload_bucket=UPLOADS,
            output_bucket=OUTPUTS,
            versions=versions,
            allowed=allowed,
        )
        fetch = FetchSource(self.web, S3FetchedSources(s3, UPLOADS), files, self.tasks, work, clock, most_bytes=1_000)
        dice = Random(0)  # noqa: S311  # an encoder's, here
        encoder, outputs = SlowEncoder(Baton(dice, clock, Odds())), S3Outputs(s3, OUTPUTS)
        self.process = ProcessTask(self.tasks, sources, InMemoryProber(MEDIA), encoder, outputs, clock, fetch)
        settings = DynamoDBEventSettings(dynamodb, "catalog")
        callbacks = SqsCallbackQueue(sqs, self.queues["callbacks"])
        subscribers = TellSubscribers(
            EventBridgeNotifications(events, "bus", _bus_event),
            settings,
            DynamoDBEvents(dynamodb, "tasks"),
            callbacks,
            said,
            said,
            clock,
        )
        self.publish = PublishChanges(self.tasks, subscribers)
        due, project_id = DynamoDBDueTasks(dynamodb, "tasks"), PROJECT.project_id
        self.sweep = Sweep(project_id, due, self.tasks, work, outputs, self.publish, clock)
        self.cancel = CancelTask(self.tasks, clock)
        self.redrive = RedriveTask(project_id, self.tasks, work, self.publish, clock)
        keys, aside = InMemoryCallbackKeys(), InMemoryLaidAsideCallbacks()
        self.send = SendCallback(self.web, settings, keys, aside, lambda body, _key, _now: body, clock)
        DynamoDBEventSettings(self.dynamodb, "catalog").put(
            PROJECT.project_id, EventSettings(notification_url=RECEIVER)
        )

    # -- what is called -----------------------------------------------------------------------------

    def upload(self, name: str, **metadata: str) -> UploadedObject:
        """An object in the upload bucket."""
        put = self.s3.put_object(Bucket=UPLOADS, Key=name, Body=b"a video", Metadata=metadata)
        return UploadedObject(ObjectVersion(UPLOADS, name, put["VersionId"]), 7)

    def deliver(self, what: Callable[[], Any]) -> None:
        """As a queue does, or a patient client: again until it is done. What fails for a while does so four times."""
        for number in range(8):
            if number == 4:
                self.wire.calm()
            if self._invoke(what):
                return

    def _invoke(self, what: Callable[[], Any]) -> bool:
        try:
            what()
        except (Exception, KilledError):  # noqa: BLE001  # the function fails, or is no more
            return False
        return True

    def go_on(self) -> None:
        """Everything that waits is delivered once, and a minute passes."""
        for body, receipt in self._received("work"):
            task = (body["project_id"], int(body["task_id"]))
            if self._invoke(partial(self.process, *task, self._deadline(_INVOCATION_S))):
                self._delete("work", receipt)
        self._stream()
        for body, receipt in self._received("callbacks"):
            if self._invoke(partial(self.send, Callback(**body), 1)):
                self._delete("callbacks", receipt)
        self._invoke(partial(self.sweep, self._deadline(SWEEP_EVERY_S)))
        self.clock.advance(SWEEP_EVERY_S * 1000)

    def _deadline(self, seconds: float) -> SimulatedDeadline:
        return SimulatedDeadline(self.clock.now_ms() / 1000 + seconds, self.clock)

    def _stream(self) -> None:
        answer = self.streams.get_records(ShardIterator=self.iterator)
        self.iterator = answer["NextShardIterator"]
        changes = [change for record in answer["Records"] if (change := change_in(record))]
        for _ in range(3):  # a record that is told of late is the sweep's
            if not changes:
                break
            untold: list[Any] = []
            if self._invoke(lambda: untold.extend(self.publish(changes))):  # noqa: B023
                changes = untold

    def settle(self) -> int:
        """Go on until everything has ended and was told; how many minutes that took."""
        for minute in range(_MOST_ROUNDS):
            if minute and self._is_quiet():
                return minute
            self.go_on()
            if minute == 3:
                self.wire.calm()
        raise TimeoutError([(row.task_id, row.state, row.due_at_ms) for row in self.rows()])

    def _is_quiet(self) -> bool:
        waiting = any(row.due_at_ms or not row.state.is_final for row in self.rows())
        return not waiting and not self._received("work") and not self._received("callbacks")

    # -- what is there ------------------------------------------------------------------------------

    def rows(self) -> list[Task]:
        """Every task's row."""
        items = self.dynamodb.scan(TableName="tasks", ConsistentRead=True)["Items"]
        return [item_to_task(item) for item in items if is_task_row(item)]

    def images(self) -> dict[str, str]:
        """Every image's MD5 by its key."""
        found = self.s3.list_objects_v2(Bucket=OUTPUTS).get("Contents", [])
        return {each["Key"]: each["ETag"].strip('"') for each in found}

    def heard(self) -> list[dict[str, Any]]:
        """What the bus told."""
        while waiting := self._received("bus"):
            for body, receipt in waiting:
                self.told.append(body["detail"])
                self._delete("bus", receipt)
        return self.told

    def called_back(self) -> list[dict[str, Any]]:
        """What the project's receiver was told."""
        return [json.loads(each.body) for each in self.web.posted if each.url == RECEIVER]

    def _received(self, name: str) -> list[tuple[dict[str, Any], str]]:
        """Some of a queue's messages, which stay in it."""
        found: dict[str, tuple[dict[str, Any], str]] = {}
        while True:
            answer = self.sqs.receive_message(QueueUrl=self.queues[name], MaxNumberOfMessages=10, VisibilityTimeout=0)
            messages = answer.get("Messages", [])
            if all(each["MessageId"] in found for each in messages):
                return list(found.values())
            found |= {each["MessageId"]: (json.loads(each["Body"]), each["ReceiptHandle"]) for each in messages}

    def _delete(self, name: str, receipt: str) -> None:
        self.sqs.delete_message(QueueUrl=self.queues[name], ReceiptHandle=receipt)


def _bus_event(notice: Any) -> dict[str, Any]:
    return {"EventType": notice.kind.value, **said(notice)}


@contextmanager
def laboratory() -> Iterator[Laboratory]:
    """A new one; nobody waits in it."""
    with empty_account(_KEYS), mock.patch("time.sleep"):
        yield Laboratory(Wire(boto3.client("dynamodb")))
