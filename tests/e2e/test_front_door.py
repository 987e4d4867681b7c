"""The front door neither signs nor rewrites: what a client signed is what is checked."""

from __future__ import annotations

from dataclasses import replace
from urllib.request import ProxyHandler, Request, build_opener

import pytest

from local import api
from local.stack import Stack

pytestmark = pytest.mark.e2e

Query = list[tuple[str, str]]


def path(stack: Stack, query: str = "") -> str:
    return f"/v1/{stack.project_id}/animated-graphics{query}"


def test_a_signature_over_the_root_path_and_the_query_holds(stack: Stack) -> None:
    status, answer = api.list_tasks(stack, [("size", "1"), ("page", "0")])
    assert (status, answer["tasks"].__class__) == (200, list)


@pytest.mark.parametrize(("signed", "sent"), [("size=1", "?size=2"), ("size=1", "?page=0&size=1"), ("page=0", "")])
def test_a_query_that_was_not_signed_is_refused(stack: Stack, signed: str, sent: str) -> None:
    headers = api.owner_of(stack).signature(path(stack), signed)
    assert api.get(stack.api + path(stack, f"?{signed}"), headers)[0] == 200
    status, answer = api.get(stack.api + path(stack, sent), headers)
    assert (status, answer["error_code"]) == (401, "APIGW.0301")


def test_a_wrong_secret_is_refused(stack: Stack) -> None:
    status, answer = api.list_tasks(replace(stack, secret_key="not it"))
    assert (status, answer["error_code"]) == (401, "APIGW.0301")


def test_the_engines_own_paths_are_not_behind_the_door(stack: Stack) -> None:
    request = Request(stack.api + "/_ministack/reset", method="POST")  # noqa: S310
    opener = build_opener(ProxyHandler({}))
    with pytest.raises(OSError, match="404"):
        opener.open(request)
    assert stack.client("s3").head_bucket(Bucket=stack.upload_bucket)
