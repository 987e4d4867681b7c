"""Requests and replies as API Gateway's HTTP APIs carry them (payload format 2.0)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from cliploop.dialects.http import HttpReply, HttpRequest


def read_event(event: Mapping[str, Any], request_id: str) -> HttpRequest:
    """The request as it was sent: a signature covers its bytes, so nothing may be parsed and written anew."""
    body = event.get("body") or ""
    return HttpRequest(
        method=event["requestContext"]["http"]["method"],
        path=event["rawPath"],
        query=event.get("rawQueryString", ""),
        headers={name.lower(): value for name, value in event.get("headers", {}).items()},
        body=base64.b64decode(body) if event.get("isBase64Encoded") else body.encode(),
        request_id=request_id,
    )


def write_reply(reply: HttpReply) -> dict[str, Any]:
    """The reply as the function returns it."""
    headers = dict(reply.headers)
    if reply.body:
        headers["Content-Type"] = reply.content_type
    return {
        "statusCode": reply.status.value,
        "headers": headers,
        "body": reply.body.decode(),
        "isBase64Encoded": False,
    }
