"""What every place that finished images go to must do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import md5
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cliploop.adapters.s3_outputs import S3Outputs
from cliploop.application.ports import EncodedImage, OutputAddress, Outputs
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.task import LeaseLostError
from cliploop.domain.template import ImageFormat
from cliploop.testing import InMemoryOutputs

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

ADDRESS = OutputAddress("p" * 32, 1, 1, 20000, ImageFormat.GIF, attempt=1)


@dataclass(frozen=True)
class Store:
    """A store, and a way to see what it holds."""

    outputs: Outputs
    read: Callable[[str], bytes]


@pytest.fixture(params=["in memory", "moto"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "in memory":
        kept = InMemoryOutputs()
        return Store(kept, lambda key: kept.images[key].content)
    client: S3Client = request.getfixturevalue("s3")
    return Store(
        S3Outputs(client, "outputs"),
        lambda key: client.get_object(Bucket="outputs", Key=key)["Body"].read(),
    )


def image(folder: Path, content: bytes) -> EncodedImage:
    path = folder / md5(content, usedforsecurity=False).hexdigest()
    path.write_bytes(content)
    return EncodedImage(path, len(content), path.name, 2, 2, 1, 1_000)


def test_an_image_is_stored_where_it_was_said_to_be(store: Store, tmp_path: Path) -> None:
    made = image(tmp_path, b"one")
    where = store.outputs.locate(ADDRESS, made)
    store.outputs.publish(ADDRESS, made)
    assert (where.bucket, where.size, where.md5) == ("outputs", 3, made.md5)
    assert where.key.endswith("1.f20000.gif")
    assert store.read(where.key) == b"one"


def test_the_same_bytes_twice_are_stored_once(store: Store, tmp_path: Path) -> None:
    made = image(tmp_path, b"one")
    store.outputs.publish(ADDRESS, made)
    store.outputs.publish(replace(ADDRESS, attempt=2), made)
    store.outputs.publish(ADDRESS, made)
    assert store.read(store.outputs.locate(ADDRESS, made).key) == b"one"


def test_a_later_attempt_replaces_an_earlier_one(store: Store, tmp_path: Path) -> None:
    store.outputs.publish(ADDRESS, image(tmp_path, b"one"))
    better = image(tmp_path, b"two")
    store.outputs.publish(replace(ADDRESS, attempt=2), better)
    assert store.read(store.outputs.locate(ADDRESS, better).key) == b"two"


def test_a_late_worker_overwrites_nothing(store: Store, tmp_path: Path) -> None:
    kept = image(tmp_path, b"two")
    store.outputs.publish(replace(ADDRESS, attempt=2), kept)
    with pytest.raises(LeaseLostError):
        store.outputs.publish(ADDRESS, image(tmp_path, b"one"))
    assert store.read(store.outputs.locate(ADDRESS, kept).key) == b"two"


def test_two_uses_of_one_template_do_not_meet(store: Store, tmp_path: Path) -> None:
    made = image(tmp_path, b"one")
    assert store.outputs.locate(ADDRESS, made).key != store.outputs.locate(replace(ADDRESS, ordinal=2), made).key


def test_s3_is_told_what_it_is_and_whose(s3: S3Client, tmp_path: Path) -> None:
    made = image(tmp_path, b"one")
    outputs = S3Outputs(s3, "outputs")
    outputs.publish(ADDRESS, made)
    head = s3.head_object(Bucket="outputs", Key=outputs.locate(ADDRESS, made).key)
    assert head["ContentType"] == "image/gif"
    assert head["Metadata"] == {"cliploop-attempt": "1", "cliploop-md5": made.md5}
    assert "immutable" in head["CacheControl"]


def test_what_somebody_else_put_there_is_left_alone(s3: S3Client, tmp_path: Path) -> None:
    made = image(tmp_path, b"one")
    outputs = S3Outputs(s3, "outputs")
    key = outputs.locate(ADDRESS, made).key
    s3.put_object(Bucket="outputs", Key=key, Body=b"theirs")
    with pytest.raises(CliploopError) as raised:
        outputs.publish(ADDRESS, made)
    assert raised.value.code is ErrorCode.OUTPUT_NAME_TAKEN
    assert s3.get_object(Bucket="outputs", Key=key)["Body"].read() == b"theirs"


def test_an_image_stored_in_between_by_a_successor_stays(s3: S3Client, tmp_path: Path) -> None:
    """Between the look at the key and the overwrite, somebody else may have stored."""
    outputs = S3Outputs(s3, "outputs")
    outputs.publish(ADDRESS, image(tmp_path, b"one"))
    head_object = s3.head_object

    def overtaken(**where: str) -> object:
        seen = head_object(**where)  # type: ignore[arg-type]
        s3.put_object(Bucket="outputs", Key=where["Key"], Body=b"three", Metadata={"cliploop-attempt": "3"})
        return seen

    s3.head_object = overtaken  # type: ignore[assignment,method-assign]
    late = image(tmp_path, b"two")
    with pytest.raises(LeaseLostError):
        outputs.publish(replace(ADDRESS, attempt=2), late)
    assert s3.get_object(Bucket="outputs", Key=outputs.locate(ADDRESS, late).key)["Body"].read() == b"three"
