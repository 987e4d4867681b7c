from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cliploop.dialects.http import HttpRequest
from cliploop.dialects.refusal import Refusal
from cliploop.dialects.tencent_vod.parameters import nested
from cliploop.dialects.tencent_vod.request import (
    HeaderSignature,
    ParameterSignature,
    claims,
    query_action,
    read_request,
)

JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
HEADERS = {"x-tc-action": "DescribeTasks", "x-tc-version": "2018-07-17"}
COMMON = {"Action": "DescribeTasks", "Version": "2018-07-17"}


def posted(body: bytes, headers: dict[str, str] = JSON | HEADERS) -> HttpRequest:
    return HttpRequest("POST", "/", "", headers, body, "r")


def got(query: str, headers: dict[str, str] = FORM | HEADERS) -> HttpRequest:
    return HttpRequest("GET", "/", query, headers, b"", "r")


def sent(text: str) -> HttpRequest:
    """A form in the older envelope."""
    return posted(f"{urlencode(COMMON)}&{text}".encode(), FORM)


def code_for(request: HttpRequest) -> str:
    with pytest.raises(Refusal) as raised:
        read_request(request)
    return raised.value.code


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
def test_a_json_body(content_type: str) -> None:
    body = '{"A": [1, 2.5, "ü\\u00fc", null, true], "B": {"C": {}}}'.encode()
    asked = read_request(posted(body, HEADERS | {"content-type": content_type}))
    assert asked.parameters == {"A": [1, 2.5, "üü", None, True], "B": {"C": {}}}
    assert not asked.textual


def test_no_body_asks_for_nothing_in_particular() -> None:
    assert read_request(posted(b"")).parameters == {}
    assert read_request(got("")).parameters == {}


def test_common_parameters_of_the_newer_envelope() -> None:
    headers = {
        "x-tc-region": "ap-guangzhou",
        "x-tc-language": "en-US",
        "x-tc-timestamp": "17",
        "x-tc-token": "t",
        "authorization": "TC3-HMAC-SHA256 x",
    }
    asked = read_request(posted(b"{}", JSON | HEADERS | headers))
    assert (asked.action, asked.version, asked.region, asked.language, asked.timestamp) == (
        "DescribeTasks",
        "2018-07-17",
        "ap-guangzhou",
        "en-US",
        "17",
    )
    assert asked.credential == HeaderSignature("TC3-HMAC-SHA256 x", "t")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_common_parameters_of_the_older_envelope(method: str) -> None:
    text = urlencode(
        COMMON
        | {"Region": "r", "Language": "en-US", "Timestamp": "17", "Nonce": "3", "SecretId": "k", "Signature": "s="}
        | {"SignatureMethod": "HmacSHA256", "RequestClient": "c", "Token": "t", "Limit": "5", "Name": "ü &"}
    )
    request = got(text, FORM) if method == "GET" else posted(text.encode(), FORM)
    asked = read_request(request)
    assert asked.parameters == {"Limit": "5", "Name": "ü &"}
    assert (asked.action, asked.region, asked.language, asked.timestamp) == ("DescribeTasks", "r", "en-US", "17")
    assert asked.textual
    assert isinstance(asked.credential, ParameterSignature)
    assert (asked.credential.key_id, asked.credential.nonce, asked.credential.token) == ("k", "3", "t")
    assert (asked.credential.method, asked.credential.signature) == ("HmacSHA256", "s=")
    assert asked.credential.signed["Name"] == "ü &"
    assert "Signature" not in asked.credential.signed


def test_what_proves_a_caller_is_not_shown() -> None:
    for asked in (
        read_request(posted(b"{}", JSON | HEADERS | {"authorization": "proof", "x-tc-token": "proof"})),
        read_request(sent("Signature=proof&Token=proof&SecretId=k")),
    ):
        assert "proof" not in repr(asked)


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"1",
        b"null",
        b'"A"',
        b"{",
        b'{"A": 1} x',
        b"\xff",
        b'{"A": "\xff"}',
        b'\xef\xbb\xbf{"A": 1}',
        b'{"A": 1, "A": 2}',
        b'{"B": {"A": 1, "A": 1}}',
        b'{"A": NaN}',
        b'{"A": Infinity}',
        b'{"A": -Infinity}',
        b'{"\\ud800": 1}',
        b'{"A": ' + b"9" * 65 + b"}",
        b'{"A": ' + b"9" * 5_000 + b"}",
        b'{"A": ' * 100_000,
        b'{"A": ' + b"[" * 500_000,
    ],
    ids=lambda body: body[:24].decode("latin-1"),
)
def test_a_body_that_is_no_object(body: bytes) -> None:
    assert code_for(posted(body)) == "InvalidParameter"


