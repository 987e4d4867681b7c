"""Requests in each of the vendor's ways, signed here independently of what reads them."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from enum import Enum
from itertools import count

from cliploop.dialects.http import HttpRequest
from cliploop.domain.access_key import AccessKey

FORM = "application/x-www-form-urlencoded"
HOST = "api.example.com"
VERSION = "2019-08-10"
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~")
_numbers = count(1)


class Layout(Enum):
    """Where parameters stand: method, which of them in the query, which in the form."""

    GET_QUERY = "all in the query of a GET, as with pop-core and the old client's generic call"
    POST_QUERY = "all in the query of a POST, as with the old client"
    POST_FORM = "all in the form, as with pop-core"
    COMMON_IN_QUERY = "common ones in the query, the operation's in the form, as with the new client"
    SPLIT = "all in the query but one, as with the old client and Scales"
    ACS3_QUERY = "headers, and the operation's in the query, as with the generic client"
    ACS3_FORM = "headers, and the operation's in the form"
    ACS3_SPLIT = "headers, and the operation's in both"

    @property
    def in_headers(self) -> bool:
        return self.name.startswith("ACS3")


def percent(text: str) -> str:
    return "".join(chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in text.encode())


def joined(parameters: Mapping[str, str]) -> str:
    return "&".join(f"{percent(name)}={percent(value)}" for name, value in parameters.items())


def nonce() -> str:
    return f"nonce-{next(_numbers)}"


def signed(
    layout: Layout,
    action: str,
    parameters: Mapping[str, str],
    key: AccessKey,
    moment: str,
    changes: Mapping[str, str],
) -> HttpRequest:
    """A request. ``changes`` go among the common parameters, or headers, before it is signed; empty ones leave out."""
    make = _in_headers if layout.in_headers else _in_parameters
    return make(layout, action, dict(parameters), key, moment, changes)


def _in_parameters(
    layout: Layout, action: str, own: dict[str, str], key: AccessKey, moment: str, changes: Mapping[str, str]
) -> HttpRequest:
    common = {
        "Action": action,
        "Format": "JSON",
        "Version": VERSION,
        "Timestamp": moment,
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "SignatureNonce": nonce(),
        "AccessKeyId": key.key_id,
        **changes,
    }
    common = {name: value for name, value in common.items() if value or name not in changes}
    if layout in {Layout.POST_QUERY, Layout.SPLIT}:
        common.setdefault("SignatureType", "")
    method = "GET" if layout is Layout.GET_QUERY else "POST"
    form = {
        Layout.POST_FORM: common | own,
        Layout.COMMON_IN_QUERY: own,
        Layout.SPLIT: dict(list(own.items())[-1:]),
    }.get(layout, {})
    everything = common | own
    canonical = joined(dict(sorted(everything.items())))
    text = f"{method}&{percent('/')}&{percent(canonical)}"
    mac = hmac.new(f"{key.secret}&".encode(), text.encode(), hashlib.sha1)
    signature = {"Signature": base64.b64encode(mac.digest()).decode()}
    query = {name: value for name, value in everything.items() if name not in form}
    if layout is Layout.POST_FORM:
        form = form | signature
    else:
        query |= signature
    headers = {"host": HOST} | ({"content-type": FORM} if form else {})
    return HttpRequest(method, "/", joined(query), headers, joined(form).encode(), "request-1")


def _in_headers(
    layout: Layout, action: str, own: dict[str, str], key: AccessKey, moment: str, changes: Mapping[str, str]
) -> HttpRequest:
    form = {
        Layout.ACS3_FORM: own,
        Layout.ACS3_SPLIT: dict(list(own.items())[-1:]),
    }.get(layout, {})
    query = {name: value for name, value in own.items() if name not in form}
    body = joined(form).encode()
    headers = {
        "host": HOST,
        "accept": "application/json",
        "user-agent": "somebody  (with spaces)",
        "x-acs-action": action,
        "x-acs-version": VERSION,
        "x-acs-date": moment,
        "x-acs-signature-nonce": nonce(),
        "x-acs-content-sha256": hashlib.sha256(body).hexdigest(),
    } | {name.replace("_", "-"): value for name, value in changes.items()}
    headers = {name: value for name, value in headers.items() if value}
    if form:
        headers["content-type"] = FORM
    names = sorted(headers)
    canonical = [
        "POST",
        "/",
        joined(dict(sorted(query.items()))),
        *(f"{name}:{headers[name].strip()}" for name in names),
        "",
        ";".join(names),
        hashlib.sha256(body).hexdigest(),
    ]
    digest = hashlib.sha256("\n".join(canonical).encode()).hexdigest()
    text = f"ACS3-HMAC-SHA256\n{digest}"
    signature = hmac.new(key.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    shown = f"Credential={key.key_id},SignedHeaders={';'.join(names)},Signature={signature}"
    headers["authorization"] = f"ACS3-HMAC-SHA256 {shown}"
    return HttpRequest("POST", "/", joined(query), headers, body, "request-1")
