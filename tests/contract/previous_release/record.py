"""Writes down what a release stores and sends, with that release's own code over moto; README.md says how to run it.

Every task is of an object or address named after what was done with it: ``settled.mp4`` has a winner and no end yet.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from fractions import Fraction
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest import mock

import boto3
from moto import mock_aws

PROJECT_ID, APP_ID = "0123456789abcdef0123456789abcdef", 1_256_768_367
REGION = "eu-north-1"
QUEUES = ("uploads", "work", "callbacks")
CALLED = "https://example.com/called"
_QUEUE = f"arn:aws:sqs:{REGION}:123456789012:{{}}"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "CLIPLOOP_PROJECT_ID": PROJECT_ID,
    "CLIPLOOP_APP_ID": str(APP_ID),
    "CLIPLOOP_TASKS_TABLE": "tasks",
    "CLIPLOOP_CATALOG_TABLE": "catalog",
    "CLIPLOOP_UPLOAD_BUCKET": "uploads",
    "CLIPLOOP_OUTPUT_BUCKET": "outputs",
    "CLIPLOOP_EVENT_BUS": "bus",
    "CLIPLOOP_PUBLIC_BASE_URL": "",
    "CLIPLOOP_DEFAULT_PROCEDURE": "preview",
    "CLIPLOOP_RETENTION_DAYS": "30",
    "CLIPLOOP_MAX_FETCH_BYTES": "1000000",
    "CLIPLOOP_MAX_FRAMES": "6000",
    "CLIPLOOP_MAX_PIXELS": "8000000000",
    "CLIPLOOP_MAX_OUTPUT_BYTES": "536870912",
    "CLIPLOOP_MAX_SOURCE_PIXELS": "37748736",
    "CLIPLOOP_ALLOWED_PRIVATE_TARGETS": "",
    "CLIPLOOP_ACCESS_KEYS_SECRET_ARN": "access-keys",
    "CLIPLOOP_SIGNING_HOSTS": "",
    "CLIPLOOP_APPLICATION_IDS": "",
    "CLIPLOOP_MAX_UPLOAD_BYTES": "1000000",
    "CLIPLOOP_MAX_OPEN_TASKS": "0",
    "CLIPLOOP_MAX_OPEN_SECONDS": "0",
    "CLIPLOOP_MAX_OPEN_PIXELS": "0",
    "CLIPLOOP_UPLOAD_GRANT_ROLE_ARN": "arn:aws:iam::123456789012:role/grant",
    **{f"CLIPLOOP_{name.upper()}_QUEUE_ARN": _QUEUE.format(name) for name in QUEUES},
    **{
        f"CLIPLOOP_{name.upper()}_QUEUE_URL": f"https://sqs.{REGION}.amazonaws.com/123456789012/{name}"
        for name in QUEUES
    },
}


class Recorder:
    """The stack of one release, and what its tables' stream and its queues have carried."""

    def __init__(self) -> None:
        """Make an empty stack in moto's account."""
        self.dynamodb: Any = boto3.client("dynamodb")
        self.s3: Any = boto3.client("s3")
        self.sqs: Any = boto3.client("sqs")
        # Of the tests beside the release's code: the tables may have had other keys.
        import_module("tests.tables").create_tables(self.dynamodb)
        for bucket in ("uploads", "outputs"):
            self.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-north-1"})
            self.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        for queue in QUEUES:
            self.sqs.create_queue(QueueName=queue)
        boto3.client("events").create_event_bus(Name="bus")
        self.bootstrap: Any = import_module("cliploop.bootstrap")
        self.tasks: Any = self.bootstrap.on_upload().process.tasks
        self.clock: Any = self.bootstrap.on_upload().process.clock
        self.stream: dict[str, dict[str, Any]] = {}
        self.uploads: list[dict[str, Any]] = []
        self.kept: dict[str, Any] = {}

    # -- what happens -----------------------------------------------------------------------------

    def upload(self, name: str, metadata: dict[str, str] | None = None) -> int:
        """Put an object, and register its event; the id of its task."""
        domain = import_module("cliploop.domain.identity"), import_module("cliploop.domain.upload")
        answer = self.s3.put_object(Bucket="uploads", Key=f"{name}.mp4", Body=b"video", Metadata=metadata or {})
        source = domain[0].ObjectVersion("uploads", f"{name}.mp4", answer["VersionId"])
        created = {"key": source.key, "size": 5, "version-id": source.version_id}
        detail = {"bucket": {"name": "uploads"}, "object": created, "reason": "PutObject"}
        self.uploads.append({"detail-type": "Object Created", "source": "aws.s3", "detail": detail})
        register = self.bootstrap.on_upload().register
        with self.watched(name):
            return int(register(domain[1].UploadedObject(source, 5)).task_id)

    def change(self, name: str, task_id: int, *changes: Callable[[Any], Any]) -> int:
        """Store one value after another; what the stream carries of the last one is kept."""
        for change in changes:
            before = self.tasks.get(PROJECT_ID, task_id)
            with self.watched(name):
                self.tasks.replace(before, change(before))
        return task_id

    def tell(self, name: str) -> None:
        """Hand the last change of a name to the stream's function."""
        parts = self.bootstrap.on_task_change()
        change = parts.read(self.stream[name])
        if parts.publish([change]):
            sys.exit(f"{name} could not be told")

    def watched(self, name: str) -> _Watched:
        """Keep the record of the one task row that changes within the block."""
        return _Watched(self, name)

    # -- what is written down ---------------------------------------------------------------------

    def items(self, table: str) -> list[dict[str, Any]]:
        """Every item of a table, sorted by its keys."""
        found = self.dynamodb.scan(TableName=table)["Items"]
        return sorted(found, key=lambda item: (item["pk"]["S"], item["sk"]["S"]))

    def row(self, name: str) -> dict[str, Any]:
        """A task's row as it was after its last change."""
        row: dict[str, Any] = self.stream[name]["dynamodb"]["NewImage"]
        return row

    def messages(self, queue: str) -> list[Any]:
        """The bodies of a queue's messages."""
        url, bodies = ENVIRONMENT[f"CLIPLOOP_{queue.upper()}_QUEUE_URL"], []
        while received := self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in received:
                bodies.append(json.loads(message["Body"]))
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return bodies

    def write(self, folder: Path) -> None:
        """One file of it all."""
        self.kept["written_ms"] = self.clock.now_ms()
        samples = {
            "tasks": self.items("tasks"),
            "catalog": self.items("catalog"),
            "uploads": self.uploads,
            "work": self.messages("work"),
            "callbacks": self.messages("callbacks"),
            "stream": self.stream,
            "kept": self.kept,
        }
        folder.mkdir(parents=True, exist_ok=True)
        parts = (f"{json.dumps(name)}: {_one_a_line(part)}" for name, part in samples.items())
        (folder / "samples.json").write_text("{\n" + ",\n".join(parts) + "\n}\n")
        print(f"{folder / 'samples.json'}: {len(samples['tasks'])} items of tasks")  # noqa: T201


