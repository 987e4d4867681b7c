from __future__ import annotations

import hmac
import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local.stack import Stack

_SCHEME = "SDK-HMAC-SHA256"


def list_tasks(stack: Stack, query: Sequence[tuple[str, str]] = ()) -> tuple[int, dict[str, Any]]:
    """Ask the stack's API about tasks, as an owner of its access key: the status and the answer."""
    return signed_get(stack, f"/v1/{stack.project_id}/animated-graphics", query)


def signed_get(stack: Stack, path: str, query: Sequence[tuple[str, str]] = ()) -> tuple[int, dict[str, Any]]:
    """GET with the signature of Huawei's clients (SDK-HMAC-SHA256)."""
    text = urlencode(sorted(query), quote_via=quote)
    return get(f"{stack.api}{path}?{text}" if text else stack.api + path, owner_of(stack).signature(path, text))


def get(url: str, headers: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
    """GET past any proxy of the environment: everything here is on this machine."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, headers=headers or {})
    try:
        with opener.open(request, timeout=35) as reply:
            return reply.status, json.loads(reply.read())
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, json.loads(refusal.read() or b"{}")


@dataclass(frozen=True)
class Caller:
    """Somebody with an access key of a project, and the host that is called."""

    host: str
    project_id: str
    key_id: str
    secret_key: str

    def signature(self, path: str, query: str) -> dict[str, str]:
        """The headers that prove who asks. The path needs no percent-encoding; the query is in alphabetical order."""
        now = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        signed = {"host": self.host, "x-project-id": self.project_id, "x-sdk-date": now}
        names = ";".join(signed)
        lines = "".join(f"{name}:{value}\n" for name, value in signed.items())
        canonical = f"GET\n{path}/\n{query}\n{lines}\n{names}\n{sha256(b'').hexdigest()}"
        to_sign = f"{_SCHEME}\n{now}\n{sha256(canonical.encode()).hexdigest()}"
        proof = hmac.digest(self.secret_key.encode(), to_sign.encode(), "sha256").hex()
        return signed | {"authorization": f"{_SCHEME} Access={self.key_id}, SignedHeaders={names}, Signature={proof}"}


def owner_of(stack: Stack) -> Caller:
    """Who has the stack's own access key."""
    return Caller(urlsplit(stack.api).netloc, stack.project_id, stack.secret_id, stack.secret_key)
