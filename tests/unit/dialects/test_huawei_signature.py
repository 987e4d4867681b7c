"""The vendor's own client signs; whatever is changed on the way is noticed."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cliploop.dialects.http import HttpRequest
from cliploop.dialects.huawei_mpc.signature import Signature, verify
from cliploop.dialects.refusal import Refusal
from cliploop.domain.access_key import AccessKey
from tests.unit.dialects.huawei_client import (
    CREATE_WAY,
    KEY,
    OTHER_ALGORITHMS,
    SIGNED_WAYS,
    Way,
    get_der_key_sha256,
    recorded,
)

Change = Callable[[HttpRequest], HttpRequest]

EACH_WAY = pytest.mark.parametrize("way", SIGNED_WAYS, ids=lambda way: way.name)


def key_of(key_id: str) -> AccessKey | None:
    return KEY if key_id == KEY.key_id else None


def verified(
    request: HttpRequest, *, late_s: int = 0, now_s: int | None = None, signing_hosts: tuple[str, ...] = ()
) -> Signature:
    """The signature as it is seen ``late_s`` seconds after it was made."""
    return verify(request, key_of, signed_s(request) + late_s if now_s is None else now_s, signing_hosts)


def signed_s(request: HttpRequest) -> int:
    text = request.headers["x-sdk-date"]
    return int(datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp())


def reason(request: HttpRequest, *, late_s: int = 0, now_s: int | None = None) -> str:
    with pytest.raises(Refusal) as raised:
        verified(request, late_s=late_s, now_s=now_s)
    assert raised.value.code == "APIGW.0301"
    assert KEY.secret not in raised.value.message
    return raised.value.message


def with_header(name: str, value: str) -> Change:
    return lambda request: replace(request, headers={**request.headers, name: value})


def without_header(name: str) -> Change:
    return lambda request: replace(
        request, headers={each: value for each, value in request.headers.items() if each != name}
    )


def in_authorization(old: str, new: str) -> Change:
    def change(request: HttpRequest) -> HttpRequest:
        text = request.headers["authorization"]
        assert old in text
        return with_header("authorization", text.replace(old, new))(request)

    return change


@EACH_WAY
def test_what_the_vendors_client_signs_is_good(way: Way) -> None:
    request = recorded(way)
    signature = verified(request)
    assert signature.key == KEY
    assert signature.expires_s == signed_s(request) + 900
    assert len(bytes.fromhex(signature.digest)) == 32
    scheme = "V11-HMAC-SHA256 Credential=" if way.derived else "SDK-HMAC-SHA256 Access="
    assert request.headers["authorization"].startswith(scheme)


def test_a_digest_stands_for_one_request() -> None:
    digests = [verified(recorded(way)).digest for way in SIGNED_WAYS for _ in range(2)]
    assert digests[::2] == digests[1::2]
    assert len(set(digests)) == len(SIGNED_WAYS)


@EACH_WAY
def test_every_signed_header_is_signed(way: Way) -> None:
    request = recorded(way)
    names = request.headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    assert {"content-type", "host", "user-agent", "x-project-id", "x-sdk-date"} <= set(names)
    for name in set(names) - {"x-sdk-date"}:
        assert "verify aksk signature fail" in reason(with_header(name, request.headers[name] + "0")(request)), name
        assert "SignedHeaders" in reason(without_header(name)(request)), name
    later = datetime.fromtimestamp(signed_s(request) + 1, UTC)
    assert reason(with_header("x-sdk-date", f"{later:%Y%m%dT%H%M%SZ}")(request), now_s=signed_s(request))


TAMPERED: Mapping[str, tuple[str, Change]] = {
    "the method": ("verify", lambda request: replace(request, method="PUT")),
    "the path": ("verify", lambda request: replace(request, path=request.path.replace("0", "1", 1))),
    "a byte more": ("verify", lambda request: replace(request, body=request.body + b" ")),
    "the query": ("verify", lambda request: replace(request, query=f"{request.query}&a=1")),
    "less signed": ("SignedHeaders", in_authorization(";host", "")),
    "the date not signed": ("SignedHeaders", in_authorization(";x-sdk-date", "")),
    "another order": ("verify", in_authorization("content-type;host", "host;content-type")),
    "more signed": ("verify", in_authorization("content-type;", "accept;content-type;")),
    "the key": ("ak not exist", in_authorization(KEY.key_id, KEY.key_id + "x")),
    "the scheme": ("not supported", in_authorization("-HMAC-SHA256", "-HMAC-SHA512")),
    "the signature": ("verify", in_authorization("Signature=", "Signature=0")),
    "no signature": ("not written", lambda request: cut(request, "Signature=")),
    "an empty signature": ("verify", lambda request: cut(request, "Signature=", keep=True)),
    "a signature that is no ASCII": ("verify", lambda request: cut(request, "Signature=", keep=True, more="é\ud800")),
    "nothing but the scheme": ("not written", lambda request: cut(request, "SignedHeaders")),
}


def cut(request: HttpRequest, at: str, *, keep: bool = False, more: str = "") -> HttpRequest:
    head, mark, _ = request.headers["authorization"].partition(at)
    return with_header("authorization", head + (mark if keep else "") + more)(request)


@EACH_WAY
@pytest.mark.parametrize("part", TAMPERED)
def test_a_changed_part_is_noticed(way: Way, part: str) -> None:
    told, change = TAMPERED[part]
    assert told in reason(change(recorded(way)))


def test_every_byte_of_a_body_is_signed() -> None:
    request = recorded(CREATE_WAY)
    for position in range(len(request.body)):
        changed = bytearray(request.body)
        changed[position] ^= 1
        assert "verify" in reason(replace(request, body=bytes(changed)))


def test_every_digit_of_a_signature_counts() -> None:
    request = recorded(CREATE_WAY)
    head, mark, signature = request.headers["authorization"].partition("Signature=")
    for position, digit in enumerate(signature):
        other = signature[:position] + ("1" if digit == "0" else "0") + signature[position + 1 :]
        assert "verify" in reason(with_header("authorization", f"{head}{mark}{other}")(request))
    assert "verify" in reason(with_header("authorization", f"{head}{mark}{signature.upper()}")(request))


def test_a_query_is_signed_as_it_is_meant_and_not_as_it_is_written() -> None:
    request = recorded(SIGNED_WAYS[3])
    written = "&".join(reversed(request.query.split("&"))).replace("2020", "202%30")
    assert verified(replace(request, query=written)).key == KEY
    assert "verify" in reason(replace(request, query=request.query.replace("status=SUCCEED", "status=FAILED")))
    assert "verify" in reason(replace(request, query=request.query.replace("status=SUCCEED", "status=")))


@pytest.mark.parametrize("part", ["/19700101/", "/cn-north-4/mpc", "/mpc,"])
def test_what_a_derived_key_is_for_is_signed(part: str) -> None:
    request = recorded(SIGNED_WAYS[1])
    day = f"/{request.headers['x-sdk-date'][:8]}/"
    old, new = (day, part) if part.startswith("/1970") else (part, part.replace("/", "/x", 1))
    assert reason(in_authorization(old, new)(request))


def derived(scope: str) -> HttpRequest:
    """A request of the second at which 1970 began a day later, signed with the key of ``scope`` in a few lines."""
    date, names = "19700102T000000Z", "host;x-sdk-date"
    empty = sha256(b"").hexdigest()
    canonical = f"GET\n/v1/p/animated-graphics/\n\nhost:h\nx-sdk-date:{date}\n\n{names}\n{empty}"
    to_sign = f"V11-HMAC-SHA256\n{date}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
    secret = get_der_key_sha256(KEY.key_id, KEY.secret, scope)
    signature = hmac.digest(secret.encode(), to_sign.encode(), "sha256").hex()
    shown = f"V11-HMAC-SHA256 Credential={KEY.key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    headers = {"host": "h", "x-sdk-date": date, "authorization": shown}
    return HttpRequest("GET", "/v1/p/animated-graphics", "", headers, b"", "r")


def test_a_derived_key_serves_for_its_day_and_for_this_service() -> None:
    assert verified(derived("19700102/eu-north-1/mpc")).key == KEY
    assert "the date of the Credential" in reason(derived("19700101/eu-north-1/mpc"))
    assert "is not written" in reason(derived("19700102/eu-north-1/obs"))


@EACH_WAY
@pytest.mark.parametrize("late_s", [-901, 901, -(10**9), 10**6])
def test_a_signature_is_good_for_a_quarter_of_an_hour(way: Way, late_s: int) -> None:
    request = recorded(way)
    assert verified(request, late_s=900).key == verified(request, late_s=-900).key == KEY
    assert "expired" in reason(request, late_s=late_s)


@pytest.mark.parametrize("date", ["", "x", "20260131", "20260131T235959", "20261331T235959Z", "20260131T235959Z "])
def test_a_date_that_is_none_is_refused(date: str) -> None:
    assert reason(with_header("x-sdk-date", date)(recorded(CREATE_WAY)), now_s=0)


def test_a_host_may_be_signed_without_its_port_or_under_another_name() -> None:
    request = recorded(CREATE_WAY)
    host = request.headers["host"]
    elsewhere = with_header("host", "gateway.example.com")(request)
    assert "verify" in reason(elsewhere)
    assert verified(elsewhere, signing_hosts=("vendor.example.com", host)).key == KEY


def test_a_body_that_is_not_signed_is_refused() -> None:
    request = with_header("x-sdk-content-sha256", "UNSIGNED-PAYLOAD")(recorded(CREATE_WAY))
    assert "UNSIGNED-PAYLOAD" in reason(request)
    assert verified(with_header("x-sdk-content-sha256", "UNSIGNED-PAYLOAD")(recorded(SIGNED_WAYS[2]))).key == KEY


@pytest.mark.parametrize("algorithm", OTHER_ALGORITHMS)
def test_the_clients_other_algorithms_are_refused_by_their_names(algorithm: Any) -> None:
    assert "is not supported" in reason(recorded(Way("other", "cancel", algorithm=algorithm)))


@given(st.text(max_size=200), st.text(max_size=40), st.text(max_size=80), st.binary(max_size=40))
def test_any_authorization_is_refused(authorization: str, date: str, query: str, body: bytes) -> None:
    headers = {"host": "h", "authorization": authorization, "x-sdk-date": date}
    for text in (authorization, f"SDK-HMAC-SHA256 Access={KEY.key_id}, SignedHeaders=host;x-sdk-date, Signature=0"):
        request = HttpRequest("GET", f"/v1/{date}/x", query, {**headers, "authorization": text}, body, "r")
        assert reason(request, now_s=0)