def _one_a_line(part: Any) -> str:
    """A list or an object as JSON, each entry of it on a line of its own."""

    def text(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, sort_keys=True)

    if isinstance(part, list):
        return "[\n" + ",\n".join(map(text, part)) + "\n]"
    return "{\n" + ",\n".join(f"{text(name)}: {text(value)}" for name, value in part.items()) + "\n}"


class _Watched:
    def __init__(self, recorder: Recorder, name: str) -> None:
        self.recorder, self.name = recorder, name
        self.before: dict[str, dict[str, Any]] = {}

    def __enter__(self) -> None:
        self.before = self._rows()

    def __exit__(self, *_: object) -> None:
        for key, after in self._rows().items():
            before = self.before.get(key)
            if before != after:
                images = {"NewImage": after} | ({"OldImage": before} if before else {})
                record = {"SequenceNumber": str(len(self.recorder.stream) + 1), **images}
                kind = "MODIFY" if before else "INSERT"
                self.recorder.stream[self.name] = {"eventName": kind, "dynamodb": record}

    def _rows(self) -> dict[str, dict[str, Any]]:
        return {item["pk"]["S"]: item for item in self.recorder.items("tasks") if item["sk"]["S"] == "task"}


# -- a task's life, by the methods that every release has ------------------------------------------


def media() -> Any:
    """What a probe finds in the source."""
    found = import_module("cliploop.domain.media")
    video = found.VideoStream(
        0, "h264", 960, 540, Fraction(25), 770_000, "avc1", pixel_format="yuv420p", color_matrix="bt709"
    )
    return found.MediaInfo("mov,mp4", 8_000, 881_704, 881_704, (video,), (found.AudioStream("aac", 44_100, 103_000),))


