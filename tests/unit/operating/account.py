"""As much of an AWS account, over HTTP, as the operator's commands ask: CloudFormation's stacks, and one function."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote

_STACK = """<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult>
<Stacks><member><StackName>s</StackName><StackId>i</StackId><CreationTime>2026-11-21T00:00:00Z</CreationTime>
<StackStatus>CREATE_COMPLETE</StackStatus><Outputs>{outputs}</Outputs></member></Stacks></DescribeStacksResult>
<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></DescribeStacksResponse>"""
_OUTPUT = "<member><OutputKey>{}</OutputKey><OutputValue>{}</OutputValue></member>"
_ERROR = """<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error><Type>Sender</Type>
<Code>{code}</Code><Message>{message}</Message></Error><RequestId>r</RequestId></ErrorResponse>"""


@dataclass
class Account:
    """Its state.

    Attributes:
        stacks: the outputs of each stack.
        answer: what the function answers to an event.
        refuses: the code with which a service refuses, by its name.
        function_error: whether the function ends by an exception, of which ``answer`` then is the description.
    """

    endpoint: str = ""
    stacks: dict[str, dict[str, str]] = field(default_factory=dict)
    answer: Callable[[dict[str, Any]], Any] = lambda _: {}
    refuses: dict[str, str] = field(default_factory=dict)
    function_error: bool = False
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    account: Account


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if invoked := re.fullmatch(r"/2015-03-31/functions/(.+)/invocations", self.path):
            self._invoke(unquote(invoked[1]), body)
        else:
            self._describe(parse_qs(body.decode())["StackName"][0])

    def handle(self) -> None:
        with suppress(OSError):  # the caller was stopped, and has gone
            super().handle()

    def log_message(self, *_: Any) -> None:
        pass

    def _describe(self, name: str) -> None:
        account = self.server.account
        if name in account.stacks and "cloudformation" not in account.refuses:
            outputs = "".join(_OUTPUT.format(*pair) for pair in account.stacks[name].items())
            self._reply(200, _STACK.format(outputs=outputs))
        else:
            code = account.refuses.get("cloudformation", "ValidationError")
            self._reply(400, _ERROR.format(code=code, message=f"Stack with id {name} does not exist"))

    def _invoke(self, function: str, body: bytes) -> None:
        account = self.server.account
        if code := account.refuses.get("lambda"):
            self._reply(403, json.dumps({"Message": "no"}), {"x-amzn-ErrorType": code})
            return
        event = json.loads(body)
        account.events.append((function, event))
        headers = {"X-Amz-Function-Error": "Unhandled"} if account.function_error else {}
        self._reply(200, json.dumps(account.answer(event)), headers)

    def _reply(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(text.encode())), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode())


@contextmanager
def serving() -> Iterator[Account]:
    """An account that lasts as long as the block."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.account = Account(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server.account
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
