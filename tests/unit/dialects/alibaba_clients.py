"""Both generations of the vendor's own client, unmodified, talking HTTP to an API in this process."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any
from unittest import mock

from alibabacloud_multimediaai20190810.client import Client as NewClient
from alibabacloud_tea_openapi import models as open_api
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest
from darabonba.runtime import RuntimeOptions

from cliploop.dialects.alibaba_gif.api import AlibabaGifApi
from cliploop.dialects.http import HttpRequest
from cliploop.domain.access_key import AccessKey
from tests.unit.dialects.alibaba_world import KEY


class Front:
    """Answers HTTP by the API, and keeps what it was asked."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.requests: list[HttpRequest] = []

    def new(self, key: AccessKey = KEY, token: str | None = None) -> NewClient:
        return NewClient(self._config(key, token))

    def old(self, key: AccessKey = KEY) -> AcsClient:
        return AcsClient(key.key_id, key.secret, "cn-beijing", auto_retry=False)

    def send(self, request: Any, key: AccessKey = KEY, prefix: str = "") -> dict[str, Any]:
        """A request of the old client's, sent; the reply as it gives it."""
        request.set_endpoint(f"{self.address}{prefix}")
        reply: dict[str, Any] = json.loads(self.old(key).do_action_with_exception(request))
        return reply

    def common(self, action: str, method: str = "GET", **parameters: str) -> CommonRequest:
        """The old client's request for an action of which it has no model."""
        request = CommonRequest(self.address, "2019-08-10", action)
        request.set_method(method)
        for name, value in parameters.items():
            request.add_query_param(name, value)
        return request

    def generic(self, action: str, query: dict[str, str], body: dict[str, str] | None = None) -> dict[str, Any]:
        """The new client's call of an action by name, which is signed with ACS3-HMAC-SHA256."""
        params = open_api.Params(
            action=action,
            version="2019-08-10",
            protocol="HTTP",
            pathname="/",
            method="POST",
            auth_type="AK",
            style="RPC",
            req_body_type="formData",
            body_type="json",
        )
        reply: dict[str, Any] = self.new().call_api(
            params, open_api.OpenApiRequest(query=query, body=body), RuntimeOptions()
        )["body"]
        return reply

    def _config(self, key: AccessKey, token: str | None) -> open_api.Config:
        return open_api.Config(
            access_key_id=key.key_id,
            access_key_secret=key.secret,
            security_token=token,
            endpoint=self.address,
            protocol="http",
            region_id="cn-beijing",
        )


@contextmanager
def answering(api: AlibabaGifApi) -> Iterator[Front]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            path, _, query = self.path.partition("?")
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            front.requests.append(HttpRequest(self.command, path, query, headers, body, "request-1"))
            reply = api.answer(front.requests[-1])
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        do_GET = do_POST  # noqa: N815  # the base class's names

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server, _no_proxies():
        front = Front(f"127.0.0.1:{server.server_port}")
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield front
        finally:
            server.shutdown()
            thread.join()


def _no_proxies() -> Any:
    """An environment in which the clients talk to this machine itself."""
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return mock.patch.dict(os.environ, kept | {"NO_PROXY": "*"}, clear=True)
