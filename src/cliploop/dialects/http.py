"""A request and a reply as the vendors' dialects see them, whatever brought them here."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

JSON = "application/json"

_PORT = re.compile(r":[0-9]+\Z")


@dataclass(frozen=True)
class HttpRequest:
    """One request, with what a signature may cover exactly as it was sent.

    Attributes:
        path: raw, percent-encoded as on the wire.
        query: raw, without the question mark.
        headers: names in lower case.
        body: the bytes that were sent.
        request_id: ours, for the reply and the log.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    request_id: str

    @property
    def content_type(self) -> str:
        """In lower case, without what follows it, as a charset."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def hosts(self, signing_hosts: Sequence[str] = ()) -> tuple[str, ...]:
        """What a client may have taken for the host when it signed.

        Args:
            signing_hosts: others than the one that was called. Some clients leave out the port.
        """
        called = self.headers.get("host", "").strip()
        return tuple(dict.fromkeys(host for host in (called, _PORT.sub("", called), *signing_hosts) if host))


@dataclass(frozen=True)
class HttpReply:
    """One reply.

    Attributes:
        content_type: exactly as it is sent: with a charset after it Tencent's clients overlook errors.
        action: the operation that was asked for, for the log; empty = unknown.
        error_code: the vendor's, for the log; empty = none.
    """

    status: HTTPStatus
    body: bytes = b""
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    action: str = ""
    error_code: str = ""


def json_reply(fields: Mapping[str, Any], status: HTTPStatus = HTTPStatus.OK, **rest: Any) -> HttpReply:
    """A reply whose body is ``fields`` as JSON; ``rest`` as in ``HttpReply``."""
    return HttpReply(status, json.dumps(fields).encode(), **rest)