def image_class() -> Any:
    """A stored image moved once."""
    home = "cliploop.domain.output" if find_spec("cliploop.domain.output") else "cliploop.domain.task"
    return import_module(home).StoredImage


def settle(task: Any) -> Any:
    """The first output is made and the others fail."""
    plan = import_module("cliploop.domain.plan").plan_output
    limits = import_module("cliploop.domain.limits").Limits()
    first, *others = task.outputs
    key = f"{task.project_id}/{task.task_id}/1.f21000.gif"
    image = image_class()("outputs", key, 3_701_603, "0" * 32, 480, 270, 60, 5_000)
    made = first.succeed(plan(media(), first.use.template, first.use.section, limits), image)
    return task.settle(task.attempt, media(), [made, *(each.fail(broken("OUTPUT_INVALID")) for each in others)])


def broken(code: str = "SOURCE_MALFORMED") -> Any:
    """A failure."""
    errors = import_module("cliploop.domain.errors")
    return errors.Failure(errors.ErrorCode[code], "It is broken; upload it again.")


def lives(recorder: Recorder) -> None:
    """Uploads in every state that an upload can be in."""
    now = recorder.clock.now_ms
    claim, end = lambda task: task.claim(now()), lambda task: task.finish(task.attempt, now())
    fail = lambda task: task.fail(task.attempt, broken(), now())  # noqa: E731
    recorder.upload(
        "waiting",
        {"procedure": "cards", "section": "1%2C2.5", "session-context": "caf%C3%A9", "tasks-priority": "3"},
    )
    recorder.upload("refused", {"procedure": "no-such"})
    recorder.change("processing", recorder.upload("processing"), claim)
    recorder.change(
        "released",
        recorder.upload("released"),
        claim,
        lambda task: task.release(task.attempt, broken("UNAVAILABLE"), now()),
    )
    recorder.change("settled", recorder.upload("settled"), claim, settle)
    recorder.change("succeeded", recorder.upload("succeeded"), claim, settle, end)
    recorder.change("failed", recorder.upload("failed"), claim, fail)
    recorder.change("succeeded-told", recorder.upload("succeeded-told"), claim, settle, end)
    recorder.change("failed-told", recorder.upload("failed-told"), claim, fail)
    if find_spec("cliploop.application.redrive_task"):
        recorder.change("redriven", recorder.upload("redriven"), claim, fail)
        recorder.tell("redriven")
        told = recorder.tasks.get(PROJECT_ID, int(recorder.row("redriven")["task_id"]["N"]))
        with recorder.watched("redriven"):
            recorder.tasks.revive(told, told.redriven(now()))


def by_hand(recorder: Recorder) -> None:
    """What people write into the catalog, as the guide of that release shows it."""
    use = {"definition": {"N": "100"}, "start_ms": {"N": "1000"}, "end_ms": {"N": "4000"}}
    items: dict[str, dict[str, Any]] = {
        "template#100": {
            "format": {"S": "webp"},
            "width": {"N": "320"},
            "fps": {"S": "15/2"},
            "quality": {"N": "60"},
        },
        "procedure#cards": {"uses": {"L": [{"M": use}]}},
        "prefix#cards/": {"procedure": {"S": "cards"}},
    }
    for sort_key, content in items.items():
        item = {"pk": {"S": PROJECT_ID}, "sk": {"S": sort_key}, **content}
        recorder.dynamodb.put_item(TableName="catalog", Item=item)


