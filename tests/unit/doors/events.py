"""Events as AWS sends them, cut to what a door or its library reads."""

from __future__ import annotations

import base64
import json
from typing import Any

HOST = "api.example"

_SQS = {
    "receiptHandle": "handle",
    "messageAttributes": {},
    "md5OfBody": "",
    "eventSource": "aws:sqs",
    "awsRegion": "eu-north-1",
}


def sqs_message(queue: str, body: dict[str, Any], message_id: str = "m1", receives: int = 1) -> dict[str, Any]:
    """A message that a queue hands to a function."""
    return _SQS | {
        "messageId": message_id,
        "body": json.dumps(body),
        "attributes": {"ApproximateReceiveCount": str(receives)},
        "eventSourceARN": f"arn:aws:sqs:eu-north-1:123456789012:{queue}",
    }


def object_created(key: str, version: str, size: int, reason: str = "PutObject") -> dict[str, Any]:
    """EventBridge's "Object Created"; its key is not URL-encoded."""
    return {
        "version": "0",
        "detail-type": "Object Created",
        "source": "aws.s3",
        "region": "eu-north-1",
        "detail": {
            "version": "0",
            "bucket": {"name": "uploads"},
            "object": {"key": key, "size": size, "etag": "e", "version-id": version, "sequencer": "00"},
            "reason": reason,
        },
    }


def http_event(
    method: str, path: str, query: str, headers: dict[str, str] | None = None, body: bytes = b""
) -> dict[str, Any]:
    """An HTTP API's request, payload format 2.0."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"host": HOST, **(headers or {})},
        "requestContext": {
            "http": {"method": method, "path": path, "sourceIp": "192.0.2.1", "protocol": "HTTP/1.1"},
            "stage": "$default",
            "requestId": "r",
        },
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }
