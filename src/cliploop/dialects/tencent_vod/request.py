"""A request in the vendor's envelope: what is asked, by which version, and what its caller shows to be known by.

There are two envelopes. In the newer one common parameters are headers, and the action's are a JSON body or a query;
in the older one all of them are together in a query or a form.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cliploop.dialects.http import HttpRequest
from cliploop.dialects.parameters import UnreadableError, read_object, read_pairs
from cliploop.dialects.refusal import Refusal
from cliploop.dialects.tencent_vod.parameters import nested

#: The one version of the vendor's API for video on demand.
VERSION = "2018-07-17"

#: Bytes. The vendor's own limit for the older envelope; the longest request that means anything is a tenth of it.
_MAX_BODY = 1024 * 1024

_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"

#: What the older envelope has beside the action's own parameters.
_COMMON = frozenset(
    {
        "Action",
        "Language",
        "Nonce",
        "Region",
        "RequestClient",
        "SecretId",
        "Signature",
        "SignatureMethod",
        "Timestamp",
        "Token",
        "Version",
    }
)

#: What tells vendors apart that share the root path. No client encodes these names.
_TELLING = re.compile(r"(?:^|&)(SecretId|Signature|Action|AccessKeyId|Version=[0-9-]*)(?=[=&]|$)")


@dataclass(frozen=True)
class HeaderSignature:
    """What the newer envelope's caller shows, as it was sent; empty where it was not."""

    authorization: str = field(repr=False)
    token: str = field(repr=False)


@dataclass(frozen=True)
class ParameterSignature:
    """What the older envelope's caller shows, as it was sent; empty where it was not.

    Attributes:
        method: the name of the signature's algorithm.
        signed: every parameter of the request but the signature, decoded and flat.
    """

    key_id: str
    method: str
    nonce: str
    signature: str = field(repr=False)
    token: str = field(repr=False)
    signed: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class VendorRequest:
    """A request that could be read. Nobody has looked yet whether its caller is known.

    Attributes:
        timestamp: when it was signed, as it was sent.
        parameters: the action's, nested.
        textual: whether every value is text, as queries and forms know nothing else.
    """

    action: str
    version: str
    region: str
    language: str
    timestamp: str
    parameters: dict[str, Any]
    textual: bool
    credential: HeaderSignature | ParameterSignature


def claims(request: HttpRequest) -> bool:
    """Whether the request is written in this vendor's way, be it well written or not."""
    if _has_headers(request):
        return True
    form = request.body[:_MAX_BODY].decode("latin-1") if request.content_type == _FORM else ""
    told = set(_TELLING.findall(f"{request.query}&{form}"))
    versions = {each for each in told if each.startswith("Version=")}
    if versions:
        return versions == {f"Version={VERSION}"}
    return bool(told & {"SecretId", "Signature", "Action"}) and "AccessKeyId" not in told


def query_action(request: HttpRequest) -> str | None:
    """The action that the query names, or None."""
    try:
        return read_pairs(request.query).get("Action")
    except UnreadableError:
        return None


def asked_action(request: HttpRequest) -> str:
    """The action that a header or the query names, as it was sent, for the log; empty where none does."""
    return request.headers.get("x-tc-action") or query_action(request) or ""


def read_request(request: HttpRequest) -> VendorRequest:
    """What is asked.

    Raises:
        Refusal: it cannot be read, is too long, or is for another version; or a common parameter is missing.
    """
    if request.method not in {"GET", "POST"}:
        raise Refusal("UnsupportedProtocol", f"The method is {request.method[:16]!a}; it is GET or POST.")
    if len(request.body) > _MAX_BODY:
        raise Refusal("RequestSizeLimitExceeded", f"The body has {len(request.body)} bytes; at most {_MAX_BODY} fit.")
    in_headers = _has_headers(request) or (request.method == "POST" and request.content_type != _FORM)
    try:
        asked = _with_headers(request) if in_headers else _with_parameters(request)
    except UnreadableError as error:
        raise Refusal("InvalidParameter", str(error)) from error
    for name, value in (("Action", asked.action), ("Version", asked.version)):
        if not value:
            raise missing(f"X-TC-{name}" if in_headers else name)
    if asked.version != VERSION:
        raise Refusal("NoSuchVersion", f"The version is {asked.version[:32]!a}; it is {VERSION}.")
    return asked


def missing(name: str) -> Refusal:
    """A common parameter is not there."""
    return Refusal("MissingParameter", f"The parameter `{name}` is missing.")


def _has_headers(request: HttpRequest) -> bool:
    return "x-tc-action" in request.headers or request.headers.get("authorization", "").startswith("TC3-")


def _with_headers(request: HttpRequest) -> VendorRequest:
    headers = request.headers
    textual = request.method == "GET"
    if not textual and request.content_type != _JSON:
        raise Refusal(
            "InvalidRequest",
            f"The Content-Type is {request.content_type[:64]!a}; with X-TC-Action a POST is {_JSON}.",
        )
    return VendorRequest(
        action=headers.get("x-tc-action", ""),
        version=headers.get("x-tc-version", ""),
        region=headers.get("x-tc-region", ""),
        language=headers.get("x-tc-language", ""),
        timestamp=headers.get("x-tc-timestamp", ""),
        parameters=nested(read_pairs(request.query)) if textual else read_object(request.body),
        textual=textual,
        credential=HeaderSignature(headers.get("authorization", ""), headers.get("x-tc-token", "")),
    )


def _with_parameters(request: HttpRequest) -> VendorRequest:
    # What isn't ASCII becomes something else that isn't, and is refused as such.
    text = request.query if request.method == "GET" else request.body.decode("latin-1")
    flat = read_pairs(text)
    common = {name: flat.get(name, "") for name in _COMMON}
    return VendorRequest(
        action=common["Action"],
        version=common["Version"],
        region=common["Region"],
        language=common["Language"],
        timestamp=common["Timestamp"],
        parameters=nested({name: value for name, value in flat.items() if name not in _COMMON}),
        textual=True,
        credential=ParameterSignature(
            key_id=common["SecretId"],
            method=common["SignatureMethod"],
            nonce=common["Nonce"],
            signature=common["Signature"],
            token=common["Token"],
            signed={name: value for name, value in flat.items() if name != "Signature"},
        ),
    )
