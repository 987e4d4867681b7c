from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cliploop.adapters.aws_errors import unavailable_when_failing
from cliploop.application.ports import Clock
from cliploop.domain.access_key import AccessKey
from cliploop.domain.errors import CliploopError, ErrorCode

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.client import SecretsManagerClient

_log = logging.getLogger(__name__)

#: How long a warm function may act on keys that were changed meanwhile.
_FRESH_MS = 60_000
#: And how long where they cannot be read anew: a short outage stops nobody, and a key that was taken away dies soon.
_USABLE_MS = 300_000

_NAMES = {"secret_id", "secret_key", "project_id"}
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_PROJECT_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class _Read:
    """The keys as they were at a moment."""

    at_ms: int
    keys: Mapping[str, AccessKey]


@dataclass
class SecretsManagerCallers:
    """``Callers`` in one secret of Secrets Manager (docs/howto/manage-access-keys.md shows what is in it)."""

    client: SecretsManagerClient
    secret_id: str
    project_id: str
    clock: Clock
    _last: _Read | None = field(default=None, repr=False)

    def key(self, key_id: str) -> AccessKey | None:
        """See ``Callers``. The keys are remembered for a minute."""
        now_ms = self.clock.now_ms()
        if self._last is None or now_ms - self._last.at_ms >= _FRESH_MS:
            self._last = self._read(now_ms)
        return self._last.keys.get(key_id)

    def _read(self, now_ms: int) -> _Read:
        try:
            return _Read(now_ms, _keys_in(self._text(), self.project_id))
        except CliploopError as error:
            if self._last is None or now_ms - self._last.at_ms >= _USABLE_MS:
                raise
            _log.warning("the access keys cannot be read anew, so the last ones are good still: %s", error.log_text)
            return self._last

    def _text(self) -> str | None:
        with unavailable_when_failing("reading the access keys"):
            return self.client.get_secret_value(SecretId=self.secret_id).get("SecretString")


def _keys_in(text: str | None, project_id: str) -> dict[str, AccessKey]:
    """The keys in a secret's text, by their ids. Errors never show what is in it."""
    try:
        content = json.loads(text or "")
    except (ValueError, RecursionError):
        content = None
    entries = content if isinstance(content, list) else [content]
    keys = [_key(entry, f"key {place} of {len(entries)}", project_id) for place, entry in enumerate(entries, start=1)]
    by_id = {key.key_id: key for key in keys}
    if len(by_id) < len(keys):
        raise _malformed("two keys have the same secret_id")
    return by_id


def _key(entry: Any, which: str, project_id: str) -> AccessKey:
    if not isinstance(entry, dict):
        raise _malformed(f"{which} is not a JSON object")
    if not entry.keys() <= _NAMES:
        raise _malformed(f"{which} has another name than secret_id, secret_key and project_id")
    values: dict[str, Any] = {"project_id": project_id, **entry}
    for name in sorted(_NAMES):
        value = values.get(name)
        if not isinstance(value, str) or not value.isascii() or not value:
            raise _malformed(f"{which} has no {name} that is text in ASCII")
    if not _KEY_ID.fullmatch(values["secret_id"]):
        raise _malformed(f"{which} has a secret_id that is not 1 to 128 letters, digits, _ and -")
    if not _PROJECT_ID.fullmatch(values["project_id"]):
        raise _malformed(f"{which} has a project_id that is not 32 hex digits")
    return AccessKey(values["secret_id"], values["secret_key"], values["project_id"])


def _malformed(reason: str) -> CliploopError:
    return CliploopError(
        ErrorCode.UNAVAILABLE,
        "The access keys cannot be read now; try again in a minute, and tell the operator if it stays so.",
        log_text=f"the secret with the access keys cannot be used: {reason}",
        retryable=True,
    )
