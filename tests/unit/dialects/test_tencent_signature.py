"""The vendor's own client signs; whatever is changed on the way is noticed."""

from __future__ import annotations

import hmac
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cliploop.dialects.http import HttpRequest
from cliploop.dialects.refusal import Refusal
from cliploop.dialects.tencent_vod.request import read_request
from cliploop.dialects.tencent_vod.signature import VerifiedCall, verify
from cliploop.domain.access_key import AccessKey
from tests.unit.dialects.tencent_client import (
    HEADER_WAYS,
    KEY,
    OTHER_HOST,
    PARAMETER_WAYS,
    PARAMETERS,
    WAYS,
    Way,
    recorded,
)

NOW = 1_700_000_000
DAY = "2023-11-14"

Change = Callable[[HttpRequest], HttpRequest]


def key_of(key_id: str) -> AccessKey | None:
    return KEY if key_id == KEY.key_id else None


def verified(request: HttpRequest, *, late_s: int = 0, now_s: int | None = None) -> VerifiedCall:
    """The request as it is seen ``late_s`` seconds after it was signed."""
    asked = read_request(request)
    at_s = int(asked.timestamp) + late_s if now_s is None else now_s
    return verify(request, asked, key_of, at_s, signing_hosts=(OTHER_HOST,))


def code_for(request: HttpRequest, *, late_s: int = 0, now_s: int | None = None) -> str:
    with pytest.raises(Refusal) as raised:
        verified(request, late_s=late_s, now_s=now_s)
    assert KEY.secret not in raised.value.message
    return raised.value.code


def with_header(name: str, value: str) -> Change:
    return lambda request: replace(request, headers={**request.headers, name: value})


def in_authorization(old: str, new: str) -> Change:
    def change(request: HttpRequest) -> HttpRequest:
        text = request.headers["authorization"]
        assert old in text
        return with_header("authorization", text.replace(old, new))(request)

    return change


def parameters_of(request: HttpRequest) -> dict[str, str]:
    return dict(parse_qsl(request.query or request.body.decode(), keep_blank_values=True))


def with_parameters(request: HttpRequest, parameters: dict[str, str]) -> HttpRequest:
    text = urlencode(parameters)
    return replace(request, query=text) if request.method == "GET" else replace(request, body=text.encode())


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_what_the_vendors_client_signs_is_good(way: Way) -> None:
    request = recorded(way)
    call = verified(request)
    assert call.key == KEY
    assert call.expires_s == int(read_request(request).timestamp) + 300
    assert len(bytes.fromhex(call.digest)) == 32


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_what_the_vendors_client_asks_is_read(way: Way) -> None:
    asked = read_request(recorded(way))
    assert (asked.action, asked.region, asked.language) == ("ProcessMedia", "ap-guangzhou", "zh-CN")
    assert asked.textual == (way.signature != "TC3-HMAC-SHA256" or way.method == "GET")
    assert asked.parameters == (in_text(PARAMETERS) if asked.textual else PARAMETERS)


def in_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: in_text(each) for name, each in value.items()}
    return [in_text(each) for each in value] if isinstance(value, list) else str(value)


def test_a_digest_stands_for_one_request() -> None:
    digests = [verified(recorded(way)).digest for way in WAYS for _ in range(2)]
    assert digests[::2] == digests[1::2]
    assert len(set(digests)) == len(WAYS)


TAMPERED_HEADERS: dict[str, tuple[str, Change]] = {
    "a byte more": ("SignatureFailure", lambda request: replace(request, body=request.body + b" ")),
    "the query": ("SignatureFailure", lambda request: replace(request, query=request.query + "&A=1")),
    "the type": ("SignatureFailure", with_header("content-type", "application/json;charset=utf-8")),
    "the time": (
        "SignatureFailure",
        lambda request: with_header("x-tc-timestamp", f"0{request.headers['x-tc-timestamp']}")(request),
    ),
    "the day": ("InvalidAuthorization", in_authorization("/20", "/19")),
    "the service": ("SignatureFailure", in_authorization("/vod/", "/cvm/")),
    "what is signed": ("SignatureFailure", in_authorization("content-type;host", "content-type;host;user-agent")),
    "its order": ("SignatureFailure", in_authorization("content-type;host", "host;content-type")),
    "less signed": ("InvalidAuthorization", in_authorization("content-type;host", "host")),
    "what isn't there": ("InvalidAuthorization", in_authorization("content-type;host", "content-type;host;x")),
    "the signature": ("SignatureFailure", lambda request: with_signature(request, lambda text: f"0{text}")),
    "the signature's case": ("SignatureFailure", lambda request: with_signature(request, str.upper)),
    "no signature": ("SignatureFailure", lambda request: with_signature(request, lambda _: "")),
    "the key": ("SecretIdNotFound", in_authorization("Credential=", "Credential=x")),
}