@pytest.mark.parametrize("scheme", [JSON | HEADERS, FORM])
def test_a_body_that_is_too_long(scheme: dict[str, str]) -> None:
    assert code_for(posted(b" " * (1024 * 1024 + 1), scheme)) == "RequestSizeLimitExceeded"


@pytest.mark.parametrize(
    "content_type", ["", "multipart/form-data; boundary=x", "application/octet-stream", *FORM.values()]
)
def test_a_body_of_another_type(content_type: str) -> None:
    assert code_for(posted(b"", HEADERS | {"content-type": content_type})) == "InvalidRequest"


@pytest.mark.parametrize("method", ["PUT", "HEAD", "ü", "x" * 99])
def test_another_method(method: str) -> None:
    assert code_for(replace(posted(b"{}"), method=method)) == "UnsupportedProtocol"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (
            posted(b"{}", JSON | {"x-tc-version": "2018-07-17", "authorization": "TC3-HMAC-SHA256"}),
            "MissingParameter",
        ),
        (posted(b"{}", JSON | {"x-tc-action": "A"}), "MissingParameter"),
        (posted(b"{}", JSON | {"x-tc-action": "A", "x-tc-version": "2017-03-12"}), "NoSuchVersion"),
        (got("Version=2018-07-17", {}), "MissingParameter"),
        (got("Action=A", {}), "MissingParameter"),
        (got("Action=A&Version=2024-07-18", {}), "NoSuchVersion"),
        (posted(b"Action=A&Version=v", FORM), "NoSuchVersion"),
        (posted(b"{}", JSON), "MissingParameter"),
    ],
)
def test_an_envelope_that_says_too_little(request_: HttpRequest, code: str) -> None:
    assert code_for(request_) == code


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        ("A=1&B=", {"A": "1", "B": ""}),
        ("A.B.C=1&A.B.D=2&A.E=3", {"A": {"B": {"C": "1", "D": "2"}, "E": "3"}}),
        ("A.0=x&A.1=y", {"A": ["x", "y"]}),
        ("A.1=y&A.0=x", {"A": ["x", "y"]}),
        ("A.0.B.0=x&A.1.B.0=y&A.1.C=z", {"A": [{"B": ["x"]}, {"B": ["y"], "C": "z"}]}),
        ("&".join(f"A.{place}={place}" for place in range(12)), {"A": [str(place) for place in range(12)]}),
        ("A=%C3%BC+%26%3D.0", {"A": "ü &=.0"}),
        ("0=x", {"0": "x"}),
        (".".join("A" * 16) + "=1", json.loads('{"A":' * 16 + '"1"' + "}" * 16)),
    ],
)
@pytest.mark.parametrize("envelope", [got, sent])
def test_names_with_dots(envelope: Any, text: str, parameters: dict[str, Any]) -> None:
    assert read_request(envelope(text)).parameters == parameters


@pytest.mark.parametrize(
    "text",
    [
        "A=1&A.B=2",
        "A.B=2&A=1",
        "A=1&A=1",
        "A.B=1&A.B=2",
        "A.1=x",
        "A.0=x&A.2=y",
        "A.0=x&A.00=y",
        "A.00=x",
        "A.0=x&A.B=y",
        "A.-1=x&A.0=y",
        "A.10001=x",
        f"A.{'9' * 5_000}=x",
        "A.%D9%A0=x",
        ".".join("A" * 17) + "=1",
        "." * 100_000 + "=1",
        "A=%FF",
        "A=%ED%A0%80",
        "A=ü",
        "&".join(f"A.{place}=" for place in range(5_001)),
    ],
    ids=lambda text: text[:24],
)
@pytest.mark.parametrize("envelope", [got, sent])
def test_names_that_mean_nothing(envelope: Any, text: str) -> None:
    assert code_for(envelope(text)) == "InvalidParameter"


