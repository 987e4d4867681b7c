"""What the page tells receivers to do is done here, word for word, to what the stack really sends."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from email.message import Message
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from cliploop.adapters.outside_web import OutsideWeb
from cliploop.adapters.outside_web_connection import Routes
from cliploop.application.ports_events import Callback
from cliploop.application.send_callback import SendCallback
from cliploop.dialects.tencent_vod.callback import sign
from cliploop.domain.event_settings import EventSettings
from cliploop.domain.web_address import AllowedTargets
from cliploop.testing import (
    InMemoryCallbackKeys,
    InMemoryEventSettingsStore,
    InMemoryLaidAsideCallbacks,
    SettableClock,
)
from tests.receiver import receiving

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "howto" / "verify-a-callback.md").read_text()
EXAMPLE = (ROOT / "examples" / "verify_callback.py").read_text()
(CODE,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)

OLD, NEW = "the-old-key-of-callbacks", "the-new-key-of-callbacks"
EVENT = {"EventType": "ProcedureStateChanged", "Name": "小猫 ü", "DeliveryId": "5d0c1f4be8c04f9a9d3f3c8a1f0e7b62"}


@dataclass
class Sent:
    """A callback as it arrived."""

    headers: Message
    body: bytes


@dataclass
class Stack:
    """Sends callbacks, now."""

    keys: list[str] = field(default_factory=lambda: [OLD])

    def sends(self, ago_s: int = 0, *, of_task: bool = False) -> Sent:
        clock, settings = SettableClock(int(time.time() - ago_s) * 1000), InMemoryEventSettingsStore()
        settings.put("p", EventSettings(sign_key="the vendor's"))
        with receiving() as receiver:
            web = OutsideWeb(Routes(AllowedTargets.read(receiver.target)))
            keys, aside = InMemoryCallbackKeys(self.keys), InMemoryLaidAsideCallbacks()
            send = SendCallback(web, settings, keys, aside, sign, clock)
            assert send(Callback("p", EVENT["DeliveryId"], receiver.url, EVENT, of_task=of_task), 1)
            ((_, headers, body),) = receiver.heard
        message = Message()
        for name, value in headers.items():
            message[name] = value
        return Sent(message, body)


@pytest.fixture
def stack() -> Stack:
    return Stack()


def receiver_with(key: str) -> dict[str, Any]:
    """The page's code, run in a process that has the key."""
    names: dict[str, Any] = {}
    with mock.patch.dict("os.environ", {"CALLBACK_KEY": key}):
        exec(compile(CODE, "verify-a-callback.md", "exec"), names)  # noqa: S102  # which is what is tested
    return names


@pytest.fixture
def receiver() -> dict[str, Any]:
    return receiver_with(OLD)


def test_the_example_is_a_server_around_the_pages_code() -> None:
    imports, _, rest = CODE.partition("\n\n")
    assert rest in EXAMPLE
    assert set(imports.splitlines()) <= set(EXAMPLE.splitlines())
    function = rest[rest.index("def is_genuine") : rest.index("told:")]
    assert len(function.strip().splitlines()) <= 20


@pytest.mark.parametrize("of_task", [False, True])
def test_what_the_stack_sends_is_genuine(stack: Stack, receiver: dict[str, Any], *, of_task: bool) -> None:
    sent = stack.sends(of_task=of_task)
    assert receiver["is_genuine"](sent.headers, sent.body)
    assert receiver["take"](sent.headers, sent.body) == 204


def test_an_event_that_comes_twice_is_done_once(
    stack: Stack, receiver: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        sent = stack.sends()
        assert receiver["take"](sent.headers, sent.body) == 204
    assert capsys.readouterr().out.count(EVENT["DeliveryId"]) == 1


def test_another_body_is_not_genuine(stack: Stack, receiver: dict[str, Any]) -> None:
    sent = stack.sends()
    for body in (sent.body + b" ", sent.body[:-1], b"", sent.body.replace(b"5d0c", b"5d0d")):
        assert not receiver["is_genuine"](sent.headers, body)
        assert receiver["take"](sent.headers, body) == 401


@pytest.mark.parametrize(("ago_s", "good"), [(-290, True), (290, True), (310, False), (-310, False)])
def test_only_what_was_sent_a_moment_ago_is_genuine(
    stack: Stack, receiver: dict[str, Any], ago_s: int, *, good: bool
) -> None:
    sent = stack.sends(ago_s)
    assert receiver["is_genuine"](sent.headers, sent.body) is good


def test_an_old_callback_is_not_genuine_under_a_new_time(stack: Stack, receiver: dict[str, Any]) -> None:
    old = stack.sends(3600)
    old.headers.replace_header("X-Cliploop-Timestamp", str(int(time.time())))
    assert not receiver["is_genuine"](old.headers, old.body)


@pytest.mark.parametrize("name", ["X-Cliploop-Timestamp", "X-Cliploop-Signature"])
@pytest.mark.parametrize("value", [None, "", "x", "v1=", "1e9", "-1", "９" * 10, "9" * 5000, "v1=ü", "²"])
def test_headers_that_are_nonsense_are_not_genuine(
    stack: Stack, receiver: dict[str, Any], name: str, value: str | None
) -> None:
    sent = stack.sends()
    del sent.headers[name]
    if value is not None:
        sent.headers[name] = value
    assert receiver["is_genuine"](sent.headers, sent.body) is False


def test_while_a_key_is_changed_whoever_has_either_one_can_verify(stack: Stack) -> None:
    for keys, good in (([OLD], {OLD}), ([NEW, OLD], {OLD, NEW}), ([NEW], {NEW})):
        stack.keys = keys
        sent = stack.sends()
        assert {key for key in (OLD, NEW) if receiver_with(key)["is_genuine"](sent.headers, sent.body)} == good


def test_a_version_that_comes_some_day_does_not_matter(stack: Stack, receiver: dict[str, Any]) -> None:
    sent = stack.sends()
    both = f"v2=abc, {sent.headers['X-Cliploop-Signature']}"
    sent.headers.replace_header("X-Cliploop-Signature", both)
    assert receiver["is_genuine"](sent.headers, sent.body)


@pytest.fixture
def server() -> Iterator[int]:
    """The example as it stands, with the old key; its port."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = int(held.getsockname()[1])
    words = [sys.executable, "-u", str(ROOT / "examples" / "verify_callback.py"), str(port)]
    with subprocess.Popen(
        words, env={"CALLBACK_KEY": OLD}, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    ) as run:
        try:
            for _ in range(200):
                with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                time.sleep(0.05)
            yield port
        finally:
            run.kill()


def status_of(port: int, sent: Sent, body: bytes | None = None) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    with closing(connection):
        names = [name for name in sent.headers if name.startswith("X-")]
        headers = {name.lower(): sent.headers[name] for name in names}  # as HTTP/2 would have them
        connection.request("POST", "/", sent.body if body is None else body, headers)
        return connection.getresponse().status


def test_the_example_takes_what_the_stack_sends_and_nothing_else(stack: Stack, server: int) -> None:
    sent = stack.sends()
    assert [status_of(server, sent), status_of(server, sent)] == [204, 204]
    assert status_of(server, sent, sent.body + b" ") == 401
    assert status_of(server, stack.sends(400)) == 401
    assert status_of(server, sent, b"x" * 300_001) == 413