def with_signature(request: HttpRequest, change: Callable[[str], str]) -> HttpRequest:
    start, name, signature = request.headers["authorization"].partition("Signature=")
    return with_header("authorization", f"{start}{name}{change(signature)}")(request)


@pytest.mark.parametrize("way", HEADER_WAYS, ids=lambda way: way.name)
@pytest.mark.parametrize("part", TAMPERED_HEADERS)
def test_a_changed_part_is_noticed(way: Way, part: str) -> None:
    code, change = TAMPERED_HEADERS[part]
    assert code_for(change(recorded(way))) == f"AuthFailure.{code}"


def test_the_method_is_signed() -> None:
    turned = replace(recorded(HEADER_WAYS[0]), method="GET")
    assert code_for(turned) == "AuthFailure.SignatureFailure"


def test_every_byte_of_a_body_is_signed() -> None:
    request = recorded(HEADER_WAYS[0])
    for place in range(len(request.body)):
        changed = bytearray(request.body)
        changed[place] ^= 1
        asked = read_request(request)
        with pytest.raises(Refusal) as raised:
            verify(replace(request, body=bytes(changed)), asked, key_of, int(asked.timestamp))
        assert raised.value.code == "AuthFailure.SignatureFailure"


def test_every_parameter_of_a_query_is_signed() -> None:
    request = recorded(HEADER_WAYS[1])
    parameters = parameters_of(request)
    for name, value in parameters.items():
        changed = with_parameters(request, parameters | {name: f"{value}0"})
        assert code_for(changed) == "AuthFailure.SignatureFailure", name


EXPECTED = {
    "SecretId": "AuthFailure.SecretIdNotFound",
    "Timestamp": "AuthFailure.SignatureExpire",
    "Version": "NoSuchVersion",
}


@pytest.mark.parametrize("way", PARAMETER_WAYS, ids=lambda way: way.name)
def test_every_parameter_is_signed(way: Way) -> None:
    request = recorded(way)
    parameters = parameters_of(request)
    now_s = int(parameters["Timestamp"])
    assert set(EXPECTED) < set(parameters)
    for name, value in parameters.items():
        changed = with_parameters(request, parameters | {name: f"{value}0"})
        assert code_for(changed, now_s=now_s) == EXPECTED.get(name, "AuthFailure.SignatureFailure"), name


@pytest.mark.parametrize("way", PARAMETER_WAYS, ids=lambda way: way.name)
def test_no_parameter_can_be_left_out_or_added(way: Way) -> None:
    request = recorded(way)
    parameters = parameters_of(request)
    now_s = int(parameters["Timestamp"])
    needed = {"Action", "Version", "Timestamp", "Nonce", "SecretId", "Signature"}
    for name in parameters:
        less = {each: value for each, value in parameters.items() if each != name}
        expected = "MissingParameter" if name in needed else "AuthFailure.SignatureFailure"
        assert code_for(with_parameters(request, less), now_s=now_s) == expected, name
    more = with_parameters(request, parameters | {"SubAppId": "1"})
    assert code_for(more, now_s=now_s) == "AuthFailure.SignatureFailure"


def test_a_signature_has_one_spelling() -> None:
    """Else its digest would not be the same each time that it is shown."""
    request = recorded(PARAMETER_WAYS[0])
    parameters = parameters_of(request)
    signature = parameters["Signature"]
    following = chr(ord(signature[-2]) + 1)
    assert b64decode(signature) == b64decode(f"{signature[:-2]}{following}=")
    for other in (f"{signature[:-2]}{following}=", f"{signature}=", f" {signature}"):
        changed = with_parameters(request, parameters | {"Signature": other})
        assert code_for(changed) == "AuthFailure.SignatureFailure"


@pytest.mark.parametrize("way", PARAMETER_WAYS, ids=lambda way: way.name)
def test_a_signature_of_parameters_holds_for_their_method(way: Way) -> None:
    request = recorded(way)
    text = request.query or request.body.decode()
    if request.method == "GET":
        turned = replace(request, method="POST", query="", body=text.encode())
    else:
        turned = replace(request, method="GET", query=text, body=b"")
    assert code_for(turned) == "AuthFailure.SignatureFailure"


@pytest.mark.parametrize("way", [WAYS[0], PARAMETER_WAYS[0]], ids=lambda way: way.name)
def test_a_host_that_nobody_called_is_not_good(way: Way) -> None:
    assert code_for(with_header("host", "example.com")(recorded(way))) == "AuthFailure.SignatureFailure"


@pytest.mark.parametrize("way", [way for way in WAYS if way.gateway], ids=lambda way: way.name)
def test_another_host_is_only_good_where_it_is_known(way: Way) -> None:
    request = recorded(way)
    asked = read_request(request)
    with pytest.raises(Refusal, match=r"AuthFailure\.SignatureFailure"):
        verify(request, asked, key_of, int(asked.timestamp))


