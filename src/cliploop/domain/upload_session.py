"""Uploads that were applied for: permission to put one object, until it is there and its uploader says so."""

from __future__ import annotations

from dataclasses import dataclass, field

from cliploop.domain.upload import UploadedObject, UploadOrder

#: From the application on. The permission to put the object ends sooner.
SESSION_MS = 24 * 3_600_000


@dataclass(frozen=True, kw_only=True)
class UploadSession:
    """What was promised for one upload.

    Attributes:
        session_key: a secret of at least 256 bits; who has it may commit the upload.
        key: of the object; it can't be told from the session key, nor the other way round.
        order: what becomes of the object once it is committed.
        expires_ms: when it can't be committed any more, UTC milliseconds.
        committed: the version that was there at the first commit, None before.
    """

    project_id: str
    session_key: str = field(repr=False)
    bucket: str
    key: str
    order: UploadOrder
    expires_ms: int
    committed: UploadedObject | None = None

    def is_open(self, now_ms: int) -> bool:
        """Whether it may be committed, for the first time or again."""
        return now_ms < self.expires_ms
