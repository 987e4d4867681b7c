"""What the vendor's own client sends, recorded on this machine."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any
from unittest import mock

from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.credential import Credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.vod.v20180717 import models
from tencentcloud.vod.v20180717.vod_client import VodClient

from cliploop.dialects.http import HttpRequest
from cliploop.domain.access_key import AccessKey

KEY = AccessKey("AKIDrecorded", "not-a-secret", "0" * 32)
#: What a client signs that is told of a gateway in front of another host.
OTHER_HOST = "vod.tencentcloudapi.com"

PARAMETERS = {
    "FileId": "5285890784246869930",
    "MediaProcessTask": {
        "AnimatedGraphicTaskSet": [
            {"Definition": 20000, "StartTimeOffset": 1.5},
            {"Definition": 20001, "EndTimeOffset": -2},
        ]
    },
    "SessionContext": "ü&次=1 +%26_",
}


@dataclass(frozen=True)
class Way:
    """How the client is set up."""

    name: str
    signature: str = "TC3-HMAC-SHA256"
    method: str = "POST"
    generic: bool = False
    gateway: bool = False
    unsigned_payload: bool = False
    token: str | None = None


HEADER_WAYS = (
    Way("TC3 POST"),
    Way("TC3 GET", method="GET"),
    Way("TC3 generic client", generic=True),
    Way("TC3 through a gateway", gateway=True),
)
PARAMETER_WAYS = (
    Way("HmacSHA1 POST", "HmacSHA1"),
    Way("HmacSHA1 GET", "HmacSHA1", "GET"),
    Way("HmacSHA256 POST", "HmacSHA256"),
    Way("HmacSHA256 GET", "HmacSHA256", "GET"),
    Way("HmacSHA256 through a gateway", "HmacSHA256", gateway=True),
)
WAYS = HEADER_WAYS + PARAMETER_WAYS


@cache
def recorded(way: Way) -> HttpRequest:
    """The client's request to process a medium."""
    with _server() as (address, requests), _no_proxies(), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the client's use of the standard library
        profile = ClientProfile(way.signature, HttpProfile("http", address, way.method))
        profile.unsignedPayload = way.unsigned_payload
        if way.gateway:
            profile.httpProfile.endpoint = OTHER_HOST
            profile.httpProfile.apigw_endpoint = address
        _call(way, profile)
    (request,) = requests
    return request


def _call(way: Way, profile: ClientProfile) -> None:
    credential = Credential(KEY.key_id, KEY.secret, way.token)
    if way.generic:
        client = CommonClient("vod", "2018-07-17", credential, "ap-guangzhou", profile)
        client.call_json("ProcessMedia", PARAMETERS)
    else:
        client = VodClient(credential, "ap-guangzhou", profile)
        asked = models.ProcessMediaRequest()
        asked.from_json_string(json.dumps(PARAMETERS))
        client.ProcessMedia(asked)
    client.request.conn._session.close()


@contextmanager
def _server() -> Iterator[tuple[str, list[HttpRequest]]]:
    """A server's host with its port, and what it was sent; whatever that is, it says that it is done."""
    requests: list[HttpRequest] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            path, _, query = self.path.partition("?")
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            requests.append(HttpRequest(self.command, path, query, headers, body, "r"))
            reply = b'{"Response": {"TaskId": "t", "RequestId": "r"}}'
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        do_GET = do_POST  # noqa: N815  # the base class's names

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}", requests
        finally:
            server.shutdown()
            thread.join()


def _no_proxies() -> Any:
    """An environment in which the client talks to this machine itself."""
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return mock.patch.dict(os.environ, kept | {"NO_PROXY": "*"}, clear=True)