@pytest.mark.parametrize("way", [WAYS[0], PARAMETER_WAYS[0]], ids=lambda way: way.name)
@pytest.mark.parametrize("late_s", [-300, 0, 299, 300])
def test_a_signature_is_good_for_five_minutes_either_way(way: Way, late_s: int) -> None:
    assert verified(recorded(way), late_s=late_s) == verified(recorded(way))


@pytest.mark.parametrize("way", [WAYS[0], PARAMETER_WAYS[0]], ids=lambda way: way.name)
@pytest.mark.parametrize("late_s", [-301, 301, 86_400])
def test_and_no_longer(way: Way, late_s: int) -> None:
    assert code_for(recorded(way), late_s=late_s) == "AuthFailure.SignatureExpire"


@pytest.mark.parametrize("timestamp", ["-1", "9" * 400, "1e9", "17 00", "٣", "\udc80", "1700000000.0", "+1700000000"])
def test_a_timestamp_that_is_none_is_too_old(timestamp: str) -> None:
    request = with_header("x-tc-timestamp", timestamp)(recorded(WAYS[0]))
    assert code_for(request, now_s=NOW) == "AuthFailure.SignatureExpire"


@pytest.mark.parametrize("signature", ["TC3-HMAC-SHA256", "HmacSHA256"])
def test_a_token_is_none_of_ours(signature: str) -> None:
    assert code_for(recorded(Way("with a token", signature, token="t"))) == "AuthFailure.TokenFailure"


def test_a_body_that_is_not_signed_is_refused() -> None:
    request = recorded(Way("unsigned payload", unsigned_payload=True))
    assert code_for(request) == "AuthFailure.SignatureFailure"
    unmarked = {name: value for name, value in request.headers.items() if name != "x-tc-content-sha256"}
    assert code_for(replace(request, headers=unmarked)) == "AuthFailure.SignatureFailure"


@pytest.mark.parametrize("missing", ["authorization", "x-tc-timestamp", "x-tc-action", "x-tc-version"])
def test_a_header_that_is_missing_is_named(missing: str) -> None:
    request = recorded(WAYS[0])
    less = replace(request, headers={name: value for name, value in request.headers.items() if name != missing})
    with pytest.raises(Refusal) as raised:
        verified(less, now_s=NOW)
    assert raised.value.code == "MissingParameter"
    assert missing in raised.value.message.lower()


def test_a_wrong_algorithm_is_refused() -> None:
    request = recorded(PARAMETER_WAYS[0])
    changed = with_parameters(request, parameters_of(request) | {"SignatureMethod": "HmacMD5"})
    assert code_for(changed) == "AuthFailure.SignatureFailure"


@pytest.mark.parametrize(
    "authorization",
    [
        "SKIP",
        "TC3-HMAC-SHA256",
        "TC3-HMAC-SHA1 Credential=a/2023-11-14/vod/tc3_request, SignedHeaders=content-type;host, Signature=0",
        "TC3-HMAC-SHA256 Credential=a/2023-11-14/vod/aws4_request, SignedHeaders=content-type;host, Signature=0",
        "TC3-HMAC-SHA256 Credential=a/20231114/vod/tc3_request, SignedHeaders=content-type;host, Signature=0",
        "TC3-HMAC-SHA256 Credential=a/٢٠٢٣-١١-١٤/vod/tc3_request, SignedHeaders=content-type;host, Signature=0",
        "TC3-HMAC-SHA256 SignedHeaders=content-type;host, Signature=0",
        "TC3-HMAC-SHA256 Credential=a/2023-11-14/vod/tc3_request, Signature=0",
        "TC3-HMAC-SHA256 Credential=a/2023-11-14/vod/tc3_request, SignedHeaders=content-type;host, Signature=0, x",
    ],
)
def test_an_authorization_that_is_none(authorization: str) -> None:
    request = with_header("authorization", authorization)(recorded(WAYS[0]))
    assert code_for(request) == "AuthFailure.InvalidAuthorization"


@pytest.mark.parametrize("key_id", ["", "a" * 129, "a'", "ключ", "a.b", "a\n"])
def test_a_key_id_that_is_none_is_not_looked_up(key_id: str) -> None:
    request = recorded(PARAMETER_WAYS[0])
    asked = read_request(with_parameters(request, parameters_of(request) | {"SecretId": key_id}))

    def nobody(_: str) -> AccessKey | None:
        raise AssertionError

    with pytest.raises(Refusal) as raised:
        verify(request, asked, nobody, int(asked.timestamp))
    assert raised.value.code == ("AuthFailure.SecretIdNotFound" if key_id else "MissingParameter")


