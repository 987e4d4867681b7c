from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cliploop.adapters.aws_errors import code_of, unavailable_when_failing
from cliploop.adapters.beating_file import BeatingFile
from cliploop.application.ports import Beat, EncodedImage, no_beat
from cliploop.application.ports_outputs import OutputAddress
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.output import StoredImage
from cliploop.domain.publication import Publication, name_taken
from cliploop.domain.upload import ATTEMPT_KEY

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_MD5_KEY = "cliploop-md5"
_TASK_KEY = "cliploop-task"
_CREATED_KEY = "cliploop-task-created"
#: A key of our own holds the task's id, so what a viewer has cached never becomes another picture.
_NEVER_CHANGES = "public, max-age=31536000, immutable"
#: Under a key that a caller chose another task's picture may come to lie: a viewer asks whether it is still the one.
_MAY_CHANGE = "no-cache"
#: How often a put is tried that meets another one under its key. Each meeting is one that somebody else has won.
_MOST_MEETINGS = 5
#: Versions of one key that are looked at where an image is taken back. Attempts at one task make few; of tasks that
#: were started with one name, those of a time are near the top.
_MOST_VERSIONS = 50
#: What S3 answers where a condition does not hold, another conditional put is under way, or the object of an If-Match
#: is gone (API reference, PutObject).
_CONDITION_FAILED = {"PreconditionFailed", "412", "ConditionalRequestConflict", "NoSuchKey"}


@dataclass(frozen=True)
class S3Outputs:
    """``Outputs`` in S3. Only conditional puts, so a late worker overwrites nothing (docs/adr/0003).

    Who has stored an image stands in its metadata. A key that a caller chose may be another task's as well, and which
    of the two is to have it must not depend on which is done first, nor be settled by looking before putting: so each
    image says whose it is, and is replaced only as the one that was seen.
    """

    client: S3Client
    bucket: str

    def locate(self, address: OutputAddress, image: EncodedImage) -> StoredImage:
        """See ``Outputs``."""
        return StoredImage(
            bucket=self.bucket,
            key=address.key,
            size=image.size,
            md5=image.md5,
            width=image.width,
            height=image.height,
            frames=image.frames,
            duration_ms=image.duration_ms,
        )

    def publish(self, address: OutputAddress, image: EncodedImage, beat: Beat = no_beat) -> None:
        """See ``Outputs``."""
        with unavailable_when_failing("storing an image", refusal_ends_it=True):
            for _ in range(_MOST_MEETINGS):
                if self._put(address, image, {"IfNoneMatch": "*"}, beat):
                    return
                there = self._there(address)
                if there is None:
                    continue  # removed since
                if not address.publication(image.md5).replaces(there.by):
                    return
                if self._put(address, image, {"IfMatch": there.etag}, beat):
                    return
        raise CliploopError(
            ErrorCode.UNAVAILABLE,
            "Other images are being stored under the same name just now; trying again helps, as a rule.",
            log_text=f"{address.key} was changed each of {_MOST_MEETINGS} times between looking and putting",
            retryable=True,
        )

    def withdraw(self, address: OutputAddress) -> None:
        """See ``Outputs``. Versions are deleted, one by one: what another task has stored there stays, or comes back.

        Also those that are covered by another task's image: if that one is removed some day, this must not come back.
        """
        with unavailable_when_failing("removing an image", refusal_ends_it=True):
            for version_id in self._versions(address.key):
                try:
                    there = self._there(address, version_id)
                except CliploopError:
                    continue  # somebody else's
                if there is not None and address.has_stored(there.by):
                    self.client.delete_object(Bucket=self.bucket, Key=address.key, VersionId=version_id)

    def _versions(self, key: str) -> list[str]:
        """The newest versions of the object; "null" in a bucket without versions."""
        answer = self.client.list_object_versions(Bucket=self.bucket, Prefix=key, MaxKeys=_MOST_VERSIONS)
        return [each["VersionId"] for each in answer.get("Versions", []) if each["Key"] == key]

    def _there(self, address: OutputAddress, version_id: str = "") -> _Stored | None:
        version: Any = {"VersionId": version_id} if version_id else {}
        try:
            head = self.client.head_object(Bucket=self.bucket, Key=address.key, **version)
        except ClientError as error:
            if code_of(error) == "404":
                return None
            raise
        return _Stored(_stored_by(head["Metadata"], address), head["ETag"])

    def _put(self, address: OutputAddress, image: EncodedImage, condition: dict[str, str], beat: Beat) -> bool:
        """Whether the condition held and the image is stored."""
        try:
            with BeatingFile(image.path, beat) as body, body.unwrapped():
                self.client.put_object(
                    Bucket=self.bucket,
                    Key=address.key,
                    Body=body,
                    ContentType=address.format.content_type,
                    ContentMD5=base64.b64encode(bytes.fromhex(image.md5)).decode(),
                    CacheControl=_MAY_CHANGE if address.destination else _NEVER_CHANGES,
                    Metadata={
                        ATTEMPT_KEY: str(address.attempt),
                        _MD5_KEY: image.md5,
                        _TASK_KEY: str(address.task_id),
                        _CREATED_KEY: str(address.created_ms),
                    },
                    **condition,  # type: ignore[arg-type]  # one of two optional string parameters
                )
        except ClientError as error:
            if code_of(error) in _CONDITION_FAILED:
                return False
            raise
        return True


@dataclass(frozen=True)
class _Stored:
    """An image as it was seen: who has stored it, and what a put names to replace this one."""

    by: Publication
    etag: str


def _stored_by(metadata: Mapping[str, str], address: OutputAddress) -> Publication:
    """Who has stored what lies at ``address``.

    Raises:
        CliploopError: OUTPUT_NAME_TAKEN where it was not cliploop.
    """
    said = {name: metadata.get(name, "") for name in (ATTEMPT_KEY, _TASK_KEY, _CREATED_KEY)}
    if not address.destination and not said[_TASK_KEY]:
        # A key of our own holds the task's id, which is all that images of earlier releases say of their task.
        said |= {_TASK_KEY: str(address.task_id), _CREATED_KEY: str(address.created_ms)}
    if not all(number.isdecimal() for number in said.values()):
        raise name_taken(
            "The output's key in the output bucket holds an object that cliploop did not write; move it away.",
            log_text=f"{address.key} exists without {', '.join(said)}",
        )
    return Publication(
        task_id=int(said[_TASK_KEY]),
        created_ms=int(said[_CREATED_KEY]),
        attempt=int(said[ATTEMPT_KEY]),
        md5=metadata.get(_MD5_KEY, ""),
    )
