from __future__ import annotations

import json
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cliploop.adapters.aws_errors import unavailable_when_failing
from cliploop.application.ports import Clock
from cliploop.domain.errors import CliploopError, ErrorCode

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.client import SecretsManagerClient

_log = logging.getLogger(__name__)

#: How long a warm function may sign with keys that were changed meanwhile.
_FRESH_MS = 60_000
#: And how long where they cannot be read anew. Access keys have the same times.
_USABLE_MS = 300_000

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
    _last: tuple[int, Sequence[str]] | None = field(default=None, repr=False)

    def current(self) -> Sequence[str]:
        """See ``CallbackKeys``. The keys are remembered for a minute."""
        now_ms = self.clock.now_ms()
        if self._last is None or now_ms - self._last[0] >= _FRESH_MS:
            self._last = self._read(now_ms)
        return self._last[1]

    def _read(self, now_ms: int) -> tuple[int, Sequence[str]]:
        try:
            with unavailable_when_failing("reading the keys of callbacks"):
                text = self.client.get_secret_value(SecretId=self.secret_id).get("SecretString")
            return now_ms, _keys_in(text)
        except CliploopError as error:
            if self._last is None or now_ms - self._last[0] >= _USABLE_MS:
                raise
            _log.warning("the keys of callbacks cannot be read anew, so the last are good still: %s", error.log_text)
            return self._last


def _keys_in(text: str | None) -> Sequence[str]:
    """The keys in a secret's text. Errors never show any of it."""
    try:
        content = json.loads(text or "")
    except (ValueError, RecursionError):
        content = None
    entries = content if isinstance(content, list) else [content]
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
