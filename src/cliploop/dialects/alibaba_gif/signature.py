"""Who calls: a request's signature compared with what it must be."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from cliploop.dialects.alibaba_gif import signature_acs3, signature_v1
from cliploop.dialects.alibaba_gif.errors import refused
from cliploop.dialects.alibaba_gif.request import HeaderSignature, ParameterSignature, VendorRequest
from cliploop.dialects.alibaba_gif.times import read_iso
from cliploop.dialects.http import HttpRequest
from cliploop.dialects.signatures import is_one_of
from cliploop.domain.access_key import AccessKey

#: Milliseconds by which a client's clock may be wrong: the vendor's fifteen minutes.
WINDOW_MS = 15 * 60_000
#: For how long from its moment a request's nonce serves for no other: the vendor says 31 minutes, past the window.
NONCE_MS = 31 * 60_000

_KEY_ID = re.compile(r"[A-Za-z0-9_.@-]{1,128}", re.ASCII)


@dataclass(frozen=True)
class VerifiedCall:
    """A request whose caller is known.

    Attributes:
        digest: stands for the key and the nonce, 64 hex digits.
        remembered_until_ms: until when no other request may have the same digest, in UTC milliseconds.
    """

    key: AccessKey
    digest: str
    remembered_until_ms: int


@dataclass(frozen=True)
class _Shown:
    """What a caller shows.

    Attributes:
        to_sign: what the signature may be of; the likeliest first.
        sign: the signature of one of these, by a secret.
        moment_name: what the moment is called in this scheme, and ``nonce_name`` the nonce.
    """

    scheme: str
    key_id: str
    signature: str
    to_sign: tuple[str, ...]
    sign: Callable[[str, str], str]
    moment_name: str
    nonce_name: str


def verify(
    request: HttpRequest,
    asked: VendorRequest,
    key_of: Callable[[str], AccessKey | None],
    now_ms: int,
    signing_hosts: Sequence[str] = (),
) -> VerifiedCall:
    """The caller of a request.

    Args:
        request: as it came.
        asked: what was read of it.
        key_of: the access key of an id, or None.
        now_ms: UTC milliseconds.
        signing_hosts: hosts that clients may have signed instead of the one they called.

    Raises:
        Refusal: the request is not signed, is signed wrong, or long ago.
    """
    credential = asked.credential
    if isinstance(credential, HeaderSignature):
        shown = _shown_in_headers(request, credential, request.hosts(signing_hosts))
    else:
        shown = _shown_in_parameters(request, credential)
    if credential.token:
        raise refused("InvalidSecurityToken.Malformed", advice="Sign with an access key, and without a token.")
    if not credential.nonce:
        raise refused("MissingParameter", shown.nonce_name)
    signed_ms = _signed_ms(credential.timestamp, shown.moment_name, now_ms)
    key = key_of(shown.key_id) if _KEY_ID.fullmatch(shown.key_id) else None
    if key is None:
        raise refused("InvalidAccessKeyId.NotFound")
    if not is_one_of(shown.signature, (shown.sign(text, key.secret) for text in shown.to_sign)):
        raise refused("SignatureDoesNotMatch", shown.to_sign[0])
    digest = sha256(f"{shown.scheme}\n{shown.key_id}\n{credential.nonce}".encode("utf-8", "surrogatepass"))
    return VerifiedCall(key, digest.hexdigest(), signed_ms + NONCE_MS)


def _shown_in_headers(request: HttpRequest, credential: HeaderSignature, hosts: Sequence[str]) -> _Shown:
    authorization = signature_acs3.read_authorization(request)
    return _Shown(
        scheme=signature_acs3.SCHEME,
        key_id=authorization.key_id,
        signature=authorization.signature,
        to_sign=tuple(signature_acs3.strings_to_sign(request, credential.query, authorization.signed_headers, hosts)),
        sign=signature_acs3.signature_of,
        moment_name="x-acs-date",
        nonce_name="x-acs-signature-nonce",
    )


def _shown_in_parameters(request: HttpRequest, credential: ParameterSignature) -> _Shown:
    signature_v1.check_kind(credential)
    return _Shown(
        scheme=signature_v1.SCHEME,
        key_id=credential.key_id,
        signature=credential.signature,
        to_sign=(signature_v1.string_to_sign(request.method, credential.signed),),
        sign=signature_v1.signature_of,
        moment_name="Timestamp",
        nonce_name="SignatureNonce",
    )


def _signed_ms(text: str, name: str, now_ms: int) -> int:
    """When the request was signed, in UTC milliseconds."""
    if not text:
        raise refused("MissingParameter", name)
    signed_ms = read_iso(text)
    if signed_ms is None:
        raise refused("InvalidTimeStamp", name, "Write it as 2026-01-31T23:59:59Z, in UTC.")
    if abs(now_ms - signed_ms) > WINDOW_MS:
        raise refused(
            "InvalidTimeStamp.Expired", advice="It is fifteen minutes off our time at most; check the client's clock."
        )
    return signed_ms
