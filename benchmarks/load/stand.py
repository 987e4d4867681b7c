"""The local stack under load: who uploads, who listens, who watches the queues, and what is there in the end."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from benchmarks.load.findings import Depth, Row, Told, Upload
from cliploop.domain.identity import parse_vod_task_id
from local.listener import listen
from local.stack import Stack

_DEPTHS = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]


@dataclass
class Stand:
    """One deployed stack. boto3's clients are shared by threads, its sessions are not."""

    stack: Stack
    s3: Any = None
    sqs: Any = None
    dynamodb: Any = None
    uploads: list[Upload] = field(default_factory=list)
    depths: list[Depth] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    _warm: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Connect, and subscribe to the bus."""
        self.s3, self.sqs, self.dynamodb = map(self.stack.client, ("s3", "sqs", "dynamodb"))
        self.listener = listen(self.stack, "load")

    def warm_up(self, uploads: int) -> None:
        """Have every function's process started, by uploads that are forgotten afterwards."""
        for number in range(uploads):
            self.upload(f"warm/{number}.mp4", b"x", {})
        self._wait_for(uploads)
        self._warm = {row.task_id for row in self.rows()}
        self.uploads.clear()
        self.told.clear()

    def _wait_for(self, ends: int) -> None:
        def told() -> bool:
            self.hear()
            return len({each.task_id for each in self.told}) >= ends

        self.wait(told, 300)

    def upload(self, key: str, content: bytes, metadata: dict[str, str], *, is_video: bool = True) -> None:
        """Put one object."""
        answer = self.s3.put_object(Bucket=self.stack.upload_bucket, Key=key, Body=content, Metadata=metadata)
        self.uploads.append(Upload(key, answer["VersionId"], _now_ms(), is_video))

    def depth(self, queue_url: str) -> int:
        """Messages in a queue, hidden ones too."""
        found = self.sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=_DEPTHS)["Attributes"]
        return sum(int(found[name]) for name in _DEPTHS)

    def hear(self) -> None:
        """Take what the bus has told since the last look."""
        asked = {"QueueUrl": self.listener.queue_url, "MaxNumberOfMessages": 10}
        while messages := self.sqs.receive_message(**asked, AttributeNames=["SentTimestamp"]).get("Messages"):
            for message in messages:
                self._note(json.loads(message["Body"])["detail"], int(message["Attributes"]["SentTimestamp"]))
            heard = [{"Id": str(n), "ReceiptHandle": each["ReceiptHandle"]} for n, each in enumerate(messages)]
            self.sqs.delete_message_batch(QueueUrl=asked["QueueUrl"], Entries=heard)

    def stop_listening(self) -> None:
        """End the subscription; what is still in its queue stays there."""
        events = self.stack.client("events")
        events.remove_targets(Rule="load", EventBusName=self.stack.bus, Ids=["queue"])
        events.delete_rule(Name="load", EventBusName=self.stack.bus)
        self.sqs.purge_queue(QueueUrl=self.listener.queue_url)

    def _note(self, detail: dict[str, Any], at_ms: int) -> None:
        if detail["EventType"] == "ProcedureStateChanged":
            known = parse_vod_task_id(self.stack.app_id, detail["ProcedureStateChangeEvent"]["TaskId"])
            if known and known[1] not in self._warm:
                self.told.append(Told(known[1], detail["DeliveryId"], at_ms))

    def rows(self) -> list[Row]:
        """Every task's row."""
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.stack.table)
        rows = [_row(item) for page in pages for item in page["Items"] if item["sk"]["S"] == "task"]
        return [row for row in rows if row.task_id not in self._warm]

    def output_versions(self) -> dict[str, int]:
        """How often each key of the output bucket was put."""
        pages = self.s3.get_paginator("list_object_versions").paginate(Bucket=self.stack.output_bucket)
        return dict(Counter(version["Key"] for page in pages for version in page.get("Versions", [])))

    @contextmanager
    def watched(self, every_s: float = 1.0) -> Iterator[None]:
        """Write down how deep the queues are until the block ends, and listen meanwhile."""
        began, over = time.monotonic(), threading.Event()

        def look() -> None:
            while not over.wait(every_s):
                at_s = round(time.monotonic() - began, 1)
                queues = self.stack.uploads_queue_url, self.stack.work_queue_url
                self.depths.append(Depth(at_s, *map(self.depth, queues)))
                self.hear()

        thread = threading.Thread(target=look, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def wait(self, until: Callable[[], bool], longest_s: float) -> bool:
        """Whether it came true in time."""
        end = time.monotonic() + longest_s
        while time.monotonic() < end:
            if until():
                return True
            time.sleep(1)
        return False

    def switch_worker(self, *, on: bool) -> None:
        """Have the work queue delivered, or keep its messages in it."""
        functions = self.stack.client("lambda")
        name = self.stack.work_queue_url.rpartition("/")[2]
        (mapping,) = [
            each
            for each in functions.list_event_source_mappings()["EventSourceMappings"]
            if each["EventSourceArn"].endswith(f":{name}")
        ]
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=on)


def _row(item: dict[str, Any]) -> Row:
    numbers = {name: int(item[name]["N"]) for name in ("task_id", "attempt", "created_ms", "started_ms", "ended_ms")}
    source = item["source"]["M"]
    outputs = (output["M"].get("image") for output in item["outputs"]["L"])
    return Row(
        key=source["key"]["S"],
        version_id=source["version_id"]["S"],
        state=item["state"]["S"],
        images=tuple(image["M"]["key"]["S"] for image in outputs if image),
        **numbers,
    )


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
