"""The vendor's signature of 2018, TC3-HMAC-SHA256: over a request's parts as they were sent."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import product

from cliploop.dialects.http import HttpRequest
from cliploop.dialects.refusal import Refusal

SCHEME = "TC3-HMAC-SHA256"

_AUTHORIZATION = re.compile(
    SCHEME + r" +Credential=([^/,\s]*)/([0-9]{4}-[0-9]{2}-[0-9]{2})/([^/,\s]+)/tc3_request"
    r" *, *SignedHeaders=([^,\s]+) *, *Signature=([^,\s]*)"
)
_ALWAYS_SIGNED = frozenset({"content-type", "host"})


@dataclass(frozen=True)
class Authorization:
    """The header, taken apart.

    Attributes:
        day: the UTC day of the key that was derived, ``yyyy-mm-dd``.
        service: what the client took for the service's name; some take the first label of the host for it.
    """

    key_id: str
    day: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str


def read_authorization(request: HttpRequest, text: str) -> Authorization:
    """The request's ``Authorization``.

    Raises:
        Refusal: it is not written as it must be, or covers less than it must, or what isn't there.
    """
    match = _AUTHORIZATION.fullmatch(text.strip())
    if match is None:
        raise _invalid(f"is not `{SCHEME} Credential=…/…/…/tc3_request, SignedHeaders=…, Signature=…`")
    key_id, day, service, names, signature = match.groups()
    signed = tuple(names.split(";"))
    if not _ALWAYS_SIGNED.issubset(signed):
        raise _invalid("does not have both content-type and host among its SignedHeaders")
    if not request.headers.keys() >= set(signed):
        raise _invalid("has a header among its SignedHeaders that the request has not")
    return Authorization(key_id, day, service, signed, signature)


def _invalid(reason: str) -> Refusal:
    return Refusal("AuthFailure.InvalidAuthorization", f"The header Authorization {reason}.")


def good_signatures(
    request: HttpRequest, authorization: Authorization, timestamp: str, hosts: Sequence[str], secret: str
) -> Iterator[str]:
    """The signatures that are right for the request, in hex: one for each way in which clients write it down.

    Args:
        request: as it came.
        authorization: its header.
        timestamp: as it was sent.
        hosts: what the client may have taken for the host.
        secret: of the access key.
    """
    scope = f"{authorization.day}/{authorization.service}/tc3_request"
    key = f"TC3{secret}".encode()
    for text in (authorization.day, authorization.service, "tc3_request"):
        key = _hmac(key, text)
    for canonical in _canonical_requests(request, authorization.signed_headers, hosts):
        digest = sha256(_bytes(canonical)).hexdigest()
        yield _hmac(key, f"{SCHEME}\n{timestamp}\n{scope}\n{digest}").hex()


def _canonical_requests(request: HttpRequest, signed: Sequence[str], hosts: Sequence[str]) -> Iterator[str]:
    """The request as it may have been signed.

    The vendor's clients sign the path ``/`` whatever they call, or the real one; and headers as they are sent, or in
    lower case, as the vendor's guide has it.
    """
    names, body = ";".join(signed), sha256(request.body).hexdigest()
    for host, path in product(hosts, dict.fromkeys(("/", request.path))):
        values = {**request.headers, "host": host}
        headers = "".join(f"{name}:{values[name].strip()}\n" for name in signed)
        for each in dict.fromkeys((headers, headers.lower())):
            yield f"{request.method}\n{path}\n{request.query}\n{each}\n{names}\n{body}"


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, _bytes(text), sha256)


def _bytes(text: str) -> bytes:
    """Whatever a header may hold, as bytes."""
    return text.encode("utf-8", "surrogatepass")
