"""Who calls: a request's signature compared with what it must be."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from cliploop.dialects.http import HttpRequest
from cliploop.dialects.refusal import Refusal
from cliploop.dialects.signatures import is_one_of
from cliploop.dialects.tencent_vod import signature_v1, signature_v3
from cliploop.dialects.tencent_vod.request import HeaderSignature, ParameterSignature, VendorRequest, missing
from cliploop.domain.access_key import AccessKey

#: Seconds by which a client's clock may be wrong: the vendor's five minutes.
WINDOW_S = 300

_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_UNIX_SECONDS = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True)
class VerifiedCall:
    """A request whose caller is known.

    Attributes:
        digest: stands for the signature, 64 hex digits; an identical request has the same.
        expires_s: the last UNIX second at which the signature is good.
    """

    key: AccessKey
    digest: str
    expires_s: int


@dataclass(frozen=True)
class _Shown:
    """What a caller shows.

    Attributes:
        day: that for which it was signed, ``yyyy-mm-dd``; empty where the scheme has none.
        good: the signatures that are right, of the key's secret.
    """

    scheme: str
    key_id: str
    day: str
    signature: str
    good: Callable[[str], Iterator[str]]


def verify(
    request: HttpRequest,
    asked: VendorRequest,
    key_of: Callable[[str], AccessKey | None],
    now_s: int,
    signing_hosts: Sequence[str] = (),
) -> VerifiedCall:
    """The caller of a request.

    Args:
        request: as it came.
        asked: what was read of it.
        key_of: the access key of an id, or None.
        now_s: UNIX seconds.
        signing_hosts: hosts that clients may have signed instead of the one they called.

    Raises:
        Refusal: the request is not signed, is signed wrong, or long ago.
    """
    hosts = request.hosts(signing_hosts)
    if isinstance(asked.credential, HeaderSignature):
        shown = _shown_in_header(request, asked, asked.credential, hosts)
    else:
        shown = _shown_in_parameters(request, asked.credential, hosts)
    if asked.credential.token:
        raise Refusal("AuthFailure.TokenFailure", "The token is none of ours; sign with an access key and no token.")
    signed_s = _signed_s(asked, now_s)
    if shown.day not in {"", datetime.fromtimestamp(signed_s, UTC).strftime("%Y-%m-%d")}:
        raise Refusal(
            "AuthFailure.InvalidAuthorization", "The date of the Credential is not the timestamp's, which is in UTC."
        )
    key = key_of(shown.key_id) if _KEY_ID.fullmatch(shown.key_id) else None
    if key is None:
        raise Refusal("AuthFailure.SecretIdNotFound", "The SecretId does not exist; check the access key.")
    if not is_one_of(shown.signature, shown.good(key.secret)):
        raise _wrong("The signature is not that of the request; check the secret key and what was signed.")
    return VerifiedCall(key, _digest(shown), signed_s + WINDOW_S)


def _shown_in_header(
    request: HttpRequest, asked: VendorRequest, credential: HeaderSignature, hosts: Sequence[str]
) -> _Shown:
    if not credential.authorization:
        raise missing("Authorization")
    if request.headers.get("x-tc-content-sha256", "").strip().upper() == "UNSIGNED-PAYLOAD":
        raise _wrong("X-TC-Content-SHA256 is UNSIGNED-PAYLOAD; have the client sign the body.")
    authorization = signature_v3.read_authorization(request, credential.authorization)

    def good(secret: str) -> Iterator[str]:
        return signature_v3.good_signatures(request, authorization, asked.timestamp, hosts, secret)

    return _Shown(signature_v3.SCHEME, authorization.key_id, authorization.day, authorization.signature, good)


def _shown_in_parameters(request: HttpRequest, credential: ParameterSignature, hosts: Sequence[str]) -> _Shown:
    for name, value in (
        ("SecretId", credential.key_id),
        ("Signature", credential.signature),
        ("Nonce", credential.nonce),
    ):
        if not value:
            raise missing(name)
    algorithm = signature_v1.algorithm_of(credential.method)

    def good(secret: str) -> Iterator[str]:
        return signature_v1.good_signatures(request.method, hosts, credential.signed, algorithm, secret)

    return _Shown(algorithm, credential.key_id, "", credential.signature, good)


def _signed_s(asked: VendorRequest, now_s: int) -> int:
    """When the request was signed, in UNIX seconds."""
    if not asked.timestamp:
        raise missing("X-TC-Timestamp" if isinstance(asked.credential, HeaderSignature) else "Timestamp")
    signed_s = int(asked.timestamp) if _UNIX_SECONDS.fullmatch(asked.timestamp) else -1
    if signed_s < 0 or abs(now_s - signed_s) > WINDOW_S:
        raise Refusal(
            "AuthFailure.SignatureExpire",
            "The timestamp and our time differ by more than five minutes; check the client's clock.",
        )
    return signed_s


def _digest(shown: _Shown) -> str:
    return sha256(f"{shown.scheme}\n{shown.key_id}\n{shown.signature}".encode()).hexdigest()


def _wrong(message: str) -> Refusal:
    return Refusal("AuthFailure.SignatureFailure", message)
