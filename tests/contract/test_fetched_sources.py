"""What every place that fetched sources go to must do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ReadTimeoutError

from cliploop.adapters.s3_fetched_sources import S3FetchedSources
from cliploop.application.ports_web import FetchAddress, FetchedSources
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.task import LeaseLostError
from cliploop.domain.upload import ATTEMPT_KEY, UploadedObject, reason_to_skip
from cliploop.testing.in_memory_web import InMemoryFetchedSources, InMemoryWebSource

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

PART = 8 * 1024 * 1024
ADDRESS = FetchAddress("p" * 32, 7, 1, "höhe 100%.mp4")
BROKEN = CliploopError(ErrorCode.FETCH_FAILED, "It broke off.", retryable=True)


@dataclass(frozen=True)
class Store:
    """A store, and ways to see what it holds."""

    sources: FetchedSources
    read: Callable[[UploadedObject], bytes]
    keys: Callable[[], list[str]]


@pytest.fixture(params=["in memory", "moto"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "in memory":
        kept = InMemoryFetchedSources()
        return Store(kept, lambda stored: kept.objects[stored.source.key][0], lambda: list(kept.objects))
    client: S3Client = request.getfixturevalue("s3")
    return Store(S3FetchedSources(client, "uploads"), lambda stored: body(client, stored), lambda: keys(client))


def body(client: S3Client, stored: UploadedObject) -> bytes:
    where = stored.source
    found = client.get_object(Bucket=where.bucket, Key=where.key, VersionId=where.version_id)
    return found["Body"].read()


def keys(client: S3Client) -> list[str]:
    """Every object and every unfinished upload."""
    objects = client.list_objects_v2(Bucket="uploads").get("Contents", [])
    uploads = client.list_multipart_uploads(Bucket="uploads").get("Uploads", [])
    return [each["Key"] for each in objects] + [each["Key"] for each in uploads]


def idle() -> None:
    """A heartbeat of somebody who has all the time in the world."""


class Breaking(InMemoryWebSource):
    """A source that breaks off after its content."""

    def read(self, most: int) -> bytes:
        data = super().read(most)
        if not data:
            raise BROKEN
        return data


class Dripping(InMemoryWebSource):
    """A source of which a few bytes arrive at a time."""

    def read(self, most: int) -> bytes:
        return super().read(min(most, 700_001))


@pytest.mark.parametrize("size", [1, PART - 1, PART, PART + 1, 2 * PART, 2 * PART + 5])
def test_what_arrives_is_stored_whole(store: Store, size: int) -> None:
    content = bytes(range(251)) * (size // 251 + 1)
    stored = store.sources.store(ADDRESS, Dripping(content[:size]), idle)
    assert stored.size == size
    assert stored.source.bucket == "uploads"
    assert stored.source.version_id
    assert stored.source.key == f"cliploop-fetched/{'p' * 32}/7/1/höhe 100%.mp4"
    assert store.read(stored) == content[:size]


def test_attempts_do_not_meet(store: Store) -> None:
    first = store.sources.store(ADDRESS, InMemoryWebSource(b"one"), idle)
    second = store.sources.store(replace(ADDRESS, attempt=2), InMemoryWebSource(b"two"), idle)
    assert first.source != second.source
    assert (store.read(first), store.read(second)) == (b"one", b"two")


@pytest.mark.parametrize("size", [0, 5, PART, PART + 5])
def test_of_a_source_that_breaks_off_nothing_is_left(store: Store, size: int) -> None:
    with pytest.raises(CliploopError) as raised:
        store.sources.store(ADDRESS, Breaking(bytes(size)), idle)
    assert raised.value is BROKEN
    assert store.keys() == []


@pytest.mark.parametrize("size", [5, PART + 5])
def test_a_heartbeat_that_stops_leaves_nothing(store: Store, size: int) -> None:
    beats: list[None] = []

    def stop_at_the_end() -> None:
        beats.append(None)
        if len(beats) == size // (256 * 1024) + 2:
            raise LeaseLostError

    if isinstance(store.sources, InMemoryFetchedSources):
        size = 5
    with pytest.raises(LeaseLostError):
        store.sources.store(ADDRESS, InMemoryWebSource(bytes(size)), stop_at_the_end)
    assert store.keys() == []


def test_nothing_is_no_source(store: Store) -> None:
    with pytest.raises(CliploopError) as raised:
        store.sources.store(ADDRESS, InMemoryWebSource(b""), idle)
    assert (raised.value.code, raised.value.retryable) == (ErrorCode.FETCH_FAILED, False)
    assert "empty" in raised.value.caller_text
    assert store.keys() == []


@pytest.mark.parametrize("size", [5, PART + 5])
def test_its_own_event_starts_nothing(s3: S3Client, size: int) -> None:
    stored = S3FetchedSources(s3, "uploads").store(ADDRESS, InMemoryWebSource(bytes(size)), idle)
    metadata = s3.head_object(Bucket="uploads", Key=stored.source.key)["Metadata"]
    assert metadata == {ATTEMPT_KEY: "1"}
    assert reason_to_skip(stored, metadata) == "the object was written by cliploop"


def test_no_more_than_a_part_is_read_ahead(s3: S3Client) -> None:
    """Bytes that were read and not yet handed to S3, seen at each read."""
    handed = 0
    ahead: list[int] = []
    upload_part = s3.upload_part

    def counting(**part: object) -> object:
        nonlocal handed
        handed += len(part["Body"])  # type: ignore[arg-type]
        return upload_part(**part)  # type: ignore[arg-type]

    class Watched(InMemoryWebSource):
        taken = 0

        def read(self, most: int) -> bytes:
            data = super().read(most)
            self.taken += len(data)
            ahead.append(self.taken - handed)
            return data

    s3.upload_part = counting  # type: ignore[assignment,method-assign]
    S3FetchedSources(s3, "uploads").store(ADDRESS, Watched(bytes(3 * PART)), idle)
    assert handed == 3 * PART
    assert max(ahead) == PART


def test_a_store_that_does_not_answer_is_tried_again(s3: S3Client) -> None:
    def time_out(**_: object) -> None:
        raise ReadTimeoutError(endpoint_url="https://s3")

    s3.put_object = time_out  # type: ignore[assignment,method-assign]
    with pytest.raises(CliploopError) as raised:
        S3FetchedSources(s3, "uploads").store(ADDRESS, InMemoryWebSource(b"x"), idle)
    assert (raised.value.code, raised.value.retryable) == (ErrorCode.UNAVAILABLE, True)


def test_a_store_that_is_not_there_ends_the_task(s3: S3Client) -> None:
    with pytest.raises(CliploopError) as raised:
        S3FetchedSources(s3, "nowhere").store(ADDRESS, InMemoryWebSource(b"x"), idle)
    assert (raised.value.code, raised.value.retryable) == (ErrorCode.INTERNAL, False)
