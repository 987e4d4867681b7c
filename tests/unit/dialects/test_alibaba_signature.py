"""Who calls: both signatures, in every layout, and that nothing that is signed can be changed on its way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import parse_qsl

import pytest

from cliploop.dialects.alibaba_gif.api import AlibabaGifApi
from cliploop.dialects.alibaba_gif.signature import NONCE_MS, WINDOW_MS
from cliploop.dialects.http import HttpRequest
from cliploop.domain.errors import CliploopError, ErrorCode
from tests.unit.dialects.alibaba_signing import FORM, HOST, Layout, joined
from tests.unit.dialects.alibaba_world import FOREIGN_KEY, KEY, ONE_GIF, World, answered

OWN = {**ONE_GIF, "Scales": "[16:9] +%/~é次"}
EACH_LAYOUT = pytest.mark.parametrize("layout", Layout)
#: Without these a signature would serve for something else.
NEEDED = ["host", "x-acs-action", "x-acs-date", "x-acs-content-sha256", "x-acs-signature-nonce"]
V1 = [layout for layout in Layout if not layout.in_headers]
ACS3 = [layout for layout in Layout if layout.in_headers]


@pytest.fixture
def world() -> World:
    return World()


def code(world: World, request: HttpRequest) -> str:
    return str(answered(world.api.answer(request))["Code"])


@EACH_LAYOUT
def test_a_request_is_known_wherever_its_parameters_stand(layout: Layout, world: World) -> None:
    assert code(world, world.request("CreateGifTask", OWN, layout)) == "OK"
    assert len(world.stack.tasks.rows) == 1


# --- changed on its way ---------------------------------------------------------------------------


def pairs(text: str) -> dict[str, str]:
    return dict(parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text)))


def changed(request: HttpRequest, name: str, value: str | None) -> HttpRequest:
    """The request with a parameter changed wherever it stands; None leaves it out."""
    query, form = pairs(request.query), pairs(request.body.decode())
    for place in (query, form):
        if name in place:
            place[name] = value or ""
            if value is None:
                del place[name]
    return replace(request, query=joined(query), body=joined(form).encode())


def parameters(request: HttpRequest) -> Mapping[str, str]:
    return pairs(request.query) | pairs(request.body.decode())


@EACH_LAYOUT
def test_no_parameter_can_be_changed_or_left_out(layout: Layout, world: World) -> None:
    original = world.request("CreateGifTask", OWN, layout)
    for name, value in parameters(original).items():
        for other in (value + "1", value.swapcase(), None):
            if other == value:
                continue
            reply = world.api.answer(changed(original, name, other))
            assert reply.status >= 400, (name, other)
    assert not world.stack.tasks.rows
    assert code(world, original) == "OK"  # and none of these has used it up


@EACH_LAYOUT
def test_no_parameter_can_be_added(layout: Layout, world: World) -> None:
    original = world.request("CreateGifTask", ONE_GIF, layout)
    added = joined({"CallbackUrl": "https://thief.example/"})
    query = "&".join(filter(None, (original.query, added)))
    assert code(world, replace(original, query=query)) == "SignatureDoesNotMatch"
    body = b"&".join(filter(None, (original.body, added.encode())))
    form = replace(original, body=body, headers={**original.headers, "content-type": FORM})
    assert code(world, form) == ("InvalidParameter" if layout.in_headers else "SignatureDoesNotMatch")
    assert not world.stack.tasks.rows


@EACH_LAYOUT
def test_the_method_cannot_be_changed(layout: Layout, world: World) -> None:
    original = world.request("CreateGifTask", ONE_GIF, layout)
    other = "POST" if original.method == "GET" else "GET"
    assert code(world, replace(original, method=other)) == "SignatureDoesNotMatch"


@pytest.mark.parametrize("layout", ACS3)
def test_no_signed_header_can_be_changed_or_left_out(layout: Layout, world: World) -> None:
    original = world.request("CreateGifTask", ONE_GIF, layout)
    signed = original.headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    for name in signed:
        value = original.headers[name]
        for other in (f"{value}1", f"1{value}", ""):
            reply = world.api.answer(replace(original, headers={**original.headers, name: other}))
            assert reply.status >= 400, (name, other)
        kept = {each: text for each, text in original.headers.items() if each != name}
        assert world.api.answer(replace(original, headers=kept)).status >= 400, name
    assert code(world, original) == "OK"


@pytest.mark.parametrize("name", NEEDED)
def test_what_must_be_signed_is_missed(name: str, world: World) -> None:
    request = world.request("CreateGifTask", ONE_GIF, Layout.ACS3_FORM)
    authorization = request.headers["authorization"].replace(f";{name};", ";")
    headers = {**request.headers, "authorization": authorization}
    assert code(world, replace(request, headers=headers)) == "IncompleteSignature"


def test_the_body_is_what_its_hash_says(world: World) -> None:
    wrong = world.request("CreateGifTask", ONE_GIF, Layout.ACS3_FORM, x_acs_content_sha256="0" * 64)
    assert code(world, wrong) == "InvalidParameter"


@pytest.mark.parametrize(
    "authorization",
    [
        "ACS3-HMAC-SHA256",
        "ACS3-HMAC-SHA256 Credential=LTAIworld",
        "ACS3-HMAC-SHA256 Credential=LTAIworld,SignedHeaders=,Signature=0",
        "ACS3-RSA-SHA256 Credential=LTAIworld,SignedHeaders=host,Signature=0",
        "ACS3-HMAC-SM3 Credential=LTAIworld,SignedHeaders=host,Signature=0",
        f"ACS3-HMAC-SHA256 Credential=LTAIworld,SignedHeaders={';'.join(NEEDED)};missing,Signature=0",
    ],
)
def test_an_authorization_that_is_none(authorization: str, world: World) -> None:
    request = world.request("CreateGifTask", ONE_GIF, Layout.ACS3_FORM)
    assert code(world, replace(request, headers={**request.headers, "authorization": authorization})) == (
        "IncompleteSignature"
    )


# --- hosts ----------------------------------------------------------------------------------------


def test_clients_may_sign_a_host_that_stands_for_this_one(world: World) -> None:
    request = world.request("CreateGifTask", ONE_GIF, Layout.ACS3_QUERY)
    elsewhere = replace(request, headers={**request.headers, "host": "gateway.example.com"})
    assert code(world, elsewhere) == "SignatureDoesNotMatch"
    world.serve(signing_hosts=(HOST,))
    assert code(world, elsewhere) == "OK"


@pytest.mark.parametrize("path", ["/", "/prod/", "/prod"])
def test_the_path_says_nothing(path: str, world: World) -> None:
    for layout in (Layout.POST_QUERY, Layout.ACS3_FORM):
        request = replace(world.request("CreateGifTask", ONE_GIF, layout), path=path)
        assert code(world, request) == "OK"


def test_a_request_without_a_host_is_answered(world: World) -> None:
    request = world.request("CreateGifTask", ONE_GIF, Layout.ACS3_FORM)
    empty = replace(request, headers={**request.headers, "host": ""})
    assert world.api.answer(empty).error_code == "SignatureDoesNotMatch"


# --- keys -----------------------------------------------------------------------------------------


@EACH_LAYOUT
def test_a_wrong_secret_is_told_what_was_to_be_signed(layout: Layout, world: World) -> None:
    mistaken = replace(KEY, secret="another")
    body = answered(world.api.answer(world.request("CreateGifTask", ONE_GIF, layout, mistaken)))
    assert (body["HttpStatus"], body["Code"]) == (HTTPStatus.BAD_REQUEST, "SignatureDoesNotMatch")
    (_, text) = body["Message"].split(":")  # at one colon, as the older client does
    assert text.startswith("ACS3-HMAC-SHA256\n" if layout.in_headers else ("POST&%2F&", "GET&%2F&"))
    assert KEY.secret not in body["Message"]


def test_a_key_in_an_address_does_not_reach_the_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    own = {**ONE_GIF, "VideoUrl": "https://example.com/a.mp4?X-Amz-Signature=hidden"}
    body = answered(world.api.answer(world.request("CreateGifTask", own, key=replace(KEY, secret="another"))))
    assert "hidden" in body["Message"]  # the caller sent it
    assert "SignatureDoesNotMatch" in caplog.text
    assert "hidden" not in caplog.text


@EACH_LAYOUT
def test_a_key_that_nobody_has(layout: Layout, world: World) -> None:
    for key_id in ("LTAInobody", "x" * 500, "é"):
        stranger = replace(KEY, key_id=key_id)
        body = answered(world.api.answer(world.request("CreateGifTask", ONE_GIF, layout, stranger)))
        assert (body["HttpStatus"], body["Code"]) == (HTTPStatus.NOT_FOUND, "InvalidAccessKeyId.NotFound")


@EACH_LAYOUT
def test_a_key_of_another_project_reaches_nothing(layout: Layout, world: World) -> None:
    body = answered(world.api.answer(world.request("CreateGifTask", ONE_GIF, layout, FOREIGN_KEY)))
    assert (body["HttpStatus"], body["Code"]) == (HTTPStatus.UNAUTHORIZED, "Unauthorized")
    assert not world.stack.signed.actions
    assert not world.stack.tasks.rows


def test_keys_that_cannot_be_read_are_no_wrong_keys(world: World) -> None:
    world.stack.callers.failure = CliploopError(ErrorCode.UNAVAILABLE, "Try again.", retryable=True)
    assert code(world, world.request("CreateGifTask", ONE_GIF)) == "ServiceUnavailable"


@EACH_LAYOUT
def test_temporary_keys_are_refused(layout: Layout, world: World) -> None:
    change = {"x_acs_security_token": "t"} if layout.in_headers else {"SecurityToken": "t"}
    request = world.changed_request("CreateGifTask", change, ONE_GIF, layout)
    assert code(world, request) == "InvalidSecurityToken.Malformed"


@pytest.mark.parametrize("layout", V1)
@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("SignatureMethod", "HMAC-SHA256", "InvalidParameter"),
        ("SignatureMethod", "", "MissingParameter"),
        ("SignatureVersion", "2.0", "InvalidParameter"),
        ("SignatureVersion", "", "MissingParameter"),
        ("SignatureType", "BEARERTOKEN", "InvalidParameter"),
        ("AccessKeyId", "", "MissingParameter"),
        ("SignatureNonce", "", "MissingParameter"),
        ("Timestamp", "", "MissingParameter"),
    ],
)
def test_another_kind_of_signature(layout: Layout, name: str, value: str, expected: str, world: World) -> None:
    assert code(world, world.changed_request("CreateGifTask", {name: value}, ONE_GIF, layout)) == expected


# --- moments and nonces ---------------------------------------------------------------------------


@EACH_LAYOUT
@pytest.mark.parametrize("off_s", [-900, 900])
def test_a_clock_may_be_a_quarter_of_an_hour_off(layout: Layout, off_s: int, world: World) -> None:
    name = "x_acs_date" if layout.in_headers else "Timestamp"
    request = world.changed_request("CreateGifTask", {name: world.moment(off_s)}, ONE_GIF, layout)
    assert code(world, request) == "OK"
    further = world.moment(off_s + (1 if off_s > 0 else -1))
    request = world.changed_request("CreateGifTask", {name: further}, ONE_GIF, layout)
    assert code(world, request) == "InvalidTimeStamp.Expired"


@EACH_LAYOUT
@pytest.mark.parametrize(
    "moment",
    [
        "1800000000",
        "2027-01-15 08:00:00Z",
        "2027-01-15T08:00:00",
        "2027-01-15T08:00:00+00:00",
        "2027-13-15T08:00:00Z",
    ],
)
def test_a_moment_that_is_none(layout: Layout, moment: str, world: World) -> None:
    name = "x_acs_date" if layout.in_headers else "Timestamp"
    body = answered(world.api.answer(world.changed_request("CreateGifTask", {name: moment}, ONE_GIF, layout)))
    assert (body["HttpStatus"], body["Code"]) == (HTTPStatus.BAD_REQUEST, "InvalidTimeStamp")
    assert name.replace("_", "-") in body["Message"]


@EACH_LAYOUT
@pytest.mark.parametrize("action", ["CreateGifTask", "GetTaskStatus", "ListTasks", "ListTemplates"])
def test_a_nonce_serves_once_for_reads_as_well(layout: Layout, action: str, world: World) -> None:
    nonce = {"x_acs_signature_nonce" if layout.in_headers else "SignatureNonce": "the nonce"}
    own = ONE_GIF if action == "CreateGifTask" else {"TaskId": "1"} if action == "GetTaskStatus" else {}
    first = world.changed_request(action, nonce, own, layout)
    assert world.api.answer(first).error_code in {"", "ResourceNotFound"}
    assert code(world, first) == "SignatureNonceUsed"
    assert code(world, world.changed_request("ListTasks", nonce, {}, layout)) == "SignatureNonceUsed"
    assert len(world.stack.tasks.rows) == (action == "CreateGifTask")


def test_two_keys_and_two_schemes_may_have_one_nonce(world: World) -> None:
    other = replace(KEY, key_id="LTAIother")
    world.stack.callers.add(other)
    for key in (KEY, other):
        assert world.api.answer(world.request("ListTasks", key=key, SignatureNonce="n")).status == HTTPStatus.OK
        request = world.request("ListTasks", layout=Layout.ACS3_QUERY, key=key, x_acs_signature_nonce="n")
        assert world.api.answer(request).status == HTTPStatus.OK


def test_a_nonce_is_remembered_for_longer_than_its_moment_is_good() -> None:
    assert NONCE_MS == 31 * 60_000
    assert WINDOW_MS == 15 * 60_000


def test_a_signature_that_is_wrong_uses_no_nonce_up(world: World) -> None:
    forged = world.request("ListTasks", key=replace(KEY, secret="guess"), SignatureNonce="mine")
    assert code(world, forged) == "SignatureDoesNotMatch"
    assert world.api.answer(world.request("ListTasks", SignatureNonce="mine")).status == HTTPStatus.OK


def test_an_action_that_is_none_keeps_nothing(world: World) -> None:
    assert code(world, world.request("X" * 5_000)) == "InvalidApiNotFound"
    assert not world.stack.signed.actions


def test_a_nonce_that_cannot_be_kept_refuses(world: World) -> None:
    class Broken:
        def bind(self, *_: object) -> object:
            raise CliploopError(ErrorCode.UNAVAILABLE, "Try again.", retryable=True)

    world.api = AlibabaGifApi(replace(world.api.parts, signed=Broken()))  # type: ignore[arg-type]  # nothing else is called
    assert code(world, world.request("CreateGifTask", ONE_GIF)) == "ServiceUnavailable"
    assert not world.stack.tasks.rows
