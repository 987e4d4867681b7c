from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cliploop.adapters.remembered_secret import RememberedSecret
from cliploop.application.ports import Clock
from cliploop.domain.access_key import AccessKey
from cliploop.domain.errors import CliploopError, ErrorCode

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.client import SecretsManagerClient

_KEY_NAMES = ("secret_id", "secret_key", "project_id")
_TOKEN_NAMES = ("auth_token", "project_id")
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_PROJECT_ID = re.compile(r"[0-9a-f]{32}")
#: Short ones can be guessed, and longer ones are more than a header carries everywhere. A space at either end would
#: be lost on the way.
_TOKEN = re.compile(r"[!-~][ -~]{14,4094}[!-~]")


@dataclass(frozen=True)
class _Known:
    """The keys, by their ids, and the tokens, each with its project's id."""

    keys: Mapping[str, AccessKey]
    tokens: Mapping[str, str]


@dataclass
class SecretsManagerCallers:
    """``Callers`` in one secret of Secrets Manager (docs/howto/manage-access-keys.md shows what is in it)."""

    client: SecretsManagerClient
    secret_id: str
    project_id: str
    clock: Clock
    _secret: RememberedSecret[_Known] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        def read(entries: Sequence[Any]) -> _Known:
            return _known(entries, self.project_id)

        self._secret = RememberedSecret(self.client, self.secret_id, self.clock, "the access keys", read)

    def key(self, key_id: str) -> AccessKey | None:
        """See ``Callers``. The keys are remembered for a minute."""
        return self._secret.content().keys.get(key_id)

    def project_of_token(self, token: str) -> str | None:
        """See ``Callers``. The tokens are remembered for a minute."""
        said = token.encode("utf-8", "surrogatepass")
        found = None
        # All are compared, however early one is found: the time would tell its place.
        for known, project_id in self._secret.content().tokens.items():
            if hmac.compare_digest(said, known.encode()):
                found = project_id
        return found


def _known(entries: Sequence[Any], project_id: str) -> _Known:
    """What a secret's entries say. Errors never show any of it."""
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
    return _Known(keys, tokens)


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