def calls(recorder: Recorder) -> None:
    """What came with the vendors' APIs: tasks that calls start, files, events, callbacks, sessions."""
    start = import_module("cliploop.application.start_task")
    procedure, template = import_module("cliploop.domain.procedure"), import_module("cliploop.domain.template")
    use, project = _use_cases(recorder)
    tuned = template.GifTuning(colors=64, hold=0)
    made = template.Template(0, template.ImageFormat.GIF, width=200, fps=Fraction(10), gif=tuned, name="small")
    number = use.templates.create(PROJECT_ID, made, "a comment", "token")
    references = (procedure.TemplateReference(number, import_module("cliploop.domain.section").Section(0, 2_000)),)
    use.procedures.create(PROJECT_ID, "called", references, "a comment")

    def order(token: str, **fields: Any) -> Any:
        return start.StartOrder(procedure="called", token=token, **fields)

    now = recorder.clock.now_ms
    destination = import_module("cliploop.domain.destination").Destination("outputs", "chosen", "mine.gif")
    file_id = recorder.tasks.get(PROJECT_ID, recorder.upload("uploaded", {"procedure": "cards"})).file_id
    use.start.of_file(project, file_id, order("1", session_id="once", session_context="context", name="of-file"))
    recorder.s3.put_object(Bucket="uploads", Key="of-object.mp4", Body=b"video")
    inline = start.StartOrder(
        uses=(procedure.TemplateUse(made),), destination=destination, token="2", exact_id=True, name="of-object"
    )
    use.start.of_object(project, "uploads", "of-object.mp4", inline)
    with recorder.watched("init"):
        use.start.of_address(project, "https://example.com/init.mp4?key=1", order("3", application="app"))
    for name in ("fetching", "fetched", "called-back"):
        task = use.start.of_address(
            project, f"https://example.com/{name}.mp4", order(name, callback_url=f"{CALLED}/own")
        )
        recorder.change(name, task.task_id, lambda task: task.claim(now()))
        if name != "fetching":
            _fetch(recorder, name, task)
        if name == "called-back":
            recorder.change(
                name, task.task_id, lambda task: task.claim(now()), settle, lambda task: task.finish(2, now())
            )
    canceled = recorder.upload("canceled")
    with recorder.watched("canceled"):
        use.cancel(PROJECT_ID, canceled)
    recorder.kept["session_key"] = use.uploads.apply(
        project, import_module("cliploop.domain.upload").UploadOrder(procedure="called"), "mp4"
    ).session_key


def _use_cases(recorder: Recorder) -> tuple[Any, Any]:
    parts = recorder.bootstrap.manage_tasks()[0].parts
    return parts.use, parts.project


def _fetch(recorder: Recorder, name: str, task: Any) -> None:
    """As the worker does that fetches: object, file, link, row, message."""
    identity, files = import_module("cliploop.domain.identity"), recorder.bootstrap.on_upload().process.fetch.files
    key = f"{task.source.key}.1"
    version = recorder.s3.put_object(Bucket="uploads", Key=key, Body=b"video", Metadata={"cliploop-attempt": "1"})
    source = identity.ObjectVersion("uploads", key, version["VersionId"])
    file_class = import_module("cliploop.domain.source_file").SourceFile
    file_id, now_ms = identity.file_id_of(PROJECT_ID, source), recorder.clock.now_ms()
    files.add(
        file_class(
            project_id=PROJECT_ID, file_id=file_id, source=source, size=5, created_ms=now_ms, name=f"{name}.mp4"
        )
    )
    files.link(PROJECT_ID, file_id, task.task_id, task.created_ms)
    recorder.change(name, task.task_id, lambda row: row.fetched(row.attempt, source, file_id, now_ms))
    recorder.bootstrap.on_upload().register.register.work.send(PROJECT_ID, task.task_id)


def telling(recorder: Recorder) -> None:
    """Ends that are told by every way: the bus, callbacks, and the reliable queue."""
    use, _ = _use_cases(recorder)
    use.event_settings.modify(PROJECT_ID, {"notification_url": CALLED, "sign_key": "sign", "tells_uploads": True})
    recorder.tell("called-back")
    modes = import_module("cliploop.domain.event_settings").EventMode
    use.event_settings.modify(PROJECT_ID, {"mode": modes.PULL})
    for name in ("succeeded-told", "failed-told"):
        recorder.tell(name)
    # The first one is taken, the second waits.
    taken = use.events.queue.take(PROJECT_ID, 1, recorder.clock.now_ms(), 30_000)
    recorder.kept["handle"] = taken[0].handle


def main(folder: Path) -> None:
    """Record into ``folder``."""
    with mock.patch.dict(os.environ, ENVIRONMENT), mock_aws():
        recorder = Recorder()
        by_hand(recorder)
        lives(recorder)
        if find_spec("cliploop.application.start_task"):
            calls(recorder)
            telling(recorder)
        else:
            for name in ("succeeded-told", "failed-told"):
                recorder.tell(name)
        recorder.write(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
