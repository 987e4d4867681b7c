"""The proof that a callback carries where the project has a SignKey."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import md5
from typing import Any

#: The vendor's default: a receiver may refuse what arrives ten minutes after it was sent.
_VALID_S = 600


def sign(body: Mapping[str, Any], sign_key: str, now_s: int) -> Mapping[str, Any]:
    """``body`` with ``T``, when the proof expires in UNIX seconds, and ``Sign``, the MD5 of the key and ``T`` in hex.

    The vendor says that notifications carry both, and not where; here they stand beside ``EventType``.
    """
    expires_s = now_s + _VALID_S
    # MD5 is the vendor's choice; receivers compute the same.
    proof = md5(f"{sign_key}{expires_s}".encode(), usedforsecurity=False).hexdigest()
    return {**body, "Sign": proof, "T": expires_s}
