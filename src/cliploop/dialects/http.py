"""A request and a reply as the vendors' dialects see them, whatever brought them here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol


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


@dataclass(frozen=True)
class HttpReply:
    """One reply; ``body`` is sent as JSON. ``error_code`` is the vendor's, for the log; empty = none."""

    status: HTTPStatus
    body: Mapping[str, Any]
    error_code: str = ""


class VendorApi(Protocol):
    """One vendor's API. Several share the root path, where only the request itself tells whose it is."""

    def claims(self, request: HttpRequest) -> bool:
        """Whether the request is written in this vendor's way."""
        ...

    def answer(self, request: HttpRequest) -> HttpReply:
        """Do what it asks, or say in the vendor's words why not; never raises."""
        ...
