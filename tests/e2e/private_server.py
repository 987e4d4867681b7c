"""What somebody runs at the one private address that the local stack knows: a film to fetch, an address to call back."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Heard:
    """A POST, whatever it was answered with."""

    path: str
    headers: Message
    body: bytes


@dataclass
class PrivateServer:
    """Its state. ``refusals`` are the statuses of the next callbacks; then they are taken with 200.

    A path in ``refusals_at`` has its own.
    """

    address: str
    film: bytes
    callbacks: list[dict[str, Any]] = field(default_factory=list)
    refusals: list[int] = field(default_factory=list)
    refusals_at: dict[str, list[int]] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)
    served: list[str] = field(default_factory=list)

    def url(self, path: str) -> str:
        return f"http://{self.address}{path}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    state: PrivateServer


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        state = self.server.state
        state.served.append(self.path)
        if self.path.startswith("/away"):
            self._answer(302, Location="http://169.254.169.254/latest/meta-data/")
        elif self.path.startswith("/film"):
            self._answer(200, state.film)
        elif self.path.startswith("/slow"):
            self._drip(state.film)
        else:
            self._answer(404, b"no such film")

    def do_POST(self) -> None:
        state = self.server.state
        body = self.rfile.read(int(self.headers["Content-Length"]))
        state.heard.append(Heard(self.path, self.headers, body))
        refusals = state.refusals_at.get(self.path, state.refusals)
        status = refusals.pop(0) if refusals else 200
        if status == 200:
            state.callbacks.append(json.loads(body))
        self._answer(status)

    def handle(self) -> None:
        with suppress(OSError):  # the caller has gone, as it does from a slow film
            super().handle()

    def log_message(self, *_: Any) -> None:
        pass

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _drip(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        for start in range(0, len(body), 200):
            self.wfile.write(body[start : start + 200])
            self.wfile.flush()
            time.sleep(0.2)


@contextmanager
def serving(address: str, film: bytes) -> Iterator[PrivateServer]:
    """Serve until the block ends: ``/film.mp4``, ``/slow.mp4``, ``/away`` (a redirect), and POST to any path."""
    host, _, port = address.rpartition(":")
    server = _Server((host, int(port)), _Handler)
    server.state = PrivateServer(address, film)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
