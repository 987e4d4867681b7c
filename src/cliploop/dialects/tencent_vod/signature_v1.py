"""The vendor's older signature, HmacSHA1 or HmacSHA256: over a request's parameters in their order."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence

from cliploop.dialects.refusal import Refusal

#: By the parameter ``SignatureMethod``, which may be left out.
_ALGORITHMS = {"": "sha1", "HmacSHA1": "sha1", "HmacSHA256": "sha256"}


def algorithm_of(signature_method: str) -> str:
    """The hash function's name.

    Raises:
        Refusal: there is no such method.
    """
    if signature_method not in _ALGORITHMS:
        raise Refusal(
            "AuthFailure.SignatureFailure",
            f"SignatureMethod is {signature_method[:32]!a}; it is HmacSHA1 or HmacSHA256.",
        )
    return _ALGORITHMS[signature_method]


def good_signatures(
    method: str, hosts: Sequence[str], signed: Mapping[str, str], algorithm: str, secret: str
) -> Iterator[str]:
    """The signatures that are right for the request, in Base64: one for each of ``hosts``.

    Values are joined as they are, so different parameters can have the same text and thus the same signature. What
    changes something is therefore done once for a signature (``AdmitCall``).

    Args:
        method: of the request.
        hosts: what the client may have taken for the host.
        signed: the parameters by their names, decoded.
        algorithm: the hash function's name.
        secret: of the access key.
    """
    parameters = sorted((name.replace("_", "."), value) for name, value in signed.items())
    text = "&".join(f"{name}={value}" for name, value in parameters)
    for host in hosts:
        message = f"{method}{host}/?{text}".encode("utf-8", "surrogatepass")
        yield b64encode(hmac.digest(secret.encode(), message, algorithm)).decode()
