from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AccessKey:
    """What a caller signs with, and the project whose name it speaks in.

    Attributes:
        key_id: public; the caller sends it along.
        secret: known to the caller and to us; never logged, stored or sent.
    """

    key_id: str
    secret: str
    project_id: str

    def __repr__(self) -> str:
        """Without the secret."""
        return f"AccessKey(key_id={self.key_id!r}, project_id={self.project_id!r})"
