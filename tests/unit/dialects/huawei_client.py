"""The vendor's own client, talking to a server on this machine."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any
from unittest import mock

from cliploop.dialects.http import HttpReply, HttpRequest, json_reply
from cliploop.domain.access_key import AccessKey

with mock.patch.dict(os.environ):  # it would keep an id of its own in the home of whoever runs the tests
    os.environ.pop("HOME", None)
    from huaweicloudsdkcore.auth.credentials import BasicCredentials
    from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException, ServerResponseException
    from huaweicloudsdkcore.http.http_config import HttpConfig
    from huaweicloudsdkcore.region.region import Region
    from huaweicloudsdkcore.signer.algorithm import SigningAlgorithm
    from huaweicloudsdkcore.signer.hkdf import get_der_key_sha256
    from huaweicloudsdkmpc.v1 import (
        AnimatedGraphicsOutputParam,
        AnimatedGraphicsTask,
        CreateAnimatedGraphicsTaskReq,
        CreateAnimatedGraphicsTaskRequest,
        DeleteAnimatedGraphicsTaskRequest,
        ListAnimatedGraphicsTaskRequest,
        MpcClient,
        ObsObjInfo,
    )

__all__ = [
    "AnimatedGraphicsOutputParam",
    "AnimatedGraphicsTask",
    "ClientRequestException",
    "CreateAnimatedGraphicsTaskReq",
    "CreateAnimatedGraphicsTaskRequest",
    "DeleteAnimatedGraphicsTaskRequest",
    "ListAnimatedGraphicsTaskRequest",
    "MpcClient",
    "ObsObjInfo",
    "ServerResponseException",
    "get_der_key_sha256",
]
PROJECT_ID = "0123456789abcdef0123456789abcdef"
KEY = AccessKey("HWAKrecorded", "not-a-secret", PROJECT_ID)


@dataclass(frozen=True)
class Way:
    """How the client is set up, and what it is told to do."""

    name: str
    operation: str
    derived: bool = False
    token: str | None = None
    security_token: str | None = None
    project_id: str = PROJECT_ID
    algorithm: Any = SigningAlgorithm.HMAC_SHA256


CREATE_WAY = Way("create", "create")
SIGNED_WAYS = (
    CREATE_WAY,
    Way("create with a derived key", "create", derived=True),
    Way("list by ids", "list_by_ids"),
    Way("list by a filter", "list_by_filter"),
    Way("list with a derived key", "list_by_filter", derived=True),
    Way("list with a token beside", "list_by_ids", token="some token"),
    Way("cancel", "cancel"),
)


def place(**fields: str) -> Any:
    """A bucket, a folder or a key, and so on, as the client has it."""
    return ObsObjInfo(**fields)


def param(**fields: Any) -> Any:
    """What to make, as the client has it."""
    return AnimatedGraphicsOutputParam(**fields)


OTHER_ALGORITHMS = (SigningAlgorithm.HMAC_SM3, SigningAlgorithm.ECDSA_P256_SHA256, SigningAlgorithm.SM2_SM3)

REQUESTS: dict[str, tuple[str, Any]] = {
    "create": (
        "create_animated_graphics_task",
        CreateAnimatedGraphicsTaskRequest(
            CreateAnimatedGraphicsTaskReq(
                input=place(bucket="uploads", location="eu-north-1", object="in/输入 a+b&c=%.mp4"),
                output=place(bucket="out", location="eu-north-1", object="out/", file_name="ü.gif"),
                user_data="ü&次=1 +%26_",
                output_param=param(format="gif", width=480, height=-1, start=100, end=250, frame_rate=15),
            )
        ),
    ),
    "list_by_ids": (
        "list_animated_graphics_task",
        ListAnimatedGraphicsTaskRequest(task_id=["9", "10", "2"]),
    ),
    "list_by_filter": (
        "list_animated_graphics_task",
        ListAnimatedGraphicsTaskRequest(
            x_language="en-us",
            status="SUCCEED",
            start_time="20201119000000",
            end_time="20201120000000",
            page=0,
            size=10,
        ),
    ),
    "cancel": ("delete_animated_graphics_task", DeleteAnimatedGraphicsTaskRequest(task_id="30647")),
}


@cache
def recorded(way: Way) -> HttpRequest:
    """What the client sends."""
    requests: list[HttpRequest] = []

    def answer(request: HttpRequest) -> HttpReply:
        requests.append(request)
        return json_reply({})

    name, asked = REQUESTS[way.operation]
    with serving(answer) as address, connected(address, way) as client:
        invoker = getattr(client, f"{name}_invoker")(asked)
        if way.token:
            invoker.add_header("X-Auth-Token", way.token)
        invoker.invoke()
    (request,) = requests
    return request


@contextmanager
def connected(address: str, way: Way = CREATE_WAY, key: AccessKey = KEY) -> Iterator[Any]:
    """The client of a server."""
    credentials = BasicCredentials(key.key_id, key.secret, way.project_id)
    config = HttpConfig(signing_algorithm=way.algorithm, ignore_ssl_verification=True)
    builder = MpcClient.new_builder().with_http_config(config)
    if way.security_token:
        credentials = credentials.with_security_token(way.security_token)
    if way.derived:
        credentials = credentials.with_derived_predicate(BasicCredentials.get_default_derived_predicate())
        # This version of the client has the algorithm, and does not name its own service to it.
        builder = builder.with_region(Region("cn-north-4", address))._with_derived_auth_service_name("mpc")
    else:
        builder = builder.with_endpoint(address)
    with mock.patch.dict(os.environ, {"NO_PROXY": "*", "no_proxy": "*"}):
        client = builder.with_credentials(credentials).build()
        try:
            yield client
        finally:
            client.get_http_client().close()


@contextmanager
def serving(answer: Callable[[HttpRequest], HttpReply]) -> Iterator[str]:
    """A server's address; ``answer`` is what it does."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            path, _, query = self.path.partition("?")
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            reply = answer(HttpRequest(self.command, path, query, headers, body, "request-1"))
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.body:
                self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        do_GET = do_DELETE = do_PUT = do_POST  # noqa: N815  # the base class's names

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
