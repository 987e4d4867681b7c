from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

from botocore.exceptions import ClientError

from cliploop.adapters.aws_errors import code_of, unavailable_when_failing
from cliploop.application.ports import ReadableSource
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.identity import ObjectVersion

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

#: Longer than any invocation may run (15 minutes); the role's own credentials may end it sooner.
_URL_TTL_S = 3_600
#: A HEAD has no body, so S3's client knows only the status. 405 is a delete marker.
_GONE = {"404", "405", "NoSuchKey", "NoSuchVersion"}
_FORBIDDEN = {"403", "AccessDenied"}


class _Address(TypedDict):
    Bucket: str
    Key: str
    VersionId: NotRequired[str]


@dataclass(frozen=True)
class S3Sources:
    """``Sources`` in S3."""

    client: S3Client

    def metadata(self, source: ObjectVersion) -> Mapping[str, str]:
        """See ``Sources``."""
        return {name.lower(): value for name, value in self._head(source)["Metadata"].items()}

    def open(self, source: ObjectVersion) -> ReadableSource:
        """See ``Sources``. The address is presigned for this one version."""
        size = self._head(source)["ContentLength"]
        url = self.client.generate_presigned_url("get_object", Params=_address(source), ExpiresIn=_URL_TTL_S)
        return ReadableSource(url, size)

    def _head(self, source: ObjectVersion) -> Mapping[str, Any]:
        with unavailable_when_failing("looking at a source"):
            try:
                return self.client.head_object(**_address(source))
            except ClientError as error:
                if code_of(error) in _GONE:
                    raise _not_found(source) from error
                if code_of(error) in _FORBIDDEN:
                    raise _forbidden(source) from error
                raise


def _address(source: ObjectVersion) -> _Address:
    address: _Address = {"Bucket": source.bucket, "Key": source.key}
    if source.version_id:
        address["VersionId"] = source.version_id
    return address


def _not_found(source: ObjectVersion) -> CliploopError:
    return CliploopError(
        ErrorCode.SOURCE_NOT_FOUND,
        "The uploaded object is not there any more; upload it again.",
        log_text=f"{source} does not exist",
    )


def _forbidden(source: ObjectVersion) -> CliploopError:
    return CliploopError(
        ErrorCode.SOURCE_FORBIDDEN,
        "The uploaded object may not be read; check the bucket's policy and the key's encryption.",
        log_text=f"the function's role may not read {source}",
    )
