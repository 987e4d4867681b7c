"""What every way to look for an upload must do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from cliploop.adapters.s3_upload_versions import S3UploadedVersions
from cliploop.application.ports_uploads import UploadedVersions
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.upload import UploadedObject
from cliploop.testing.in_memory_uploads import InMemoryUploadedVersions

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

KEY = "cliploop-applied/p/n/clip.mp4"


@dataclass(frozen=True)
class Store:
    """A store, and how to put bytes at ``KEY``, which gives the version."""

    versions: UploadedVersions
    put: Callable[[bytes], str]


@pytest.fixture(params=["in memory", "moto"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "in memory":
        kept = InMemoryUploadedVersions()
        return Store(kept, lambda body: _put(kept, body))
    client: S3Client = request.getfixturevalue("s3")
    return Store(
        S3UploadedVersions(client),
        lambda body: client.put_object(Bucket="uploads", Key=KEY, Body=body)["VersionId"],
    )


def _put(kept: InMemoryUploadedVersions, body: bytes) -> str:
    kept.put(ObjectVersion("uploads", KEY, body.decode()), len(body))
    return body.decode()


def test_nothing_is_there_before_it_is_put(store: Store) -> None:
    assert store.versions.latest("uploads", KEY) is None


def test_the_newest_version_is_found_with_its_size(store: Store) -> None:
    store.put(b"one")
    newest = store.put(b"three")
    assert store.versions.latest("uploads", KEY) == UploadedObject(ObjectVersion("uploads", KEY, newest), 5)
    assert store.versions.latest("uploads", KEY + "x") is None


def test_a_deleted_object_is_not_there(s3: S3Client) -> None:
    s3.put_object(Bucket="uploads", Key=KEY, Body=b"one")
    s3.delete_object(Bucket="uploads", Key=KEY)
    assert S3UploadedVersions(s3).latest("uploads", KEY) is None


def test_a_store_that_fails_is_not_an_upload_that_is_missing(s3: S3Client) -> None:
    def fail(**_: object) -> None:
        s3.get_bucket_policy(Bucket="uploads")  # which it has none of: some other error of S3's

    s3.meta.events.register("before-parameter-build.s3.HeadObject", fail)
    with pytest.raises(CliploopError) as raised:
        S3UploadedVersions(s3).latest("uploads", KEY)
    assert (raised.value.code, raised.value.retryable) == (ErrorCode.UNAVAILABLE, True)
