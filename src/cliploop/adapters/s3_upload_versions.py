from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cliploop.adapters.aws_errors import code_of, unavailable_when_failing
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.upload import UploadedObject

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


@dataclass(frozen=True)
class S3UploadedVersions:
    """``UploadedVersions`` in S3. Needs s3:ListBucket, without which what is missing looks forbidden."""

    client: S3Client

    def latest(self, bucket: str, key: str) -> UploadedObject | None:
        """See ``UploadedVersions``. A deleted object is not there."""
        with unavailable_when_failing("looking for an upload"):
            try:
                head = self.client.head_object(Bucket=bucket, Key=key)
            except ClientError as error:
                if code_of(error) == "404":
                    return None
                raise
        return UploadedObject(ObjectVersion(bucket, key, head.get("VersionId", "")), head["ContentLength"])
