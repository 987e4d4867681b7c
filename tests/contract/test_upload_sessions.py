"""What every place that remembers applied uploads must do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cliploop.adapters.dynamodb_upload_sessions import DynamoDBUploadSessions
from cliploop.application.ports_uploads import UploadSessions
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.procedure import NotifyMode
from cliploop.domain.section import Section
from cliploop.domain.upload import UploadedObject, UploadOrder
from cliploop.domain.upload_session import UploadSession
from cliploop.testing.in_memory_uploads import InMemoryUploadSessions

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

SESSION = UploadSession(
    project_id="p" * 32,
    session_key="sëcret-ßession",
    bucket="uploads",
    key="cliploop-applied/p/n/clip.mp4",
    order=UploadOrder("flöw", Section(1_000, -2_000), "cöntext", -10, NotifyMode.CHANGE, "söurce", "動物.mp4"),
    expires_ms=1_700_000_000_999,
)


def uploaded(version_id: str) -> UploadedObject:
    return UploadedObject(ObjectVersion(SESSION.bucket, SESSION.key, version_id), 5 * 1024**4)


@pytest.fixture(params=["in memory", "moto"])
def sessions(request: pytest.FixtureRequest) -> UploadSessions:
    if request.param == "in memory":
        return InMemoryUploadSessions()
    return DynamoDBUploadSessions(request.getfixturevalue("dynamodb"), "catalog")


@pytest.mark.parametrize("order", [SESSION.order, UploadOrder(), UploadOrder("none", section=Section())])
def test_a_session_comes_back_as_it_was(sessions: UploadSessions, order: UploadOrder) -> None:
    session = replace(SESSION, order=order)
    sessions.add(session)
    assert sessions.get(session.project_id, session.session_key) == session


def test_a_session_belongs_to_its_project_and_key(sessions: UploadSessions) -> None:
    sessions.add(SESSION)
    assert sessions.get("q" * 32, SESSION.session_key) is None
    assert sessions.get(SESSION.project_id, SESSION.session_key + "x") is None
    assert sessions.get(SESSION.project_id, "") is None


def test_the_first_commit_stands(sessions: UploadSessions) -> None:
    sessions.add(SESSION)
    assert sessions.commit(SESSION, uploaded("v1")) == uploaded("v1")
    assert sessions.commit(SESSION, uploaded("v2")) == uploaded("v1")
    kept = sessions.get(SESSION.project_id, SESSION.session_key)
    assert kept == replace(SESSION, committed=uploaded("v1"))


def test_what_was_forgotten_cannot_be_committed(sessions: UploadSessions) -> None:
    with pytest.raises(CliploopError) as raised:
        sessions.commit(SESSION, uploaded("v1"))
    assert raised.value.code is ErrorCode.UPLOAD_SESSION_INVALID
    assert sessions.get(SESSION.project_id, SESSION.session_key) is None


def test_a_session_keeps_its_key_to_itself() -> None:
    assert SESSION.session_key not in repr(SESSION)


def test_the_table_never_holds_the_key_and_forgets_the_session(dynamodb: DynamoDBClient) -> None:
    DynamoDBUploadSessions(dynamodb, "catalog").add(SESSION)
    (item,) = dynamodb.scan(TableName="catalog")["Items"]
    assert SESSION.session_key not in str(item)
    assert item["pk"] == {"S": f"{SESSION.project_id}#upload"}
    assert item["expires_at"] == {"N": "1700000000"}
