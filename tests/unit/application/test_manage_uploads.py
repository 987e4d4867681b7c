from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cliploop.application.manage_uploads import GRANT_S
from cliploop.application.register_upload import RegisterUpload
from cliploop.domain.errors import CliploopError, ErrorCode, InvalidRequestError
from cliploop.domain.identity import file_id_of
from cliploop.domain.procedure import NotifyMode
from cliploop.domain.project import Project
from cliploop.domain.task import TaskState
from cliploop.domain.upload import NO_PROCEDURE, UploadedObject, UploadOrder, read_order
from cliploop.domain.upload_session import SESSION_MS
from cliploop.testing import InMemorySources
from tests.upload_desk import PROJECT, UploadDesk

ORDER = UploadOrder("preview", None, "context", 3, NotifyMode.CHANGE, "source context", "Holiday.mp4")


def refused(desk: UploadDesk, session_key: str, project: Project = PROJECT) -> ErrorCode:
    with pytest.raises(CliploopError) as raised:
        desk.uploads.commit(project, session_key)
    assert not raised.value.retryable
    return raised.value.code


def test_an_application_is_good_for_one_object() -> None:
    desk = UploadDesk()
    granted = desk.applied(ORDER)
    assert granted.bucket == "uploads"
    assert granted.key.startswith(f"cliploop-applied/{PROJECT.project_id}/")
    assert granted.key.endswith("/Holiday.mp4")
    assert desk.grants.granted == [granted.key]
    assert granted.credentials.expires_s == desk.clock.now_ms() // 1000 + GRANT_S


@given(st.text(max_size=50))
def test_nothing_that_is_granted_can_be_told_from_anything_else(name: str) -> None:
    desk = UploadDesk()
    one, other = (desk.applied(UploadOrder(name=name)) for _ in range(2))
    assert one.session_key != other.session_key
    assert one.key != other.key
    assert len(one.session_key) >= 43  # 256 bits in base64
    assert one.session_key not in one.key
    assert one.session_key not in repr(one)
    assert one.credentials.secret not in repr(one)


def test_a_commit_makes_the_file_known_and_starts_its_procedure() -> None:
    desk = UploadDesk()
    granted = desk.applied(ORDER)
    source = desk.put(granted)
    committed = desk.uploads.commit(PROJECT, granted.session_key)
    assert committed.source == source
    assert committed.file_id == file_id_of(PROJECT.project_id, source)
    (file,) = desk.files.get_many(PROJECT.project_id, [committed.file_id])
    assert (file.name, file.source_context, file.size) == ("Holiday.mp4", "source context", 9)
    task = desk.only
    assert (task.file_id, task.procedure, task.state) == (committed.file_id, "preview", TaskState.WAITING)
    assert (task.session_context, task.notify_mode) == ("context", NotifyMode.CHANGE)
    assert desk.work.messages == [(PROJECT.project_id, task.task_id)]


def test_without_a_procedure_a_commit_only_makes_the_file_known() -> None:
    desk = UploadDesk()
    granted = desk.applied(UploadOrder(NO_PROCEDURE))
    desk.put(granted)
    assert desk.uploads.commit(PROJECT, granted.session_key).file_id
    assert desk.tasks.rows == {}


def test_a_procedure_that_is_not_there_at_the_commit_is_a_failed_task() -> None:
    desk = UploadDesk()
    granted = desk.applied(UploadOrder("nowhere"))
    desk.put(granted)
    desk.uploads.commit(PROJECT, granted.session_key)
    assert desk.only.state is TaskState.FAILED
    assert desk.only.failure is not None
    assert desk.only.failure.code is ErrorCode.PROCEDURE_NOT_FOUND


def test_the_event_of_the_put_starts_nothing() -> None:
    desk = UploadDesk()
    granted = desk.applied(ORDER)
    source = desk.put(granted)
    sources = InMemorySources()
    sources.put(source, "unused", 9, {"procedure": "preview"})
    register = RegisterUpload(PROJECT, "preview", sources, desk.catalog, desk.uploads.register)
    assert not register(UploadedObject(source, 9)).task_id
    assert (desk.tasks.rows, desk.files.rows) == ({}, {})


