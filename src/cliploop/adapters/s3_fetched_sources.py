from __future__ import annotations

import base64
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from cliploop.adapters.aws_errors import unavailable_when_failing
from cliploop.application.ports_web import FetchAddress, WebSource
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.upload import ATTEMPT_KEY, UploadedObject

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

#: Bytes of a part; a few of them are in memory. S3 takes 10,000 parts, so no file may be larger than 78 GiB.
_PART = 8 * 1024 * 1024
#: Bytes that are asked for at once.
_READ = 256 * 1024


@dataclass(frozen=True)
class S3FetchedSources:
    """``FetchedSources`` in S3, beside the uploads. Of a worker that is killed, parts may be left; they expire."""

    client: S3Client
    bucket: str

    def store(self, address: FetchAddress, source: WebSource, beat: Callable[[], None]) -> UploadedObject:
        """See ``FetchedSources``. A file that fits in one part is put at once."""
        with unavailable_when_failing("storing a fetched source", refusal_ends_it=True):
            first = _next_part(source, beat)
            if not first:
                raise CliploopError(ErrorCode.FETCH_FAILED, "The address answered with an empty body.")
            if len(first) < _PART:
                return self._put(address, first)
            return self._put_in_parts(address, first, source, beat)

    def _put(self, address: FetchAddress, content: bytes) -> UploadedObject:
        stored = self.client.put_object(
            Bucket=self.bucket, Key=address.key, Body=content, Metadata=_metadata(address)
        )
        return self._stored(address, stored.get("VersionId", ""), len(content))

    def _put_in_parts(
        self, address: FetchAddress, first: bytes, source: WebSource, beat: Callable[[], None]
    ) -> UploadedObject:
        upload_id = self.client.create_multipart_upload(
            Bucket=self.bucket, Key=address.key, Metadata=_metadata(address), ChecksumAlgorithm="CRC32"
        )["UploadId"]
        try:
            parts: list[CompletedPartTypeDef] = []
            size, content = 0, first
            while content:
                parts.append(self._put_part(address, upload_id, len(parts) + 1, content))
                size += len(content)
                content = _next_part(source, beat)
            stored = self.client.complete_multipart_upload(
                Bucket=self.bucket, Key=address.key, UploadId=upload_id, MultipartUpload={"Parts": parts}
            )
        except BaseException:
            with suppress(ClientError, BotoCoreError):  # why it failed is worth more than why this did
                self.client.abort_multipart_upload(Bucket=self.bucket, Key=address.key, UploadId=upload_id)
            raise
        return self._stored(address, stored.get("VersionId", ""), size)

    def _put_part(self, address: FetchAddress, upload_id: str, number: int, content: bytes) -> CompletedPartTypeDef:
        checksum = base64.b64encode(zlib.crc32(content).to_bytes(4)).decode()
        part = self.client.upload_part(
            Bucket=self.bucket,
            Key=address.key,
            UploadId=upload_id,
            PartNumber=number,
            Body=content,
            ChecksumCRC32=checksum,
        )
        # S3 completes no upload that began with a checksum algorithm without the checksum of each part, and the
        # client begins every one with an algorithm.
        return {"PartNumber": number, "ETag": part["ETag"], "ChecksumCRC32": checksum}

    def _stored(self, address: FetchAddress, version_id: str, size: int) -> UploadedObject:
        return UploadedObject(ObjectVersion(self.bucket, address.key, version_id), size)


def _next_part(source: WebSource, beat: Callable[[], None]) -> bytes:
    """The next full part, or what is left."""
    part = bytearray()
    while len(part) < _PART:
        beat()
        data = source.read(min(_READ, _PART - len(part)))
        if not data:
            break
        part += data
    return bytes(part)


def _metadata(address: FetchAddress) -> dict[str, str]:
    return {ATTEMPT_KEY: str(address.attempt)}
