"""Servers of this machine that behave, and that do not."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

#: What a server does with the request that it has read: bytes go out by ``send``, until ``over`` is set.
Behaviour = Callable[["Exchange"], None]


@dataclass
class Exchange:
    """One request, and the way to answer it."""

    request: bytes
    connection: socket.socket
    over: threading.Event

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def drip(self, data: bytes, every_s: float) -> None:
        """The same bytes again and again, for as long as anybody listens."""
        while not self.over.wait(every_s):
            self.send(data)


@dataclass
class OutsideServer:
    """Answers every connection by ``behave``."""

    port: int
    requests: list[bytes] = field(default_factory=list)

    def url(self, path: str = "/clip.mp4", host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.port}"


@contextmanager
def serving(behave: Behaviour, tls: ssl.SSLContext | None = None) -> Iterator[OutsideServer]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = OutsideServer(listener.getsockname()[1])
    over = threading.Event()
    threads: list[threading.Thread] = []

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            if tls:
                connection = tls.wrap_socket(connection, server_side=True)
            with connection:
                if request := _request(connection):
                    server.requests.append(request)
                    behave(Exchange(request, connection, over))

    def accept() -> None:
        with suppress(OSError):  # the listener is closed: that is all
            while True:
                thread = threading.Thread(target=serve, args=(listener.accept()[0],))
                threads.append(thread)
                thread.start()

    acceptor = threading.Thread(target=accept)
    acceptor.start()
    try:
        yield server
    finally:
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
        acceptor.join()
        listener.close()
        for thread in threads:
            thread.join()


def _request(connection: socket.socket) -> bytes:
    """One request, with its body; the first words of TLS where somebody expects that; nothing if nothing came."""
    data = connection.recv(65_536)
    if data[:1] in {b"", b"\x16"}:
        return data
    while b"\r\n\r\n" not in data:
        data += _more(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            while len(body) < int(line.split(b":")[1]):
                body += _more(connection)
    return head + b"\r\n\r\n" + body


def _more(connection: socket.socket) -> bytes:
    if not (data := connection.recv(65_536)):
        raise ConnectionAbortedError
    return data


def answer(body: bytes = b"", *headers: str, status: str = "200 OK") -> bytes:
    """A complete answer; its length is told unless ``headers`` tell one."""
    told = " ".join(headers).lower()
    length = () if "content-length" in told or "transfer-encoding" in told else (f"Content-Length: {len(body)}",)
    return "\r\n".join((f"HTTP/1.1 {status}", *headers, *length, "", "")).encode() + body


def always(data: bytes) -> Behaviour:
    return lambda exchange: exchange.send(data)
