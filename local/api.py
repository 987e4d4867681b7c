from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local.stack import Stack


def list_tasks(stack: Stack, query: Sequence[tuple[str, str]] = ()) -> tuple[int, dict[str, Any]]:
    """Ask the stack's API about tasks, as an owner of its keys: the status and the answer."""
    path = f"/v1/{stack.project_id}/animated-graphics"
    return signed_get(stack, f"{path}?{urlencode(query)}" if query else path)


def signed_get(stack: Stack, path: str) -> tuple[int, dict[str, Any]]:
    """GET with AWS's signature, which the API asks for (AWS_IAM)."""
    request = AWSRequest("GET", stack.api + path)
    keys = Credentials(stack.aws_access_key_id, stack.aws_secret_access_key)
    SigV4Auth(keys, "execute-api", stack.region).add_auth(request)
    return get(stack.api + path, dict(request.headers))


def get(url: str, headers: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
    """GET past any proxy of the environment: everything here is on this machine."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, headers=headers or {})
    try:
        with opener.open(request, timeout=35) as reply:
            return reply.status, json.loads(reply.read())
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, json.loads(refusal.read() or b"{}")
