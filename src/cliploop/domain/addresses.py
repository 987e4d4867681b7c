from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from cliploop.domain.identity import ObjectVersion
from cliploop.domain.output import StoredImage


@dataclass(frozen=True)
class Addresses:
    """How stored objects are named to the outside. Never signed: a row, a log and a notification outlive a signature.

    Attributes:
        region: of the buckets.
        public_base_url: where the output bucket is served (a CDN, say); empty = its own, private S3 address.
    """

    region: str
    public_base_url: str = ""

    def of_image(self, image: StoredImage) -> str:
        """The address of a finished image."""
        if self.public_base_url:
            return f"{self.public_base_url.rstrip('/')}/{quote(image.key)}"
        return self._private(image.bucket, image.key)

    def of_source(self, source: ObjectVersion) -> str:
        """The private address of a source; the bucket is not public."""
        return self._private(source.bucket, source.key)

    def _private(self, bucket: str, key: str) -> str:
        suffix = "amazonaws.com.cn" if self.region.startswith("cn-") else "amazonaws.com"
        return f"https://{bucket}.s3.{self.region}.{suffix}/{quote(key)}"
