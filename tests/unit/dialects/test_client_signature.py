from __future__ import annotations

import base64
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cliploop.dialects.refusal import Refusal
from cliploop.dialects.tencent_vod.client_signature import (
    MAX_SIGNATURE,
    MAX_VALIDITY_S,
    ClientUpload,
    read_client_signature,
)
from cliploop.domain.procedure import NotifyMode
from tests.unit.dialects.client_signing import KEY, NOW_S, PLAIN, key_of, sign, signature

WHOLE: dict[str, object] = {
    "classId": 5,
    "procedure": "vorschäu",
    "taskPriority": -10,
    "taskNotifyMode": "Change",
    "sourceContext": "a&b=c",
    "sessionContext": "动物 +1%",
    "oneTimeValid": 1,
    "vodSubAppId": 1_500_000_001,
    "storageRegion": "eu-north-1",
}


def read(text: str, now_s: int = NOW_S) -> ClientUpload:
    return read_client_signature(text, key_of, now_s)


def code(text: str, now_s: int = NOW_S) -> str:
    with pytest.raises(Refusal) as raised:
        read(text, now_s)
    assert KEY.secret not in raised.value.message
    return raised.value.code.removeprefix("AuthFailure.")


def test_the_least_that_a_signature_says() -> None:
    upload = read(signature())
    assert upload == ClientUpload(key=KEY, digest=upload.digest, expires_s=NOW_S + 86_400)
    assert len(upload.digest) == 64


def test_all_that_a_signature_says() -> None:
    upload = read(signature(**WHOLE))
    assert upload == ClientUpload(
        key=KEY,
        digest=upload.digest,
        expires_s=NOW_S + 86_400,
        procedure="vorschäu",
        priority=-10,
        notify_mode=NotifyMode.CHANGE,
        source_context="a&b=c",
        session_context="动物 +1%",
        one_time=True,
        class_id=5,
        sub_app_id=1_500_000_001,
        storage_region="eu-north-1",
    )


def test_parameters_come_in_any_order_and_may_be_empty() -> None:
    names = [*reversed(PLAIN.items()), *((name, "") for name in WHOLE)]
    upload = read(sign(urlencode(names).encode()))
    assert upload == ClientUpload(key=KEY, digest=upload.digest, expires_s=NOW_S + 86_400)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=250))
def test_a_context_comes_through(context: str) -> None:
    assert read(signature(sourceContext=context)).source_context == context


@pytest.mark.parametrize("name", [*PLAIN, *WHOLE])
def test_a_parameter_that_is_changed_afterwards_breaks_it(name: str) -> None:
    signed = base64.b64decode(signature(**WHOLE))
    digest, parameters = signed[:20], dict(parse_qsl(signed[20:].decode()))
    other = {"secretId": KEY.key_id, "taskNotifyMode": "None"}.get(name, "1" if parameters[name] != "1" else "2")
    changed = urlencode(parameters | {name: other}).encode()
    if name == "secretId":  # another key's owner signed it
        assert code(sign(changed, "another secret")) == "SignatureFailure"
    else:
        assert code(base64.b64encode(digest + changed).decode()) == "SignatureFailure"


@pytest.mark.parametrize("name", list(WHOLE))
def test_a_parameter_that_is_taken_away_or_added_afterwards_breaks_it(name: str) -> None:
    signed = base64.b64decode(signature(**WHOLE))
    rest = [pair for pair in parse_qsl(signed[20:].decode()) if pair[0] != name]
    assert code(base64.b64encode(signed[:20] + urlencode(rest).encode()).decode()) == "SignatureFailure"
    plain = base64.b64decode(signature())
    added = plain + b"&" + urlencode({name: WHOLE[name]}).encode()
    assert code(base64.b64encode(added).decode()) == "SignatureFailure"


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_no_byte_may_differ(place: int, change: int) -> None:
    signed = bytearray(base64.b64decode(signature(**WHOLE)))
    signed[place % len(signed)] ^= change
    with pytest.raises(Refusal, match=r"AuthFailure\.(SignatureFailure|SecretIdNotFound)"):
        read(base64.b64encode(bytes(signed)).decode())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "====",
        "not base64!",
        "signätur",
        "\ud800",
        signature()[:-5],
        signature() + "\n",
        signature() + "====A",
        "A" * (MAX_SIGNATURE + 1),
        base64.b64encode(b"too short").decode(),
        base64.b64encode(bytes(20)).decode(),
        base64.b64encode(bytes(20) + b"\xff\xfe=1").decode(),
        base64.b64encode(bytes(20) + b"secretId=%FF").decode(),
        base64.b64encode(bytes(20) + b"no query").decode(),
        base64.b64encode(bytes(20) + b"&".join([b"a=1"] * 2_000)).decode(),
    ],
)
def test_what_cannot_be_read_is_no_signature(text: str) -> None:
    assert code(text) == "SignatureFailure"


