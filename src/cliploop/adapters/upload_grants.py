from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cliploop.adapters.aws_errors import unavailable_when_failing
from cliploop.application.ports_uploads import PostForm, TemporaryCredentials
from cliploop.domain.upload_key import is_exact

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sts.client import STSClient

#: STS gives no credentials for less.
_LEAST_S = 900
#: In CloudTrail, whose doing it was.
_SESSION_NAME = "cliploop-upload"
#: Everything that an upload in one piece or in parts takes. CreateMultipartUpload, UploadPart and
#: CompleteMultipartUpload all go by s3:PutObject.
_ACTIONS = ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]


@dataclass(frozen=True)
class StsUploadGrants:
    """``UploadGrants`` by STS and S3.

    Attributes:
        s3: signs with version 4, the only one that every region takes, and calls the bucket by its region's own host:
            browsers follow no redirect to another one.
        role_arn: of a role that may put what was applied for; each grant narrows it down to one key.
        bucket: the upload bucket.
    """

    sts: STSClient
    s3: S3Client
    role_arn: str
    bucket: str

    def credentials(self, key: str, seconds: int) -> TemporaryCredentials:
        """See ``UploadGrants``. The least that STS gives is 15 minutes."""
        with unavailable_when_failing("granting an upload"):
            granted = self.sts.assume_role(
                RoleArn=self.role_arn,
                RoleSessionName=_SESSION_NAME,
                DurationSeconds=max(seconds, _LEAST_S),
                Policy=self._policy(_exact(key)),
            )["Credentials"]
        return TemporaryCredentials(
            key_id=granted["AccessKeyId"],
            secret=granted["SecretAccessKey"],
            token=granted["SessionToken"],
            expires_s=int(granted["Expiration"].timestamp()),
        )

    def form(self, key: str, metadata: Mapping[str, str], most_bytes: int, seconds: int) -> PostForm:
        """See ``UploadGrants``. S3 refuses every field that the form's policy does not name."""
        named = {f"x-amz-meta-{name}": value for name, value in metadata.items()}
        with unavailable_when_failing("signing an upload form"):
            signed = self.s3.generate_presigned_post(
                self.bucket,
                _exact(key),
                Fields=dict(named),
                Conditions=[
                    *({name: value} for name, value in named.items()),
                    ["content-length-range", 1, most_bytes],
                ],
                ExpiresIn=seconds,
            )
        return PostForm(signed["url"], signed["fields"])

    def _policy(self, key: str) -> str:
        """In the role's own partition (aws, aws-cn, aws-us-gov), which its name begins with."""
        partition = self.role_arn.split(":")[1]
        statement = {"Effect": "Allow", "Action": _ACTIONS, "Resource": f"arn:{partition}:s3:::{self.bucket}/{key}"}
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _exact(key: str) -> str:
    if not is_exact(key):
        raise ValueError(f"a policy would read more than one key in {key!a}")
    return key
