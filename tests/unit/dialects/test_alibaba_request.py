"""The envelope: whose request it is, where its parameters stand, and in which format the reply comes."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from urllib.parse import quote

import pytest

from cliploop.dialects.alibaba_gif.formats import Format, encode
from cliploop.dialects.alibaba_gif.request import claims
from cliploop.dialects.http import HttpReply, HttpRequest
from cliploop.dialects.tencent_vod import request as tencent
from tests.unit.dialects.alibaba_signing import FORM, HOST, Layout
from tests.unit.dialects.alibaba_world import KEY, ONE_GIF, World, answered, parsed
from tests.unit.dialects.tencent_client import HEADER_WAYS, PARAMETER_WAYS, Way, recorded


@pytest.fixture
def world() -> World:
    return World()


def plain(query: str = "", body: str = "", method: str = "POST", **headers: str) -> HttpRequest:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    kind = {"content-type": FORM} if body else {}
    return HttpRequest(method, "/", query, {"host": HOST} | kind | named, body.encode(), "request-1")


# --- whose it is ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "request_",
    [
        plain(x_acs_action="CreateGifTask"),
        plain(authorization="ACS3-HMAC-SHA256 nonsense"),
        plain("AccessKeyId=x"),
        plain("Action=CreateGifTask&Version=2019-08-10"),
        plain("", "Version=2019-08-10"),
        plain("", "a=b&AccessKeyId=x&c=d"),
        replace(plain("AccessKeyId=x"), path="/prod/"),
    ],
)
def test_a_request_that_is_written_in_the_vendors_way_is_claimed(request_: HttpRequest) -> None:
    assert claims(request_)


@pytest.mark.parametrize(
    "request_",
    [
        plain(),
        plain("Action=DescribeTasks"),
        plain("AccessKeyId=x&Version=2018-07-17"),
        plain("XAccessKeyId=x&AccessKeyIdX=x"),
        plain("", "SecretId=x&Signature=y"),
        plain(x_tc_action="DescribeTasks"),
        plain(authorization="TC3-HMAC-SHA256 Credential=x"),
        plain(authorization="SDK-HMAC-SHA256 Access=x", x_sdk_date="20260101T000000Z"),
        replace(plain("", "AccessKeyId=x"), headers={"content-type": "text/plain"}),
    ],
)
def test_other_requests_are_not(request_: HttpRequest) -> None:
    assert not claims(request_)


@pytest.mark.parametrize("way", [*HEADER_WAYS, *PARAMETER_WAYS], ids=lambda way: way.name)
def test_what_another_vendors_client_sends_is_not(way: Way) -> None:
    assert not claims(recorded(way))


@pytest.mark.parametrize("layout", Layout)
def test_another_vendor_does_not_claim_what_this_ones_clients_send(layout: Layout, world: World) -> None:
    request = world.request("CreateGifTask", ONE_GIF, layout)
    assert claims(request)
    assert not tencent.claims(request)


# --- parameters -----------------------------------------------------------------------------------


def doubled(world: World, value: str) -> HttpRequest:
    """VideoName in query and form; signed, so that only the contradiction can be what is wrong."""
    request = world.request("CreateGifTask", ONE_GIF, Layout.POST_QUERY)
    body = f"VideoName={quote(value)}".encode()
    return replace(request, body=body, headers={**request.headers, "content-type": FORM})


def test_a_parameter_may_stand_in_both_places_and_say_the_same(world: World) -> None:
    assert answered(world.api.answer(doubled(world, ONE_GIF["VideoName"])))["Code"] == "OK"


def test_a_parameter_that_says_two_things_is_refused(world: World) -> None:
    body = answered(world.api.answer(doubled(world, "another")))
    assert (body["Code"], body["HttpStatus"]) == ("InvalidParameter", HTTPStatus.BAD_REQUEST)
    assert "VideoName" in body["Message"]


@pytest.mark.parametrize(
    "request_",
    [
        plain("AccessKeyId=a&Action=x&Action=y"),
        plain("AccessKeyId=a&Action=%FF"),
        plain("AccessKeyId=a&Action=é"),
        plain("AccessKeyId=a", "\ufffd"),
        plain("AccessKeyId=" + "a" * 200_000),
        plain("&".join(f"p{number}=1" for number in range(6_000)) + "&AccessKeyId=a"),
        replace(plain("AccessKeyId=a", "{}"), headers={"host": HOST, "content-type": "application/json"}),
        replace(plain("AccessKeyId=a", "a=b"), headers={"host": HOST}),
    ],
    ids=["twice", "no UTF-8", "not encoded", "not ASCII", "too long", "too many", "JSON", "a body without a type"],
)
def test_parameters_that_cannot_be_read_are_refused(request_: HttpRequest, world: World) -> None:
    assert answered(world.api.answer(request_))["Code"] == "InvalidParameter"


def test_a_form_type_without_a_body_is_fine(world: World) -> None:  # as gateways add it
    request = world.request("CreateGifTask", ONE_GIF, Layout.POST_QUERY)
    typed = replace(request, headers={**request.headers, "content-type": f"{FORM}; charset=utf-8"})
    assert answered(world.api.answer(typed))["Code"] == "OK"


@pytest.mark.parametrize("layout", Layout)
def test_what_some_clients_add_says_nothing(layout: Layout, world: World) -> None:
    added = {"OwnerId": "1", "OwnerAccount": "a", "ResourceOwnerId": "2", "ResourceOwnerAccount": "b"}
    more = {**ONE_GIF, "RegionId": "cn-beijing", "Scales": '["16:9"]'} | added
    assert answered(world.api.answer(world.request("CreateGifTask", more, layout)))["Code"] == "OK"


@pytest.mark.parametrize("layout", Layout)
def test_an_unknown_parameter_is_refused_and_not_dropped(layout: Layout, world: World) -> None:
    request = world.request("CreateGifTask", {**ONE_GIF, "CallbackURL": "https://example.com"}, layout)
    body = answered(world.api.answer(request))
    assert body["Code"] == "InvalidParameter"
    assert "CallbackURL" in body["Message"]
    assert not world.stack.tasks.rows


@pytest.mark.parametrize("layout", [Layout.ACS3_QUERY, Layout.ACS3_FORM])
@pytest.mark.parametrize("name", ["Action", "Version"])
def test_a_parameter_may_not_contradict_a_header(layout: Layout, name: str, world: World) -> None:
    request = world.request("CreateGifTask", {**ONE_GIF, name: "another"}, layout)
    assert answered(world.api.answer(request))["Code"] == "InvalidParameter"
    same = {"Action": "CreateGifTask", "Version": "2019-08-10"}[name]
    request = world.request("CreateGifTask", {**ONE_GIF, name: same}, layout)
    assert answered(world.api.answer(request))["Code"] == "OK"


def test_headers_that_are_not_signed_say_nothing(world: World) -> None:
    request = world.request("ListTasks")
    misleading = {**request.headers, "x-acs-action": "CreateGifTask", "x-acs-version": "1"}
    assert "Tasks" in answered(world.api.answer(replace(request, headers=misleading)))


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [("Action", "", "MissingParameter"), ("Version", "", "MissingParameter"), ("Version", "1", "InvalidVersion")],
)
def test_the_operation_and_its_version_are_needed(
    layout: Layout, name: str, value: str, expected: str, world: World
) -> None:
    header = {f"x_acs_{name.lower()}": value} if layout.in_headers else {name: value}
    assert answered(world.api.answer(world.changed_request("ListTasks", header, {}, layout)))["Code"] == expected


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_another_method_is_no_operation(method: str, world: World) -> None:
    body = answered(world.api.answer(replace(world.request("ListTasks"), method=method)))
    assert (body["HttpStatus"], body["Code"]) == (HTTPStatus.NOT_FOUND, "InvalidApiNotFound")


@pytest.mark.parametrize("action", ["createGifTask", "CreateGifTask ", "CreateTemplate", "DeleteTask", "../x", "é"])
def test_an_operation_that_is_none(action: str, world: World) -> None:
    body = answered(world.api.answer(world.request(action)))
    assert (body["HttpStatus"], body["Code"]) == (HTTPStatus.NOT_FOUND, "InvalidApiNotFound")


# --- formats --------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["JSON", "json", "Json"])
@pytest.mark.parametrize("layout", [Layout.POST_QUERY, Layout.POST_FORM])
def test_json_is_asked_for_in_any_case(text: str, layout: Layout, world: World) -> None:
    assert "Tasks" in answered(world.api.answer(world.request("ListTasks", {}, layout, Format=text)))


@pytest.mark.parametrize("text", ["XML", "xml", "None", ""])
@pytest.mark.parametrize("layout", [Layout.POST_QUERY, Layout.POST_FORM])
def test_xml_is_the_vendors_default(text: str, layout: Layout, world: World) -> None:
    root = parsed(world.api.answer(world.request("CreateGifTask", ONE_GIF, layout, Format=text)))
    assert (root.tag, root.findtext("Code")) == ("CreateGifTaskResponse", "OK")
    assert world.row(int(root.findtext("TaskId") or 0)).name == ONE_GIF["VideoName"]
    reply = world.api.answer(world.request("GetTaskStatus", {"TaskId": "7"}, layout, Format=text))
    error = parsed(reply)
    assert (error.tag, error.findtext("Code"), reply.status) == ("Error", "ResourceNotFound", HTTPStatus.NOT_FOUND)
    assert [each.tag for each in error] == ["RequestId", "HostId", "Code", "Message"]


def test_the_newer_signature_is_answered_in_json_unless_asked(world: World) -> None:
    assert "Tasks" in answered(world.api.answer(world.request("ListTasks", {}, Layout.ACS3_QUERY)))
    asked = world.request("ListTasks", {"Format": "XML"}, Layout.ACS3_QUERY)
    assert parsed(world.api.answer(asked)).tag == "ListTasksResponse"


@pytest.mark.parametrize("text", ["YAML", "JSONP", "xml,json", "ＪＳＯＮ"])
def test_another_format_is_refused(text: str, world: World) -> None:
    body = answered(world.api.answer(world.request("ListTasks", Format=text)))
    assert (body["Code"], "Format" in body["Message"]) == ("InvalidParameter", True)


def test_a_list_is_as_many_elements_of_its_name(world: World) -> None:
    root = parsed(world.api.answer(world.request("ListTemplates", Format="XML")))
    assert [each.findtext("TemplateId") for each in root.findall("Templates")] == ["20000", "20001", "21000", "21001"]
    assert {each.findtext("IsDefault") for each in root.findall("Templates")} == {"true"}
    world.start()
    (task,) = parsed(world.api.answer(world.request("ListTasks", Format="XML"))).findall("Tasks")
    assert task.findtext("Template/Id") == "20000"
    empty = parsed(world.api.answer(world.request("ListTasks", {"Status": "3"}, Format="XML")))
    assert (empty.findtext("TotalCount"), empty.findall("Tasks")) == ("0", [])


@pytest.mark.parametrize(
    "text", ["<&>\"'", "]]>", "a\r\nb\tc", "\x00\x0b\x1f\ufffe\uffff", "\U0001f600", "&#60;&lt;<!--"]
)
def test_text_comes_through_xml_as_far_as_xml_has_a_place_for_it(text: str) -> None:
    encoded = encode({"RequestId": "REQUEST-1", "Text": text}, Format.XML, "Response")
    root = parsed(HttpReply(HTTPStatus.OK, encoded.body, content_type=encoded.content_type))
    expected = "".join("\ufffd" if each in "\x00\x0b\x1f\ufffe\uffff" else each for each in text)
    assert root.findtext("Text") == expected


def test_a_name_of_a_callers_comes_through_xml(world: World) -> None:
    task_id = world.start(VideoName="<b>&amp;\x01")
    reply = world.api.answer(world.request("GetTaskResult", {"TaskId": str(task_id)}, Format="XML"))
    assert parsed(reply).findtext("Result/VideoName") == "<b>&amp;\ufffd"


def test_an_unsigned_request_is_told_what_is_missing(world: World) -> None:
    reply = world.api.answer(plain("Action=ListTasks&Version=2019-08-10&Format=JSON"))
    assert (answered(reply)["Code"], reply.action) == ("MissingParameter", "ListTasks")
    assert answered(world.api.answer(plain(authorization="ACS3-HMAC-SHA256 x")))["Code"] == "MissingParameter"
    assert KEY.secret.encode() not in reply.body