@pytest.mark.parametrize("name", list(PLAIN))
def test_each_required_parameter_is_required(name: str) -> None:
    assert code(signature(**{name: None})) == "SignatureFailure"
    assert code(signature(**{name: ""})) == "SignatureFailure"


def test_an_unknown_key_is_not_found() -> None:
    assert code(signature(secretId="AKIDother")) == "SecretIdNotFound"


@pytest.mark.parametrize(
    "said",
    [
        {"currentTimeStamp": "now"},
        {"currentTimeStamp": f"{NOW_S}.0"},
        {"currentTimeStamp": f" {NOW_S}"},
        {"currentTimeStamp": "١٧٠٠٠٠٠٠٠٠"},
        {"expireTime": NOW_S},
        {"expireTime": NOW_S + MAX_VALIDITY_S + 1},
        {"expireTime": "9" * 400},
        {"random": -1},
        {"random": 2**32},
        {"taskPriority": 11},
        {"taskPriority": -11},
        {"taskPriority": "high"},
        {"oneTimeValid": 2},
        {"classId": "a"},
        {"vodSubAppId": -1},
        {"taskNotifyMode": "finish"},
        {"sourceContext": "x" * 251},
        {"sessionContext": "x" * 1_001},
        {"procedure": "x" * 129},
        {"secretId": "x" * 129},
        {"Procedure": "preview"},
        {"uploader": "me"},
    ],
)
def test_a_wrong_value_is_refused_although_it_is_signed(said: dict[str, object]) -> None:
    assert code(signature(**said)) == "SignatureFailure"


@pytest.mark.parametrize("name", [*PLAIN, "procedure"])
def test_a_parameter_that_is_said_twice_is_refused(name: str) -> None:
    twice = urlencode([*PLAIN.items(), ("procedure", "a"), (name, "1"), (name, "2")]).encode()
    assert code(sign(twice)) == "SignatureFailure"


@pytest.mark.parametrize("now_s", [NOW_S - 300, NOW_S, NOW_S + 86_399])
def test_it_is_good_from_its_time_on_until_it_expires(now_s: int) -> None:
    assert read(signature(), now_s).expires_s == NOW_S + 86_400


@pytest.mark.parametrize("now_s", [0, NOW_S - 301, NOW_S + 86_400, NOW_S + 10**9])
def test_it_is_not_good_at_another_time(now_s: int) -> None:
    assert code(signature(), now_s) == "SignatureExpire"


def test_ninety_days_are_the_longest() -> None:
    assert read(signature(expireTime=NOW_S + MAX_VALIDITY_S)).expires_s == NOW_S + 7_776_000


def test_one_signature_has_one_digest_however_it_is_written() -> None:
    """The last character before the padding has bits that mean nothing."""
    for filler in range(3):
        text = signature(sourceContext="x" * filler)
        if text.endswith("="):
            body = text.rstrip("=")
            other = body[:-1] + chr(ord(body[-1]) + 1) + text[len(body) :]
            assert base64.b64decode(other) == base64.b64decode(text)
            assert read(other).digest == read(text).digest
    assert read(signature(random=2)).digest != read(signature()).digest


def test_neither_key_nor_digest_show_in_logs() -> None:
    upload = read(signature())
    assert KEY.secret not in repr(upload)
    assert upload.digest not in repr(upload)
