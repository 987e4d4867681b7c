"""A store that serves files by ranges over HTTP, and counts what it puts on the wire."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CHUNK = 1 << 16


class RangeServer(ThreadingHTTPServer):
    """Attributes: bytes_served, requests, and ``refuse``: a status to answer with for a path."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder = folder
        self.bytes_served = 0
        self.requests = 0
        self.refuse: dict[str, list[int]] = {}
        self.drops = False
        self.lock = threading.Lock()

    def url(self, name: str) -> str:
        # A name and not 127.0.0.1: buckets have names.
        return f"http://localhost:{self.server_port}/{name}?X-Amz-Signature=secret"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: RangeServer

    def do_GET(self) -> None:
        name = self.path.partition("?")[0].lstrip("/")
        with self.server.lock:
            self.server.requests += 1
            answers = self.server.refuse.get(name, [])
            status = answers.pop(0) if len(answers) > 1 else answers[0] if answers else 0
        if status:
            self._answer(status, b"")
            return
        self._serve(self.server.folder / name)
        if self.server.drops:
            self.close_connection = True

    def _serve(self, path: Path) -> None:
        size = path.stat().st_size
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "bytes=0-"))
        assert asked
        start, end = int(asked[1]), min(int(asked[2] or size), size - 1)
        if start > end:
            self._answer(416, b"")
            return
        self.send_response(206)
        self.send_header("Content-Length", str(end + 1 - start))
        self.send_header("Content-Range", f"bytes {start}-{end}/{size}")
        self.send_header("Accept-Ranges", "bytes")
        self.end_headers()
        self._send(path, start, end + 1 - start)

    def _send(self, path: Path, start: int, count: int) -> None:
        with path.open("rb") as file:
            file.seek(start)
            while count and (chunk := file.read(min(CHUNK, count))):
                try:
                    self.wfile.write(chunk)
                except OSError:
                    self.close_connection = True
                    return
                count -= len(chunk)
                with self.server.lock:
                    self.server.bytes_served += len(chunk)

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle(self) -> None:
        # A killed client resets the connection; that is its right.
        with suppress(ConnectionError):
            super().handle()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(folder: Path) -> Iterator[RangeServer]:
    server = RangeServer(folder)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
