"""The vendor's AK/SK signatures: SDK-HMAC-SHA256, and V11-HMAC-SHA256 with a key derived for a region and a day."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import quote, unquote

from cliploop.dialects.http import HttpRequest
from cliploop.dialects.huawei_mpc.errors import NOT_AUTHENTICATED
from cliploop.dialects.huawei_mpc.request import query_pairs
from cliploop.dialects.refusal import Refusal
from cliploop.dialects.signatures import is_one_of
from cliploop.domain.access_key import AccessKey

#: Seconds by which a client's clock may be wrong: the vendor's fifteen minutes.
WINDOW_S = 900

_SIMPLE = "SDK-HMAC-SHA256"
_DERIVED = "V11-HMAC-SHA256"
_REST = r" *, *SignedHeaders=([^,\s]+) *, *Signature=([^,\s]*)"
_AUTHORIZATIONS = {
    _SIMPLE: re.compile(rf"{_SIMPLE} +Access=([A-Za-z0-9_-]{{1,128}})(){_REST}"),
    _DERIVED: re.compile(rf"{_DERIVED} +Credential=([A-Za-z0-9_-]{{1,128}})/([0-9]{{8}}/[^/,\s]+/mpc){_REST}"),
}
_ALWAYS_SIGNED = frozenset({"host", "x-sdk-date"})
_DATE = re.compile(r"[0-9]{8}T[0-9]{6}Z")


@dataclass(frozen=True)
class Signature:
    """A signature that is right.

    Attributes:
        digest: stands for it, 64 hex digits; an identical request has the same.
        expires_s: the last UNIX second at which it is good.
    """

    key: AccessKey
    digest: str
    expires_s: int


@dataclass(frozen=True)
class _Authorization:
    """The header, taken apart.

    Attributes:
        scope: what the key was derived for, ``yyyymmdd/region/mpc``; empty where the secret itself is the key.
    """

    scheme: str
    key_id: str
    scope: str
    signed_headers: tuple[str, ...]
    signature: str


def verify(
    request: HttpRequest,
    key_of: Callable[[str], AccessKey | None],
    now_s: int,
    signing_hosts: Sequence[str] = (),
) -> Signature:
    """The signature of a request that has one.

    Args:
        request: as it came.
        key_of: the access key of an id, or None.
        now_s: UNIX seconds.
        signing_hosts: hosts that clients may have signed instead of the one they called.

    Raises:
        Refusal: the request is signed wrong, long ago, or with a key that is not known.
    """
    shown = _read(request)
    date = request.headers["x-sdk-date"].strip()
    signed_s = _signed_s(date, now_s)
    if shown.scope and not date.startswith(shown.scope[:8]):
        raise refused("the date of the Credential is not that of X-Sdk-Date")
    if request.body and request.headers.get("x-sdk-content-sha256", "").strip().upper() == "UNSIGNED-PAYLOAD":
        raise refused("the body is not signed (UNSIGNED-PAYLOAD)")
    key = key_of(shown.key_id)
    if key is None:
        raise refused(f"get secretKey failed, ak:{shown.key_id}, err:ak not exist")
    good = _good_signatures(request, shown, date, request.hosts(signing_hosts), key.secret)
    if not is_one_of(shown.signature, good):
        raise refused("verify aksk signature fail; check the secret key, and what was signed")
    digest = sha256(f"{shown.scheme}\n{shown.key_id}\n{shown.signature}".encode()).hexdigest()
    return Signature(key, digest, signed_s + WINDOW_S)


def refused(reason: str) -> Refusal:
    """Who calls is not known; in the words of the vendor's gateway."""
    return Refusal(NOT_AUTHENTICATED, f"Incorrect IAM authentication information: {reason}.")


def _read(request: HttpRequest) -> _Authorization:
    text = request.headers["authorization"].strip()
    scheme = text.partition(" ")[0]
    if scheme not in _AUTHORIZATIONS:
        raise refused(f"the algorithm {scheme[:32]!a} is not supported; sign with {_SIMPLE} or {_DERIVED}")
    match = _AUTHORIZATIONS[scheme].fullmatch(text)
    if match is None:
        raise refused(f"the header Authorization is not written as {scheme} has it")
    key_id, scope, names, signature = match.groups()
    signed = tuple(names.split(";"))
    if not _ALWAYS_SIGNED.issubset(signed):
        raise refused("host and x-sdk-date are not both among the SignedHeaders")
    if not request.headers.keys() >= set(signed):
        raise refused("a header of the SignedHeaders is not there")
    return _Authorization(scheme, key_id, scope, signed, signature)


def _signed_s(date: str, now_s: int) -> int:
    """When the request was signed, in UNIX seconds."""
    try:
        moment = datetime.strptime(date if _DATE.fullmatch(date) else "", "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise refused("X-Sdk-Date is not a moment, as 20260131T235959Z") from None
    signed_s = int(moment.timestamp())
    if abs(now_s - signed_s) > WINDOW_S:
        raise refused("signature expired: X-Sdk-Date and our time differ by more than fifteen minutes")
    return signed_s


def _good_signatures(
    request: HttpRequest, shown: _Authorization, date: str, hosts: Sequence[str], secret: str
) -> Iterator[str]:
    """The signatures that are right, in hex: one for each of ``hosts``."""
    key = secret
    if shown.scope:  # HKDF (RFC 5869) with one block, in hex: the vendor's derived key
        drawn = hmac.digest(shown.key_id.encode(), secret.encode(), "sha256")
        key = hmac.digest(drawn, _bytes(shown.scope) + b"\x01", "sha256").hex()
    for host in hosts:
        digest = sha256(_bytes(_canonical(request, shown.signed_headers, host))).hexdigest()
        lines = (shown.scheme, date, *((shown.scope,) if shown.scope else ()), digest)
        yield hmac.digest(key.encode(), _bytes("\n".join(lines)), "sha256").hex()


def _canonical(request: HttpRequest, signed: Sequence[str], host: str) -> str:
    """The request as it must have been signed; ``host`` is what the client took for the host."""
    path = "/".join(_encoded(part) for part in unquote(request.path).split("/"))
    query = "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in sorted(query_pairs(request.query)))
    values = {**request.headers, "host": host}
    headers = "".join(f"{name}:{values[name].strip()}\n" for name in signed)
    body = sha256(request.body).hexdigest()
    slash = "" if path.endswith("/") else "/"
    return f"{request.method}\n{path}{slash}\n{query}\n{headers}\n{';'.join(signed)}\n{body}"


def _encoded(text: str) -> str:
    return quote(text, safe="~", errors="surrogatepass")


def _bytes(text: str) -> bytes:
    """Whatever a header may hold, as bytes."""
    return text.encode("utf-8", "surrogatepass")