def signed_by_hand(
    request: HttpRequest, names: str, values: str, path: str = "/", service: str = "vod"
) -> HttpRequest:
    """The request signed as the vendor's guide has it, with ``values`` for the signed headers."""
    digests = sha256(request.body).hexdigest()
    canonical = f"{request.method}\n{path}\n{request.query}\n{values}\n{names}\n{digests}"
    text = f"TC3-HMAC-SHA256\n{NOW}\n{DAY}/{service}/tc3_request\n{sha256(canonical.encode()).hexdigest()}"
    key = b"TC3" + KEY.secret.encode()
    for part in (DAY, service, "tc3_request", text):
        key = hmac.new(key, part.encode(), "sha256").digest()
    return with_header(
        "authorization",
        f"TC3-HMAC-SHA256 Credential={KEY.key_id}/{DAY}/{service}/tc3_request, SignedHeaders={names}, Signature={key.hex()}",
    )(request)


PLAIN = HttpRequest(
    method="POST",
    path="/prod/",
    query="",
    headers={
        "host": "Api.example.com:8443",
        "content-type": "application/json; charset=UTF-8",
        "x-tc-action": "DescribeTasks",
        "x-tc-version": "2018-07-17",
        "x-tc-timestamp": str(NOW),
    },
    body=b"{}",
    request_id="r",
)


@pytest.mark.parametrize(
    ("names", "values", "path", "service"),
    [
        (
            "content-type;host",
            "content-type:application/json; charset=UTF-8\nhost:Api.example.com:8443\n",
            "/",
            "vod",
        ),
        (
            "content-type;host",
            "content-type:application/json; charset=UTF-8\nhost:Api.example.com\n",
            "/prod/",
            "Api",
        ),
        (
            "content-type;host",
            "content-type:application/json; charset=utf-8\nhost:api.example.com:8443\n",
            "/",
            "vod",
        ),
        (
            "content-type;host;x-tc-action",
            "content-type:application/json; charset=utf-8\nhost:api.example.com\nx-tc-action:describetasks\n",
            "/",
            "vod",
        ),
    ],
    ids=["as sent", "the real path and no port", "in lower case", "as in the guide"],
)
def test_the_ways_in_which_other_clients_sign(names: str, values: str, path: str, service: str) -> None:
    assert verified(signed_by_hand(PLAIN, names, values, path, service)).key == KEY


def test_a_signed_action_cannot_be_changed() -> None:
    values = "content-type:application/json; charset=utf-8\nhost:api.example.com\nx-tc-action:describetasks\n"
    request = signed_by_hand(PLAIN, "content-type;host;x-tc-action", values)
    assert code_for(with_header("x-tc-action", "PullEvents")(request)) == "AuthFailure.SignatureFailure"


def test_another_secret_is_noticed() -> None:
    request = recorded(WAYS[0])
    asked = read_request(request)
    with pytest.raises(Refusal, match=r"AuthFailure\.SignatureFailure"):
        verify(request, asked, lambda key_id: AccessKey(key_id, "another", "0" * 32), int(asked.timestamp))


ANY_TEXT = st.text(st.characters())
AUTHORIZATIONS = st.one_of(
    ANY_TEXT,
    st.builds(
        "TC3-HMAC-SHA256 Credential={}/{}/{}/tc3_request, SignedHeaders=content-type;host{}, Signature={}".format,
        ANY_TEXT,
        st.sampled_from([DAY, "0000-00-00", "9999-99-99"]),
        ANY_TEXT,
        ANY_TEXT,
        ANY_TEXT,
    ),
)


@given(authorization=AUTHORIZATIONS, timestamp=st.one_of(ANY_TEXT, st.just(str(NOW))), path=ANY_TEXT, query=ANY_TEXT)
def test_any_header_is_refused_and_nothing_else(authorization: str, timestamp: str, path: str, query: str) -> None:
    headers = {**PLAIN.headers, "authorization": authorization, "x-tc-timestamp": timestamp}
    request = replace(PLAIN, headers=headers, path=path, query=query)
    with pytest.raises(Refusal):
        verify(request, read_request(request), lambda key_id: AccessKey(key_id, "s", "p"), NOW)


@given(values=st.dictionaries(st.sampled_from(["SecretId", "SignatureMethod", "Nonce", "X_Y", "Token"]), st.text()))
def test_any_parameters_are_refused_and_nothing_else(values: dict[str, str]) -> None:
    common = {"Action": "A", "Version": "2018-07-17", "Timestamp": str(NOW), "Signature": "ü", "SecretId": "k"}
    request = replace(PLAIN, method="GET", headers={"host": "\udc80"}, query=urlencode(common | values))
    with pytest.raises(Refusal):
        verify(request, read_request(request), lambda key_id: AccessKey(key_id, "s", "p"), NOW)
