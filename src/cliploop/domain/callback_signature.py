"""The proof that a callback comes from this stack and is what the stack sent (docs/howto/verify-a-callback.md)."""

from __future__ import annotations

import hmac
from collections.abc import Sequence


def callback_signature(keys: Sequence[str], sent_s: int, body: bytes) -> str:
    """One signature for each key, as ``v1=<hex>`` with commas between them.

    Each is the HMAC-SHA256 of the time in decimal, a full stop and the raw body. While two keys are listed, whoever
    knows only the old one, or only the new one, finds his.

    Args:
        keys: what the receivers know; their text in UTF-8 is the key.
        sent_s: when the callback is sent, in UNIX seconds.
        body: as it is sent, byte for byte.
    """
    signed = f"{sent_s}.".encode() + body
    return ",".join(f"v1={hmac.new(key.encode(), signed, 'sha256').hexdigest()}" for key in keys)