NAMES = st.text("ABCxyz_", min_size=1, max_size=3)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.text(),
    lambda below: st.lists(below, min_size=1, max_size=3) | st.dictionaries(NAMES, below, min_size=1, max_size=3),
    max_leaves=12,
)


def flat(value: Any, path: str) -> dict[str, str]:
    if isinstance(value, str):
        return {path: value}
    below = value.items() if isinstance(value, dict) else enumerate(value)
    return {name: text for step, each in below for name, text in flat(each, f"{path}.{step}").items()}


@given(parameters=st.dictionaries(NAMES, VALUES), random=st.randoms(use_true_random=False))
def test_flattening_and_nesting_are_opposites(parameters: dict[str, Any], random: Any) -> None:
    pairs = [pair for name, value in parameters.items() for pair in flat(value, name).items()]
    random.shuffle(pairs)
    assert nested(dict(pairs)) == parameters


@pytest.mark.parametrize(
    "request_",
    [
        posted(b"{}", {"authorization": "TC3-HMAC-SHA256 whatever"}),
        posted(b"{}", {"x-tc-action": ""}),
        got("Action=A&SecretId=k&Signature=s"),
        got("SecretId=k", {}),
        got("Action=A", {}),
        got("AccessKeyId=k&Version=2018-07-17&Signature=s", {}),
        posted(b"X=1&Signature=s&Version=2018-07-17", FORM),
        posted(b"X=\xff&SecretId=1", {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}),
        replace(posted(b"{}", JSON), query="Action=ApplyUploadUGC"),
    ],
)
def test_what_is_written_in_this_vendors_way(request_: HttpRequest) -> None:
    assert claims(request_)


@pytest.mark.parametrize(
    "request_",
    [
        posted(b"{}", JSON),
        got("", {}),
        got("task_id=1&size=2", {}),
        got("Action=CreateGifTask&AccessKeyId=k&Signature=s&Version=2019-08-10", {}),
        posted(b"Action=CreateGifTask&AccessKeyId=k&Version=2019-08-10", FORM),
        replace(posted(b"Scales=1", FORM), query="AccessKeyId=k&Action=CreateGifTask&Signature=s"),
        posted(b"{}", {"authorization": "ACS3-HMAC-SHA256 x", "x-acs-action": "CreateGifTask"}),
        posted(b"{}", {"authorization": "AWS4-HMAC-SHA256 x"}),
        posted(b"SecretId=1", JSON),
        got("NotSecretId=1&SecretIdNot=2", {}),
    ],
)
def test_what_is_written_in_another(request_: HttpRequest) -> None:
    assert not claims(request_)


@pytest.mark.parametrize(
    ("query", "action"),
    [
        ("Action=ApplyUploadUGC", "ApplyUploadUGC"),
        ("A=1&Action=Apply%55pload", "ApplyUpload"),
        ("", None),
        ("action=x", None),
        ("Action=x&Action=y", None),
        ("Action=%FF", None),
        ("Action=ü", None),
    ],
)
def test_the_action_in_a_query(query: str, action: str | None) -> None:
    assert query_action(replace(posted(b"{}"), query=query)) == action


ANY_TEXT = st.text(st.characters())


@given(
    method=st.sampled_from(["GET", "POST"]),
    query=ANY_TEXT,
    headers=st.dictionaries(
        st.sampled_from(["authorization", "content-type", "x-tc-action", "x-tc-version", "x-tc-timestamp"]),
        ANY_TEXT | st.sampled_from([*JSON.values(), *FORM.values(), *HEADERS.values()]),
    ),
    body=st.binary() | st.text('{}[]"\\u,:019-eE. Adn&=%').map(str.encode),
)
def test_any_request_is_read_or_refused(method: str, query: str, headers: dict[str, str], body: bytes) -> None:
    request = HttpRequest(method, "/", query, headers, body, "r")
    claims(request)
    query_action(request)
    try:
        asked = read_request(request)
    except Refusal as refusal:
        assert refusal.code in {"InvalidParameter", "InvalidRequest", "MissingParameter", "NoSuchVersion"}
    else:
        assert asked.version == "2018-07-17"
        assert asked.action
