from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cliploop.adapters.aws_errors import code_of, unavailable_when_failing
from cliploop.application.ports import EncodedImage, OutputAddress
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.output import StoredImage
from cliploop.domain.task import LeaseLostError
from cliploop.domain.upload import ATTEMPT_KEY

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_MD5_KEY = "cliploop-md5"
#: The key holds the task's id, so what a viewer has cached never becomes another picture.
_CACHE_CONTROL = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class S3Outputs:
    """``Outputs`` in S3. Only conditional puts, so a late worker overwrites nothing (docs/adr/0003)."""

    client: S3Client
    bucket: str

    def locate(self, address: OutputAddress, image: EncodedImage) -> StoredImage:
        """See ``Outputs``."""
        return StoredImage(
            bucket=self.bucket,
            key=_key(address),
            size=image.size,
            md5=image.md5,
            width=image.width,
            height=image.height,
            frames=image.frames,
            duration_ms=image.duration_ms,
        )

    def publish(self, address: OutputAddress, image: EncodedImage) -> None:
        """See ``Outputs``."""
        with unavailable_when_failing("storing an image"):
            if self._put(address, image, {"IfNoneMatch": "*"}):
                return
            there = self.client.head_object(Bucket=self.bucket, Key=_key(address))
            if _is_ours_to_replace(there["Metadata"], address, image):
                self._replace(address, image, there["ETag"])

    def _replace(self, address: OutputAddress, image: EncodedImage, etag: str) -> None:
        if not self._put(address, image, {"IfMatch": etag}):
            raise LeaseLostError  # somebody stored there since we looked: only a later attempt does that

    def _put(self, address: OutputAddress, image: EncodedImage, condition: dict[str, str]) -> bool:
        """Whether the condition held and the image is stored."""
        try:
            with image.path.open("rb") as body:
                self.client.put_object(
                    Bucket=self.bucket,
                    Key=_key(address),
                    Body=body,
                    ContentType=address.format.content_type,
                    ContentMD5=base64.b64encode(bytes.fromhex(image.md5)).decode(),
                    CacheControl=_CACHE_CONTROL,
                    Metadata={ATTEMPT_KEY: str(address.attempt), _MD5_KEY: image.md5},
                    **condition,  # type: ignore[arg-type]  # one of two optional string parameters
                )
        except ClientError as error:
            if code_of(error) in {"PreconditionFailed", "412"}:
                return False
            raise
        return True


def _key(address: OutputAddress) -> str:
    # As in the seeds (v.f20001.webp); the ordinal keeps two uses of one template apart.
    name = f"{address.ordinal}.f{address.definition}.{address.format}"
    return f"{address.project_id}/{address.task_id}/{name}"


def _is_ours_to_replace(metadata: dict[str, str], address: OutputAddress, image: EncodedImage) -> bool:
    """Whether an earlier attempt's other bytes lie there; False where the same bytes do."""
    stored_by = metadata.get(ATTEMPT_KEY, "")
    if not stored_by.isdecimal():
        raise CliploopError(
            ErrorCode.OUTPUT_NAME_TAKEN,
            "The output's key in the output bucket holds an object that cliploop did not write; move it away.",
            log_text=f"{_key(address)} exists without {ATTEMPT_KEY}",
        )
    if metadata.get(_MD5_KEY) == image.md5:
        return False
    if int(stored_by) > address.attempt:
        raise LeaseLostError
    return True
