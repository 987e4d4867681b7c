from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cliploop.adapters.remembered_secret import RememberedSecret
from cliploop.application.ports import Clock
from cliploop.domain.errors import CliploopError, ErrorCode

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.client import SecretsManagerClient

#: Two while receivers go over to a new one; the third is for who has begun again before the end.
_MOST_KEYS = 3
#: What every shell, header and editor leaves alone; a shorter one can be guessed.
_KEY = re.compile(r"[!-~]{16,256}")


@dataclass
class SecretsManagerCallbackKeys:
    """``CallbackKeys`` in one secret: ``{"key": "…"}``, or a list of up to three of them."""

    client: SecretsManagerClient
    secret_id: str
    clock: Clock
    _secret: RememberedSecret[Sequence[str]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._secret = RememberedSecret(self.client, self.secret_id, self.clock, "the keys of callbacks", _keys_in)

    def current(self) -> Sequence[str]:
        """See ``CallbackKeys``. The keys are remembered for a minute."""
        return self._secret.content()


def _keys_in(entries: Sequence[Any]) -> Sequence[str]:
    """The keys that a secret's entries are. Errors never show any of it."""
    if not 1 <= len(entries) <= _MOST_KEYS:
        raise _malformed(f"it has {len(entries)} keys instead of 1 to {_MOST_KEYS}")
    keys: list[str] = []
    for place, entry in enumerate(entries, start=1):
        key = entry.get("key") if isinstance(entry, dict) and len(entry) == 1 else None
        if not isinstance(key, str) or not _KEY.fullmatch(key):
            raise _malformed(f'key {place} of {len(entries)} is not {{"key": "16 to 256 characters of ASCII"}}')
        keys.append(key)
    return keys


def _malformed(reason: str) -> CliploopError:
    return CliploopError(
        ErrorCode.UNAVAILABLE,
        "The event cannot be signed now; it is tried again.",
        log_text=f"the secret with the keys of callbacks cannot be used: {reason}",
        retryable=True,
    )
