from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from cliploop.application.ports_uploads import PostForm, TemporaryCredentials
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.identity import ObjectVersion
from cliploop.domain.upload import UploadedObject
from cliploop.domain.upload_key import is_exact
from cliploop.domain.upload_session import UploadSession
from cliploop.testing.in_memory import SettableClock


@dataclass
class InMemoryUploadSessions:
    """``UploadSessions`` in a dictionary."""

    sessions: dict[tuple[str, str], UploadSession] = field(default_factory=dict)

    def add(self, session: UploadSession) -> None:
        """See ``UploadSessions``."""
        self.sessions[session.project_id, session.session_key] = session

    def get(self, project_id: str, session_key: str) -> UploadSession | None:
        """See ``UploadSessions``."""
        return self.sessions.get((project_id, session_key))

    def commit(self, session: UploadSession, upload: UploadedObject) -> UploadedObject:
        """See ``UploadSessions``."""
        stored = self.get(session.project_id, session.session_key)
        if stored is None:
            raise CliploopError(ErrorCode.UPLOAD_SESSION_INVALID, "The session has expired.")
        fixed = stored.committed or upload
        self.add(replace(stored, committed=fixed))
        return fixed


@dataclass
class InMemoryUploadGrants:
    """``UploadGrants`` that nothing stands behind.

    Attributes:
        granted: the keys, in their order.
        most_bytes: what each form was limited to.
    """

    clock: SettableClock = field(default_factory=SettableClock)
    granted: list[str] = field(default_factory=list)
    most_bytes: list[int] = field(default_factory=list)

    def credentials(self, key: str, seconds: int) -> TemporaryCredentials:
        """See ``UploadGrants``."""
        self._grant(key)
        expires_s = self.clock.now_ms() // 1000 + seconds
        # With a space, which no key has: so a test can tell that a secret does not show in one.
        return TemporaryCredentials(f"key-id-{len(self.granted)}", "a secret", "a token", expires_s)

    def form(self, key: str, metadata: Mapping[str, str], most_bytes: int, seconds: int) -> PostForm:
        """See ``UploadGrants``."""
        self._grant(key)
        self.most_bytes.append(most_bytes)
        named = {f"x-amz-meta-{name}": value for name, value in metadata.items()}
        return PostForm("https://uploads.example", {"key": key, **named})

    def _grant(self, key: str) -> None:
        if not is_exact(key):
            raise ValueError(f"a policy would read more than one key in {key!a}")
        self.granted.append(key)


@dataclass
class InMemoryUploadedVersions:
    """``UploadedVersions`` in a dictionary."""

    uploads: dict[tuple[str, str], UploadedObject] = field(default_factory=dict)

    def put(self, source: ObjectVersion, size: int) -> None:
        """Have a newest version."""
        self.uploads[source.bucket, source.key] = UploadedObject(source, size)

    def latest(self, bucket: str, key: str) -> UploadedObject | None:
        """See ``UploadedVersions``."""
        return self.uploads.get((bucket, key))
