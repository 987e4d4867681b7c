"""The vendor's older signature, HMAC-SHA1: over a request's parameters in their order, and the method."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Mapping
from urllib.parse import quote

from cliploop.dialects.alibaba_gif.errors import refused
from cliploop.dialects.alibaba_gif.request import ParameterSignature

SCHEME = "HMAC-SHA1"
_VERSION = "1.0"


def check_kind(shown: ParameterSignature) -> None:
    """See that this is the signature that is meant.

    Raises:
        Refusal: what makes a signature one is missing, or it is of another kind.
    """
    for name, value in (
        ("AccessKeyId", shown.key_id),
        ("Signature", shown.signature),
        ("SignatureMethod", shown.method),
        ("SignatureVersion", shown.version),
    ):
        if not value:
            raise refused("MissingParameter", name)
    if shown.method != SCHEME:
        raise refused("InvalidParameter", "SignatureMethod", f"It is {SCHEME}.")
    if shown.version != _VERSION:
        raise refused("InvalidParameter", "SignatureVersion", f"It is {_VERSION}.")
    if shown.kind:
        raise refused("InvalidParameter", "SignatureType", "Sign with an access key, and leave it empty.")


def string_to_sign(method: str, signed: Mapping[str, str]) -> str:
    """What is signed; neither host nor path nor headers are.

    Args:
        method: of the request.
        signed: the parameters by their names, decoded. Those without a value are signed, too.
    """
    canonical = "&".join(f"{encoded(name)}={encoded(value)}" for name, value in sorted(signed.items()))
    return f"{method}&%2F&{encoded(canonical)}"


def signature_of(text: str, secret: str) -> str:
    """The signature of ``string_to_sign`` in Base64."""
    return b64encode(hmac.digest(f"{secret}&".encode(), text.encode(), "sha1")).decode()


def encoded(text: str) -> str:
    """Percent-encoded as RFC 3986 has it: all but letters, digits and ``-_.~``."""
    return quote(text, safe="~")
