from __future__ import annotations

import hmac
import json
import logging
import re
from collections.abc import Mapping, Sequence
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

_KEY_NAMES = ("secret_id", "secret_key", "project_id")
_TOKEN_NAMES = ("auth_token", "project_id")
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_PROJECT_ID = re.compile(r"[0-9a-f]{32}")
#: Short ones can be guessed, and longer ones are more than a header carries everywhere. A space at either end would
#: be lost on the way.
_TOKEN = re.compile(r"[!-~][ -~]{14,4094}[!-~]")


@dataclass(frozen=True)
class _Read:
    """The keys, by their ids, and the tokens, each with its project's id, as they were at a moment."""

    at_ms: int
    keys: Mapping[str, AccessKey]
    tokens: Mapping[str, str]


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
        return self._fresh().keys.get(key_id)

    def project_of_token(self, token: str) -> str | None:
        """See ``Callers``. The tokens are remembered for a minute."""
        said = token.encode("utf-8", "surrogatepass")
        found = None
        # All are compared, however early one is found: the time would tell its place.
        for known, project_id in self._fresh().tokens.items():
            if hmac.compare_digest(said, known.encode()):
                found = project_id
        return found

    def _fresh(self) -> _Read:
        now_ms = self.clock.now_ms()
        if self._last is None or now_ms - self._last.at_ms >= _FRESH_MS:
            self._last = self._read(now_ms)
        return self._last

    def _read(self, now_ms: int) -> _Read:
        try:
            return _read(now_ms, self._text(), self.project_id)
        except CliploopError as error:
            if self._last is None or now_ms - self._last.at_ms >= _USABLE_MS:
                raise
            _log.warning("the access keys cannot be read anew, so the last ones are good still: %s", error.log_text)
            return self._last

    def _text(self) -> str | None:
        with unavailable_when_failing("reading the access keys"):
            return self.client.get_secret_value(SecretId=self.secret_id).get("SecretString")


def _read(at_ms: int, text: str | None, project_id: str) -> _Read:
    """What is in a secret's text. Errors never show any of it."""
    try:
        content = json.loads(text or "")
    except (ValueError, RecursionError):
        content = None
    entries = content if isinstance(content, list) else [content]
    keys: dict[str, AccessKey] = {}
    tokens: dict[str, str] = {}
    for place, entry in enumerate(entries, start=1):
        which = f"key {place} of {len(entries)}"
        if not isinstance(entry, dict):
            raise _malformed(f"{which} is not a JSON object")
        if "auth_token" in entry:
            token, of_project = _token(entry, which, project_id)
            if token in tokens:
                raise _malformed("two tokens are the same")
            tokens[token] = of_project
        else:
            key = _key(entry, which, project_id)
            if key.key_id in keys:
                raise _malformed("two keys have the same secret_id")
            keys[key.key_id] = key
    return _Read(at_ms, keys, tokens)


def _key(entry: dict[str, Any], which: str, project_id: str) -> AccessKey:
    values = _values(entry, _KEY_NAMES, which, project_id)
    if not _KEY_ID.fullmatch(values["secret_id"]):
        raise _malformed(f"{which} has a secret_id that is not 1 to 128 letters, digits, _ and -")
    return AccessKey(values["secret_id"], values["secret_key"], values["project_id"])


def _token(entry: dict[str, Any], which: str, project_id: str) -> tuple[str, str]:
    values = _values(entry, _TOKEN_NAMES, which, project_id)
    if not _TOKEN.fullmatch(values["auth_token"]):
        raise _malformed(f"{which} has an auth_token that is not 16 to 4096 printable characters of ASCII")
    return values["auth_token"], values["project_id"]


def _values(entry: dict[str, Any], names: Sequence[str], which: str, project_id: str) -> dict[str, str]:
    """The values of an entry that has these names; without a ``project_id`` of its own the stack's."""
    if not entry.keys() <= set(names):
        raise _malformed(f"{which} has another name than {', '.join(names[:-1])} and {names[-1]}")
    values: dict[str, Any] = {"project_id": project_id, **entry}
    for name in names:
        value = values.get(name)
        if not isinstance(value, str) or not value.isascii() or not value:
            raise _malformed(f"{which} has no {name} that is text in ASCII")
    if not _PROJECT_ID.fullmatch(values["project_id"]):
        raise _malformed(f"{which} has a project_id that is not 32 hex digits")
    return values


def _malformed(reason: str) -> CliploopError:
    return CliploopError(
        ErrorCode.UNAVAILABLE,
        "The access keys cannot be read now; try again in a minute, and tell the operator if it stays so.",
        log_text=f"the secret with the access keys cannot be used: {reason}",
        retryable=True,
    )
