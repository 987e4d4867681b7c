"""A request in the vendor's envelope: what is asked, in which format, and what its caller shows to be known by.

An operation's parameters may stand in the query, in a form, or some here and some there; each client has its own way.
Common parameters stand among them in the older envelope (signature version 1), and in headers in the newer (ACS3).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from cliploop.dialects.alibaba_gif.errors import refused
from cliploop.dialects.alibaba_gif.formats import Format, read_format
from cliploop.dialects.http import HttpRequest
from cliploop.dialects.parameters import UnreadableError, read_pairs

#: The one version of the vendor's API for multimedia.
VERSION = "2019-08-10"

#: Bytes of query and body together; the longest request that means anything has a tenth of it.
_MAX_SIZE = 131_072

_FORM = "application/x-www-form-urlencoded"
_SCHEME = "ACS3-"

#: What stands beside an operation's own parameters. The last four name an account, which a key does here.
_COMMON = frozenset(
    {
        "AccessKeyId",
        "Action",
        "Format",
        "SecurityToken",
        "Signature",
        "SignatureMethod",
        "SignatureNonce",
        "SignatureType",
        "SignatureVersion",
        "Timestamp",
        "Version",
        "OwnerAccount",
        "OwnerId",
        "ResourceOwnerAccount",
        "ResourceOwnerId",
    }
)

#: What tells vendors apart that share the root path. No client encodes these names.
_TELLING = re.compile(r"(?:^|&)(AccessKeyId|Version=[0-9-]*)(?=[=&]|$)")
_ANOTHERS_VERSION = "Version=2018-07-17"


@dataclass(frozen=True)
class ParameterSignature:
    """What the older envelope's caller shows, as it was sent; empty where it was not.

    Attributes:
        signed: every parameter of the request but the signature, decoded.
    """

    key_id: str
    method: str
    version: str
    kind: str
    timestamp: str
    nonce: str
    signature: str = field(repr=False)
    token: str = field(repr=False)
    signed: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class HeaderSignature:
    """What the newer envelope's caller shows, as it was sent; empty where it was not.

    Attributes:
        query: the query's parameters, decoded.
    """

    timestamp: str
    nonce: str
    authorization: str = field(repr=False)
    token: str = field(repr=False)
    query: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class VendorRequest:
    """A request that could be read. Nobody has looked yet whether its caller is known.

    Attributes:
        version: of the API.
        format: of the reply; None where there is no such format.
        parameters: the operation's own.
    """

    action: str
    version: str
    format: Format | None
    parameters: Mapping[str, str]
    credential: HeaderSignature | ParameterSignature


def claims(request: HttpRequest) -> bool:
    """Whether the request is written in this vendor's way, be it well written or not. Its path says nothing."""
    if any(name.startswith("x-acs-") for name in request.headers) or _is_in_headers(request):
        return True
    form = request.body[:_MAX_SIZE].decode("latin-1") if request.content_type == _FORM else ""
    told = set(_TELLING.findall(f"{request.query}&{form}"))
    return bool(told & {"AccessKeyId", f"Version={VERSION}"}) and _ANOTHERS_VERSION not in told


def read_request(request: HttpRequest) -> VendorRequest:
    """What is asked.

    Raises:
        Refusal: it is too long, cannot be read, or says two things of one parameter.
    """
    size = len(request.query) + len(request.body)
    if size > _MAX_SIZE:
        raise refused("InvalidParameter", "Query and body", f"They have {size} bytes; at most {_MAX_SIZE} fit.")
    if request.body and request.content_type != _FORM:
        raise refused("InvalidParameter", "Content-Type", f"A body is a form, of the type {_FORM}.")
    try:
        query = read_pairs(request.query)
        # What isn't ASCII becomes something else that isn't, and is refused as such.
        form = read_pairs(request.body.decode("latin-1"))
    except UnreadableError as error:
        raise refused("InvalidParameter", "Query or body", str(error)) from error
    for name in query.keys() & form.keys():
        if query[name] != form[name]:
            raise refused("InvalidParameter", name[:64], "It stands in the query and in the body, and they differ.")
    everything = query | form
    return _with_headers(request, query, everything) if _is_in_headers(request) else _with_parameters(everything)


def check(request: HttpRequest, asked: VendorRequest) -> None:
    """See that a request can be answered at all.

    Raises:
        Refusal: it is sent in another way or is for another version, or a common parameter is missing or wrong.
    """
    if request.method not in {"GET", "POST"}:
        raise refused("InvalidApiNotFound", advice=f"The method is {request.method[:16]!a}; it is GET or POST.")
    if asked.format is None:
        raise refused("InvalidParameter", "Format", "It is JSON or XML.")
    in_headers = isinstance(asked.credential, HeaderSignature)
    for name, value in (("Action", asked.action), ("Version", asked.version)):
        if not value:
            raise refused("MissingParameter", f"x-acs-{name.lower()}" if in_headers else name)
    if asked.version != VERSION:
        raise refused("InvalidVersion", advice=f"It is {VERSION}.")


def _is_in_headers(request: HttpRequest) -> bool:
    return request.headers.get("authorization", "").startswith(_SCHEME)


def _with_headers(request: HttpRequest, query: Mapping[str, str], everything: Mapping[str, str]) -> VendorRequest:
    """Action and version of the headers, which the signature covers by name; parameters may only say the same."""
    headers = request.headers
    action, version = headers.get("x-acs-action", ""), headers.get("x-acs-version", "")
    for name, value in (("Action", action), ("Version", version)):
        if everything.get(name, value) != value:
            raise refused("InvalidParameter", name, f"It differs from the header x-acs-{name.lower()}.")
    return VendorRequest(
        action=action,
        version=version,
        format=read_format(everything.get("Format") or Format.JSON),
        parameters=_own(everything),
        credential=HeaderSignature(
            timestamp=headers.get("x-acs-date", ""),
            nonce=headers.get("x-acs-signature-nonce", ""),
            authorization=headers["authorization"],
            token=headers.get("x-acs-security-token", ""),
            query=query,
        ),
    )


def _with_parameters(everything: Mapping[str, str]) -> VendorRequest:
    """The headers that some clients send as well, x-acs-action and the like, are not signed and say nothing here."""
    common = {name: everything.get(name, "") for name in _COMMON}
    # XML is the vendor's default; a client of the older generation writes "None" where its caller has not chosen.
    asked_format = "" if common["Format"] == "None" else common["Format"]
    return VendorRequest(
        action=common["Action"],
        version=common["Version"],
        format=read_format(asked_format or Format.XML),
        parameters=_own(everything),
        credential=ParameterSignature(
            key_id=common["AccessKeyId"],
            method=common["SignatureMethod"],
            version=common["SignatureVersion"],
            kind=common["SignatureType"],
            timestamp=common["Timestamp"],
            nonce=common["SignatureNonce"],
            signature=common["Signature"],
            token=common["SecurityToken"],
            signed={name: value for name, value in everything.items() if name != "Signature"},
        ),
    )


def _own(everything: Mapping[str, str]) -> dict[str, str]:
    """The operation's parameters; one without a value is one that is not there."""
    return {name: value for name, value in everything.items() if name not in _COMMON and value}
