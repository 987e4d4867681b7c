"""What one callback to a receiver that means ill costs: real servers, real sockets, and a bound on each.

The bounds are those of the release, with the time shortened where it says so.
"""

from __future__ import annotations

import socket
import ssl
import struct
import threading
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from cliploop.adapters.outside_web import OutsideWeb
from cliploop.adapters.outside_web_connection import Routes
from cliploop.application.ports_events import Callback
from cliploop.application.send_callback import SendCallback
from cliploop.domain.errors import CliploopError, ErrorCode
from cliploop.domain.web_address import AllowedTargets
from cliploop.testing import (
    InMemoryCallbackKeys,
    InMemoryEventSettingsStore,
    InMemoryLaidAsideCallbacks,
    SettableClock,
)
from tests.unit.adapters.outside_servers import Behaviour, Exchange, OutsideServer, always, answer, serving

#: Instead of 10 s.
PATIENCE_S = 0.5
#: What a shared machine may take besides.
SLACK_S = 4.0
HEAD = b"HTTP/1.1 200 OK\r\n"


def send(server: OutsideServer, body_bytes: int = 10, scheme: str = "http") -> bool:
    """One try, with all other bounds as they are."""
    web = OutsideWeb(Routes(AllowedTargets.read(server.target), tls=ssl.create_default_context()))
    sender = SendCallback(
        web,
        InMemoryEventSettingsStore(),
        InMemoryCallbackKeys(),
        InMemoryLaidAsideCallbacks(),
        lambda body, _key, _now_s: body,
        SettableClock(),
        answer_within_s=PATIENCE_S,
    )
    callback = Callback("p", "d", server.url("/hook", scheme=scheme), {"Text": "x" * body_bytes})
    return sender(callback, 1)


@contextmanager
def bounded(most_bytes: int = 8_000_000) -> Iterator[None]:
    """Fails where the block takes longer, or more memory, than one try may."""
    tracemalloc.start()
    started = time.monotonic()
    try:
        yield
        took_s = time.monotonic() - started
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert took_s < PATIENCE_S + SLACK_S
    assert most < most_bytes


def fails(server: OutsideServer, body_bytes: int = 10, scheme: str = "http") -> None:
    """The try ends within its bounds, as one that is worth another."""
    with bounded(8_000_000 + 5 * body_bytes), pytest.raises(CliploopError) as raised:
        send(server, body_bytes, scheme)
    assert (raised.value.code, raised.value.retryable) == (ErrorCode.FETCH_FAILED, True)


def hangs(exchange: Exchange) -> None:
    exchange.over.wait(10)


def drips(head: bytes, every: bytes) -> Behaviour:
    def behave(exchange: Exchange) -> None:
        exchange.send(head)
        exchange.drip(every, 0.02)

    return behave


#: Bytes that an endless one may get rid of: what is read of it, and what the buffers of two sockets hold.
MOST_SENT = 16_000_000


def endless(head: bytes, block: bytes) -> Behaviour:
    """As much as is taken, which may not be much."""

    def behave(exchange: Exchange) -> None:
        exchange.send(head)
        for _ in range(MOST_SENT // len(block)):
            if exchange.over.is_set():
                return
            exchange.send(block)
        taken_without_end.append(block)

    return behave


#: What was taken without end in a test.
taken_without_end: list[bytes] = []


@pytest.fixture(autouse=True)
def nothing_without_end() -> Iterator[None]:
    taken_without_end.clear()
    yield
    assert taken_without_end == [], "a receiver was listened to without end"


def resets(exchange: Exchange) -> None:
    """A connection that is closed with what arrived unread, or with this option, ends in RST."""
    exchange.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    exchange.connection.close()


def resets_in_the_middle(exchange: Exchange) -> None:
    exchange.send(HEAD + b"Content-Le")
    resets(exchange)


@pytest.mark.parametrize(
    "behave",
    [
        hangs,
        drips(b"", b"H"),
        drips(HEAD, b"a"),
        drips(HEAD, b"A: b\r\n"),
        drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        resets,
        resets_in_the_middle,
        lambda exchange: exchange.connection.close(),
        always(b"SSH-2.0-OpenSSH_9.6\r\n"),
        always(b"\x00" * 70_000),
        endless(HEAD + b"A: ", b"b" * 65_536),
    ],
    ids=[
        *(
            "hangs",
            "drips a status",
            "drips a header",
            "drips headers",
            "drips 100s",
            "resets",
            "resets in the middle",
        ),
        *("closes", "speaks no HTTP", "sends zeros", "sends an endless header"),
    ],
)
def test_a_receiver_that_gives_no_answer_costs_one_bounded_try(behave: Behaviour) -> None:
    with serving(behave) as server:
        fails(server)


def test_headers_without_end_cost_a_bounded_try() -> None:
    with serving(endless(HEAD, b"A: b\r\n" * 10_000)) as server:
        fails(server)


def test_answers_before_the_answer_without_end_cost_a_bounded_try() -> None:
    continues = endless(b"", (b"HTTP/1.1 100 Continue\r\nA: " + b"b" * 8_000 + b"\r\n\r\n") * 10)
    with serving(continues) as server, bounded(), pytest.raises(CliploopError, match="more headers or framing"):
        send(server)


@pytest.mark.parametrize(
    "behave",
    [
        endless(HEAD + b"Content-Length: 10737418240\r\n\r\n", b"x" * 65_536),
        endless(HEAD + b"\r\n", b"x" * 65_536),
        endless(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b"x" * 65_536 + b"\r\n"),
        endless(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1;" + b"y" * 60_000 + b"\r\nx\r\n"),
        drips(HEAD + b"Content-Length: 10737418240\r\n\r\n", b"x"),
        drips(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    ],
    ids=["10 GB", "no end", "chunks without end", "framing without end", "drips 10 GB", "drips chunks"],
)
def test_a_reply_without_end_is_a_success_that_costs_a_bounded_try(behave: Behaviour) -> None:
    with serving(behave) as server, bounded():
        assert send(server)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with serving(always(answer(b""))) as elsewhere:
        redirect = always(answer(b"", f"Location: {elsewhere.url()}", status=f"{status} Elsewhere"))
        with serving(redirect) as server:
            fails(server)
        assert len(server.requests) == 1
        assert elsewhere.requests == []


def test_a_receiver_that_never_reads_costs_one_bounded_try() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=1) as listener:
        # Far more than an event, and than what the buffers of a loopback take from a sender without delay.
        fails(OutsideServer(listener.getsockname()[1]), body_bytes=20_000_000)


@pytest.mark.parametrize("said", [b"", b"\x16\x03\x03", b"\x16\x03\x03\x40\x00" + b"\x02"])
def test_a_handshake_that_hangs_or_drips_costs_one_bounded_try(said: bytes) -> None:
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip() -> None:
            connection, _ = listener.accept()
            with connection:
                for byte in [*said, *[0] * 1000]:
                    if over.wait(0.02):
                        return
                    if said:
                        try:
                            connection.sendall(bytes([byte]))
                        except OSError:
                            return

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            fails(OutsideServer(listener.getsockname()[1]), scheme="https")
        finally:
            over.set()
            thread.join()


def test_the_patience_of_the_release_is_ten_seconds_and_a_third_of_the_functions_time() -> None:
    assert SendCallback.answer_within_s == 10.0
    web = OutsideWeb(Routes())
    assert web.silence_s <= 10
