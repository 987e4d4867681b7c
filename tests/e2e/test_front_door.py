"""The front door neither signs nor rewrites: what a client signed is what is checked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.request import ProxyHandler, Request, build_opener

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local import api
from local.stack import Stack

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def user(stack: Stack) -> Iterator[Credentials]:
    """Somebody of the account who may call the API and nothing else. (The engine does not check its root's keys.)"""
    iam = stack.client("iam")
    iam.create_user(UserName="caller")
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="caller", PolicyName="call", PolicyDocument=document)
    key = iam.create_access_key(UserName="caller")["AccessKey"]
    yield Credentials(key["AccessKeyId"], key["SecretAccessKey"])
    iam.delete_access_key(UserName="caller", AccessKeyId=key["AccessKeyId"])


def signature(stack: Stack, path: str, keys: Credentials) -> dict[str, str]:
    request = AWSRequest("GET", stack.api + path)
    SigV4Auth(keys, "execute-api", stack.region).add_auth(request)
    return dict(request.headers)


def test_a_signature_over_the_root_path_and_the_query_holds(stack: Stack, user: Credentials) -> None:
    path = f"/v1/{stack.project_id}/animated-graphics?size=1&page=0"
    status, answer = api.get(stack.api + path, signature(stack, path, user))
    assert (status, answer["tasks"].__class__) == (200, list)


@pytest.mark.parametrize(
    ("signed", "sent"), [("?size=1", "?size=2"), ("?size=1", "?size=1&page=0"), ("?size=1&page=0", "?size=1")]
)
def test_a_query_that_was_not_signed_is_refused(stack: Stack, user: Credentials, signed: str, sent: str) -> None:
    path = f"/v1/{stack.project_id}/animated-graphics"
    status, answer = api.get(stack.api + path + sent, signature(stack, path + signed, user))
    assert status == 403
    assert "signature" in answer["message"]


def test_a_wrong_secret_is_refused(stack: Stack, user: Credentials) -> None:
    path = f"/v1/{stack.project_id}/animated-graphics"
    keys = Credentials(user.access_key, "not it")
    assert api.get(stack.api + path, signature(stack, path, keys))[0] == 403


def test_the_engines_own_paths_are_not_behind_the_door(stack: Stack) -> None:
    request = Request(stack.api + "/_ministack/reset", method="POST")  # noqa: S310
    opener = build_opener(ProxyHandler({}))
    with pytest.raises(OSError, match="404"):
        opener.open(request)
    assert stack.client("s3").head_bucket(Bucket=stack.upload_bucket)