def test_a_commit_that_is_repeated_is_one() -> None:
    desk = UploadDesk()
    granted = desk.applied(ORDER)
    desk.put(granted)
    first = desk.uploads.commit(PROJECT, granted.session_key)
    row = desk.only
    desk.clock.advance(SESSION_MS - 1)
    assert desk.uploads.commit(PROJECT, granted.session_key) == first
    assert desk.only == row


def test_what_is_put_after_the_commit_is_another_version_of_no_consequence() -> None:
    desk = UploadDesk()
    granted = desk.applied(ORDER)
    desk.put(granted, "v1")
    first = desk.uploads.commit(PROJECT, granted.session_key)
    desk.put(granted, "v2")
    assert desk.uploads.commit(PROJECT, granted.session_key) == first
    assert first.source.version_id == "v1"
    assert len(desk.files.rows) == len(desk.tasks.rows) == 1


def test_a_commit_that_died_before_the_row_is_mended_by_its_repeat() -> None:
    desk = UploadDesk()
    granted = desk.applied(ORDER)
    first = desk.put(granted, "v1")
    session = desk.sessions.get(PROJECT.project_id, granted.session_key)
    assert session is not None
    desk.sessions.commit(session, UploadedObject(first, 9))  # and here it died
    desk.put(granted, "v2")
    assert desk.uploads.commit(PROJECT, granted.session_key).source == first
    assert desk.only.source == first


def test_before_anything_is_put_there_is_nothing_to_commit() -> None:
    desk = UploadDesk()
    granted = desk.applied(ORDER)
    assert refused(desk, granted.session_key) is ErrorCode.UPLOAD_MISSING
    desk.put(granted, size=0)
    assert refused(desk, granted.session_key) is ErrorCode.UPLOAD_MISSING
    desk.put(granted, "v2", size=1)
    assert desk.uploads.commit(PROJECT, granted.session_key).source.version_id == "v2"


def test_only_the_sessions_own_key_and_project_commit_it_and_only_in_time() -> None:
    desk = UploadDesk()
    granted = desk.applied(ORDER)
    desk.put(granted)
    for foreign in (
        "",
        granted.key,
        granted.session_key[:-1],
        granted.session_key + "A",
        granted.session_key.swapcase(),
    ):
        assert refused(desk, foreign) is ErrorCode.UPLOAD_SESSION_INVALID
    assert refused(desk, granted.session_key, Project("f" * 32, 7)) is ErrorCode.UPLOAD_SESSION_INVALID
    desk.clock.advance(SESSION_MS)
    assert refused(desk, granted.session_key) is ErrorCode.UPLOAD_SESSION_INVALID
    assert desk.files.rows == {}


@pytest.mark.parametrize(("asked_s", "given_s"), [(60, 60), (GRANT_S, GRANT_S), (GRANT_S + 1, GRANT_S)])
def test_a_form_carries_the_order_and_ends(asked_s: int, given_s: int) -> None:
    desk = UploadDesk()
    offered = desk.uploads.offer_form(PROJECT, ORDER, "mp4", asked_s)
    assert offered.expires_s == desk.clock.now_ms() // 1000 + given_s
    assert offered.key.startswith(f"client-uploads/{PROJECT.project_id}/")
    assert offered.form.fields["key"] == offered.key
    metadata = {
        name.removeprefix("x-amz-meta-"): value for name, value in offered.form.fields.items() if name != "key"
    }
    assert read_order(metadata) == ORDER


def test_a_form_is_for_files_as_large_as_the_stack_takes() -> None:
    desk = UploadDesk()
    desk.uploads.offer_form(PROJECT, ORDER, "mp4", 60)
    replace(desk.uploads, max_form_bytes=9).offer_form(PROJECT, ORDER, "mp4", 60)
    assert desk.grants.most_bytes == [5 * 1024**3, 9]


def test_a_form_whose_order_s3_would_not_keep_is_refused() -> None:
    desk = UploadDesk()
    with pytest.raises(InvalidRequestError):
        desk.uploads.offer_form(PROJECT, UploadOrder(session_context="动" * 1_000), "mp4", 60)
    assert desk.grants.granted == []
