"""What every place that sources come from must do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cliploop.adapters.s3_sources import S3Sources
from cliploop.application.ports import Sources
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.identity import ObjectVersion
from cliploop.testing import InMemorySources

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

CONTENT = b"not really a video"
KEY = "a b+c%2B ü.mp4"


@pytest.fixture(params=["in memory", "moto"])
def stored(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Sources, ObjectVersion]:
    """Sources, and an object version in them that a newer version of its key covers."""
    if request.param == "in memory":
        path = tmp_path / "source"
        path.write_bytes(CONTENT)
        sources = InMemorySources()
        source = ObjectVersion("uploads", KEY, "v1")
        sources.put(source, str(path), len(CONTENT), {"procedure": "x"})
        return sources, source
    client: S3Client = request.getfixturevalue("s3")
    version = client.put_object(Bucket="uploads", Key=KEY, Body=CONTENT, Metadata={"Procedure": "x"})["VersionId"]
    client.put_object(Bucket="uploads", Key=KEY, Body=b"newer", Metadata={"procedure": "y"})
    return S3Sources(client), ObjectVersion("uploads", KEY, version)


def test_metadata_is_the_versions_own_with_names_in_lower_case(stored: tuple[Sources, ObjectVersion]) -> None:
    sources, source = stored
    assert sources.metadata(source) == {"procedure": "x"}


def test_an_open_source_knows_its_size_and_keeps_its_address_out_of_logs(
    stored: tuple[Sources, ObjectVersion],
) -> None:
    sources, source = stored
    opened = sources.open(source)
    assert opened.size == len(CONTENT)
    assert opened.url not in repr(opened)


def test_what_is_not_there_is_not_found(stored: tuple[Sources, ObjectVersion]) -> None:
    sources, _ = stored
    for attempt in (sources.metadata, sources.open):
        with pytest.raises(CliploopError) as raised:
            attempt(ObjectVersion("uploads", "gone.mp4", ""))
        assert raised.value.code is ErrorCode.SOURCE_NOT_FOUND
        assert not raised.value.retryable


def test_a_deleted_version_is_not_found(s3: S3Client) -> None:
    version = s3.put_object(Bucket="uploads", Key=KEY, Body=CONTENT)["VersionId"]
    s3.delete_object(Bucket="uploads", Key=KEY, VersionId=version)
    with pytest.raises(CliploopError) as raised:
        S3Sources(s3).metadata(ObjectVersion("uploads", KEY, version))
    assert raised.value.code is ErrorCode.SOURCE_NOT_FOUND
