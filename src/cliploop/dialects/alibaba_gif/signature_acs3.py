"""The vendor's signature of version 3, ACS3-HMAC-SHA256: over method, query, body and headers that are named."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import product

from cliploop.dialects.alibaba_gif.errors import refused
from cliploop.dialects.alibaba_gif.signature_v1 import encoded
from cliploop.dialects.http import HttpRequest

SCHEME = "ACS3-HMAC-SHA256"

_AUTHORIZATION = re.compile(
    SCHEME + r" +Credential=([^/,\s]*) *, *SignedHeaders=([^,\s]+) *, *Signature=([^,\s]*)", re.ASCII
)
_CONTENT_HASH = "x-acs-content-sha256"
#: Without these a signature would serve for another host, operation, moment or body.
_ALWAYS_SIGNED = frozenset({"host", "x-acs-action", "x-acs-date", _CONTENT_HASH, "x-acs-signature-nonce"})


@dataclass(frozen=True)
class Authorization:
    """The header, taken apart."""

    key_id: str
    signed_headers: tuple[str, ...]
    signature: str


def read_authorization(request: HttpRequest) -> Authorization:
    """The request's ``Authorization``.

    Raises:
        Refusal: it is not written as it must be, or covers less than it must, what isn't there, or another body.
    """
    match = _AUTHORIZATION.fullmatch(request.headers["authorization"].strip())
    if match is None:
        raise _incomplete(f"The header Authorization is {SCHEME} Credential=…,SignedHeaders=…,Signature=…")
    key_id, names, signature = match.groups()
    signed = tuple(names.split(";"))
    if missing := sorted(_ALWAYS_SIGNED - set(signed)):
        raise _incomplete(f"{', '.join(missing)} must be among the SignedHeaders.")
    if not request.headers.keys() >= set(signed):
        raise _incomplete("A header among the SignedHeaders is not there.")
    if request.headers[_CONTENT_HASH] != sha256(request.body).hexdigest():
        raise refused("InvalidParameter", _CONTENT_HASH, "It is the SHA-256 of the body in hex.")
    return Authorization(key_id, signed, signature)


def strings_to_sign(
    request: HttpRequest, query: Mapping[str, str], signed_headers: Sequence[str], hosts: Sequence[str]
) -> Iterator[str]:
    """What may have been signed: one text for each way in which clients write the request down.

    The vendor's clients sign the path ``/`` whatever they call.

    Args:
        request: as it came.
        query: its query's parameters, decoded.
        signed_headers: their names.
        hosts: what the client may have taken for the host.
    """
    parameters = "&".join(f"{encoded(name)}={encoded(value)}" for name, value in sorted(query.items()))
    names = ";".join(signed_headers)
    for host, path in product(hosts or ("",), dict.fromkeys(("/", request.path))):
        values = {**request.headers, "host": host}
        headers = "".join(f"{name}:{values[name].strip()}\n" for name in signed_headers)
        canonical = f"{request.method}\n{path}\n{parameters}\n{headers}\n{names}\n{values[_CONTENT_HASH]}"
        yield f"{SCHEME}\n{sha256(canonical.encode('utf-8', 'surrogatepass')).hexdigest()}"


def signature_of(text: str, secret: str) -> str:
    """The signature of one of ``strings_to_sign`` in hex."""
    return hmac.digest(secret.encode(), text.encode(), "sha256").hex()


def _incomplete(advice: str) -> Exception:
    return refused("IncompleteSignature", advice=advice)
