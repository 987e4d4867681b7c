"""What the use cases need to let others upload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from cliploop.domain.upload import UploadedObject
from cliploop.domain.upload_session import UploadSession


class UploadSessions(Protocol):
    """Remembers uploads that were applied for, for a while after they have expired at most."""

    def add(self, session: UploadSession) -> None:
        """Remember a new session.

        Raises:
            CliploopError: UNAVAILABLE (retryable).
        """
        ...

    def get(self, project_id: str, session_key: str) -> UploadSession | None:
        """The session of that key, or None; an expired one may still be there.

        Raises:
            CliploopError: UNAVAILABLE (retryable).
        """
        ...

    def commit(self, session: UploadSession, upload: UploadedObject) -> UploadedObject:
        """Fix what was uploaded, unless that is fixed already; what is fixed now.

        Raises:
            CliploopError: UPLOAD_SESSION_INVALID where the session was forgotten meanwhile; UNAVAILABLE (retryable).
        """
        ...


@dataclass(frozen=True)
class TemporaryCredentials:
    """Keys of S3's that end by themselves; ``expires_s`` is in UNIX seconds."""

    key_id: str
    secret: str = field(repr=False)
    token: str = field(repr=False)
    expires_s: int


@dataclass(frozen=True)
class PostForm:
    """A form that uploads one file, which is its last field, ``file``. Who has the fields may upload."""

    url: str
    fields: Mapping[str, str] = field(repr=False)


class UploadGrants(Protocol):
    """Gives permission to put one object into the upload bucket.

    Keys of which a policy would not mean exactly one object (``upload_key.is_exact``) are a ValueError.
    """

    def credentials(self, key: str, seconds: int) -> TemporaryCredentials:
        """Keys that put this object, in one piece or in parts, and do nothing else.

        Args:
            key: of the object.
            seconds: how long they are good; the store may have a minimum.

        Raises:
            CliploopError: UNAVAILABLE (retryable).
        """
        ...

    def form(self, key: str, metadata: Mapping[str, str], most_bytes: int, seconds: int) -> PostForm:
        """A form that puts this object with exactly this metadata.

        Args:
            key: of the object.
            metadata: names in lower case, values in ASCII.
            most_bytes: the largest file; the smallest has 1 byte.
            seconds: how long it is good.

        Raises:
            CliploopError: UNAVAILABLE (retryable).
        """
        ...


class UploadedVersions(Protocol):
    """Looks for what was uploaded."""

    def latest(self, bucket: str, key: str) -> UploadedObject | None:
        """The newest version of an object, or None where there is none.

        Raises:
            CliploopError: UNAVAILABLE (retryable).
        """
        ...
