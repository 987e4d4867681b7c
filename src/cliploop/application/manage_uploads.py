"""Uploads by others: applied for and committed, or sent by a browser."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from cliploop.application.ports import Clock
from cliploop.application.ports_uploads import (
    PostForm,
    TemporaryCredentials,
    UploadedVersions,
    UploadGrants,
    UploadSessions,
)
from cliploop.application.register_file import RegisterFile
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.project import Project
from cliploop.domain.upload import UploadedObject, UploadOrder
from cliploop.domain.upload_key import applied_key, client_key
from cliploop.domain.upload_metadata import write_order
from cliploop.domain.upload_session import SESSION_MS, UploadSession

#: How long a permission to upload is good. One hour is the most for a role that another role takes on.
GRANT_S = 3_600
#: The largest object that one request puts (S3 user guide, "Uploading objects").
MAX_FORM_BYTES = 5 * 1024**3

_NONCE_BYTES = 16


@dataclass(frozen=True)
class Granted:
    """Permission to put one object."""

    session_key: str
    bucket: str
    key: str
    credentials: TemporaryCredentials

    def __repr__(self) -> str:
        """Without the session key and the credentials."""
        return f"Granted({self.bucket}/{self.key})"


@dataclass(frozen=True)
class Committed:
    """A file that was uploaded."""

    file_id: int
    source: ObjectVersion


@dataclass(frozen=True)
class OfferedForm:
    """A form that uploads the object ``key`` until ``expires_s`` (UNIX seconds)."""

    form: PostForm
    key: str
    expires_s: int


@dataclass(frozen=True)
class ManageUploads:
    """Lets others upload.

    Attributes:
        bucket: where uploads go.
        region: the bucket's.
        max_form_bytes: the largest file that a form uploads.
    """

    bucket: str
    region: str
    sessions: UploadSessions
    grants: UploadGrants
    versions: UploadedVersions
    register: RegisterFile
    clock: Clock
    max_form_bytes: int = MAX_FORM_BYTES

    def apply(self, project: Project, order: UploadOrder, media_type: str) -> Granted:
        """Promise that what is put where the reply says, and then committed, is taken for ``order``.

        Whether the procedure exists is only known at the commit: without it the task is FAILED from the start.

        Raises:
            CliploopError: UNAVAILABLE (retryable).
        """
        session = UploadSession(
            project_id=project.project_id,
            session_key=secrets.token_urlsafe(32),
            bucket=self.bucket,
            key=applied_key(project.project_id, secrets.token_hex(_NONCE_BYTES), order.name, media_type),
            order=order,
            expires_ms=self.clock.now_ms() + SESSION_MS,
        )
        credentials = self.grants.credentials(session.key, GRANT_S)
        self.sessions.add(session)
        return Granted(session.session_key, session.bucket, session.key, credentials)

    def commit(self, project: Project, session_key: str) -> Committed:
        """Take the object that was put for a file; the same one however often and whatever is put there later.

        Raises:
            CliploopError: UPLOAD_SESSION_INVALID, UPLOAD_MISSING, or UNAVAILABLE (retryable).
        """
        session = self.sessions.get(project.project_id, session_key)
        if session is None or not session.is_open(self.clock.now_ms()):
            raise CliploopError(
                ErrorCode.UPLOAD_SESSION_INVALID, "The session is unknown or has expired; apply for the upload again."
            )
        upload = session.committed or self.sessions.commit(session, self._arrived(session))
        registered = self.register(project, upload, session.order)
        return Committed(registered.file_id, upload.source)

    def offer_form(self, project: Project, order: UploadOrder, media_type: str, seconds: int) -> OfferedForm:
        """A form for a browser. What it puts says for itself, as its metadata, that ``order`` is to be done with it.

        Args:
            project: whose upload it is.
            order: without a section; a browser can't change it.
            media_type: one of ``MEDIA_TYPES``.
            seconds: how long the browser may upload; an hour at most.

        Raises:
            InvalidRequestError: the order is more than S3 keeps with an object.
            CliploopError: UNAVAILABLE (retryable).
        """
        seconds = min(seconds, GRANT_S)
        key = client_key(project.project_id, secrets.token_hex(_NONCE_BYTES), order.name, media_type)
        form = self.grants.form(key, write_order(order), self.max_form_bytes, seconds)
        return OfferedForm(form, key, self.clock.now_ms() // 1000 + seconds)

    def _arrived(self, session: UploadSession) -> UploadedObject:
        upload = self.versions.latest(session.bucket, session.key)
        if upload is None or not upload.size:
            raise CliploopError(
                ErrorCode.UPLOAD_MISSING,
                "The file is not there yet, or is empty; put it where the application said, and commit then.",
                log_text=f"{session.bucket}/{session.key} is {'missing' if upload is None else 'empty'}",
            )
        return upload
