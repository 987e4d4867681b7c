"""Somebody who uses a deployed stack: uploads, waits, listens and asks."""

from __future__ import annotations

import json
import time
import urllib.request
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from cliploop.domain.identity import ObjectVersion, render_vod_task_id, task_id_of_upload
from local.api import list_tasks
from local.listener import Listener
from local.stack import Stack

APP_ID = 1_300_000_000  # the template's default
PATIENCE_S = 120
FINAL = {"SUCCEED", "FAILED", "CANCELED"}


@dataclass(frozen=True)
class Customer:
    """A customer of one stack."""

    stack: Stack
    listener: Listener
    heard: list[dict[str, Any]] = field(default_factory=list)

    # -- uploading --------------------------------------------------------------------------------

    def upload(self, path: Path, key: str, metadata: dict[str, str]) -> ObjectVersion:
        return self.upload_bytes(path.read_bytes(), key, metadata)

    def upload_bytes(self, content: bytes, key: str, metadata: dict[str, str]) -> ObjectVersion:
        answer = self._s3.put_object(Bucket=self.stack.upload_bucket, Key=key, Body=content, Metadata=metadata)
        return self._version(key, answer["VersionId"])

    def upload_by_copy(self, path: Path, key: str, metadata: dict[str, str]) -> ObjectVersion:
        known = self.upload(path, f"known-{key}", {"procedure": "none"})
        answer = self._s3.copy_object(
            Bucket=self.stack.upload_bucket,
            Key=key,
            CopySource={"Bucket": known.bucket, "Key": known.key},
            Metadata=metadata,
            MetadataDirective="REPLACE",
        )
        return self._version(key, answer["VersionId"])

    def upload_by_multipart(self, path: Path, key: str, metadata: dict[str, str]) -> ObjectVersion:
        where = {"Bucket": self.stack.upload_bucket, "Key": key}
        upload = self._s3.create_multipart_upload(**where, Metadata=metadata)["UploadId"]
        part = self._s3.upload_part(**where, UploadId=upload, PartNumber=1, Body=path.read_bytes())
        parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
        answer = self._s3.complete_multipart_upload(**where, UploadId=upload, MultipartUpload=parts)
        return self._version(key, answer["VersionId"])

    def upload_by_post(self, path: Path, key: str, metadata: dict[str, str]) -> ObjectVersion:
        """As a browser's form does."""
        fields = {f"x-amz-meta-{name}": value for name, value in metadata.items()}
        conditions: list[Any] = [{name: value} for name, value in fields.items()]
        form = self._s3.generate_presigned_post(self.stack.upload_bucket, key, fields, conditions)
        boundary = uuid.uuid4().hex
        head = "".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in form["fields"].items()
        )
        head += f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
        body = head.encode() + path.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
        request = urllib.request.Request(  # noqa: S310
            form["url"], body, {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        )
        urllib.request.urlopen(request).close()  # noqa: S310
        return self._version(key, self._s3.head_object(Bucket=self.stack.upload_bucket, Key=key)["VersionId"])

    # -- waiting and asking -----------------------------------------------------------------------

    def task(self, source: ObjectVersion) -> dict[str, Any]:
        """The task of an upload, once it has ended."""

        def ended() -> dict[str, Any] | None:
            task = self.found(source)
            return task if task and task["status"] in FINAL else None

        return _wait_for(ended, f"the end of the task of {source.key}")

    def found(self, source: ObjectVersion) -> dict[str, Any] | None:
        status, answer = list_tasks(self.stack, [("task_id", str(self._task_id(source)))])
        assert status == 200, answer
        return next(iter(answer["tasks"]), None)

    def read_the_list(self, status: str | None, page_size: int) -> tuple[int, list[str]]:
        """The total that the first page names, and the ids on all pages."""
        query = [("size", str(page_size)), *([("status", status)] if status else [])]
        ids: list[str] = []
        total = number = 0
        while True:
            code, answer = list_tasks(self.stack, [*query, ("page", str(number))])
            assert code == 200, answer
            total = answer["total"] if number == 0 else total
            if not answer["tasks"]:
                return total, ids
            ids += [task["task_id"] for task in answer["tasks"]]
            number += 1

    def notification(self, source: ObjectVersion) -> dict[str, Any]:
        """The notification of an upload's end."""
        return _wait_for(lambda: next(iter(self._told(source)), None), f"the notification of {source.key}")

    def delivery_ids(self, source: ObjectVersion) -> set[str]:
        return {told["DeliveryId"] for told in self._told(source)}

    def image(self, url: str) -> tuple[bytes, str]:
        """An image's bytes and content type, from the bucket that its address names."""
        parts = urlsplit(url)
        bucket = str(parts.hostname).partition(".")[0]
        answer = self._s3.get_object(Bucket=bucket, Key=unquote(parts.path[1:]))
        return answer["Body"].read(), answer["ContentType"]

    # -- behind the curtain -----------------------------------------------------------------------

    def deliver_again(self, source: ObjectVersion, times: int) -> None:
        """The upload's event once more, under as many message ids."""
        size = self._s3.head_object(Bucket=source.bucket, Key=source.key, VersionId=source.version_id)[
            "ContentLength"
        ]
        created = {"key": source.key, "size": size, "version-id": source.version_id}
        event = {"source": "aws.s3", "detail": {"bucket": {"name": source.bucket}, "object": created}}
        self._send(self.stack.uploads_queue_url, event, times)

    def ask_for_work_again(self, source: ObjectVersion, times: int) -> None:
        pointer = {"project_id": self.stack.project_id, "task_id": str(self._task_id(source))}
        self._send(self.stack.work_queue_url, pointer, times)

    def wait_until_quiet(self) -> None:
        """Until both queues are empty and nothing is on its way."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]

        def quiet() -> bool:
            queues = (self.stack.uploads_queue_url, self.stack.work_queue_url)
            counts = [
                self._sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"] for queue in queues
            ]
            return not any(int(count) for attributes in counts for count in attributes.values())

        _wait_for(quiet, "empty queues")
        time.sleep(2)  # the stream is read once a second: what is still to be told is told by then

    def row(self, source: ObjectVersion) -> dict[str, Any]:
        key = {"pk": {"S": f"{self.stack.project_id}#task#{self._task_id(source)}"}, "sk": {"S": "task"}}
        item: dict[str, Any] = self._dynamodb.get_item(TableName=self.stack.table, Key=key)["Item"]
        return item

    def rows_of(self, source: ObjectVersion) -> int:
        pages = self._dynamodb.get_paginator("scan").paginate(TableName=self.stack.table)
        sources = [item["source"]["M"] for page in pages for item in page["Items"] if item["sk"]["S"] == "task"]
        return sum(row["key"]["S"] == source.key for row in sources)

    def stored_versions(self, source: ObjectVersion) -> list[int]:
        """How often each output of a task was put."""
        prefix = f"{self.stack.project_id}/{self._task_id(source)}/"
        answer = self._s3.list_object_versions(Bucket=self.stack.output_bucket, Prefix=prefix)
        keys = [version["Key"] for version in answer.get("Versions", [])]
        return [keys.count(key) for key in sorted(set(keys))]

    def _told(self, source: ObjectVersion) -> list[dict[str, Any]]:
        self.heard.extend(event["detail"] for event in self.listener.events())
        task_id = render_vod_task_id(APP_ID, self._task_id(source))
        return [
            detail
            for detail in self.heard
            if detail["EventType"] == "ProcedureStateChanged"
            and detail["ProcedureStateChangeEvent"]["TaskId"] == task_id
        ]

    def _task_id(self, source: ObjectVersion) -> int:
        return task_id_of_upload(self.stack.project_id, source)

    def _version(self, key: str, version_id: str) -> ObjectVersion:
        return ObjectVersion(self.stack.upload_bucket, key, version_id)

    def _send(self, queue_url: str, body: dict[str, Any], times: int) -> None:
        for _ in range(times):
            self._sqs.send_message(QueueUrl=queue_url, MessageBody=json.dumps(body))

    @property
    def _s3(self) -> Any:
        return self.stack.client("s3")

    @property
    def _sqs(self) -> Any:
        return self.stack.client("sqs")

    @property
    def _dynamodb(self) -> Any:
        return self.stack.client("dynamodb")


Found = TypeVar("Found")


def _wait_for(look: Callable[[], Found | None], what: str) -> Found:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.1)
    raise AssertionError(f"waited {PATIENCE_S} s in vain for {what}")
