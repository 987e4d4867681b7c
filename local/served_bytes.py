"""How many bytes S3 sent for each object: what reading a section of a video really costs.

Counted where they leave for the socket, in small pieces and only as far as the client takes them: a reader that asks
for "from here to the end" and hangs up after a megabyte is counted for about a megabyte, not for the rest of the file.
Included are headers and what lay in the socket's buffers when the client hung up (at most some hundred kilobytes).
"""

from __future__ import annotations

import json
import socket
from collections import Counter
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.events import Closed, RawData

if TYPE_CHECKING:
    from local.front_door import App, Message, Send

PATH = "/_served_bytes"
_PIECE = 64 * 1024
_served: Counter[str] = Counter()
_object: ContextVar[str] = ContextVar("object", default="")


def with_served_bytes(app: App) -> App:
    """The engine, plus a count per object (`bucket/key`) at `PATH`."""
    plain_send = TCPServer.protocol_send

    async def counting_send(server: Any, event: Any) -> None:
        if _object.get() and isinstance(event, RawData):
            await _send_in_pieces(server, event.data, _object.get())
        else:
            await plain_send(server, event)

    TCPServer.protocol_send = counting_send

    async def counted(scope: Message, receive: Any, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == PATH:
            await _report(send)
            return
        if scope["type"] == "http" and scope["method"] == "GET" and not scope["path"].startswith("/_"):
            _object.set(unquote(scope["raw_path"].decode("ascii")).lstrip("/"))
        await app(scope, receive, send)

    return counted


async def _send_in_pieces(server: Any, data: bytes, key: str) -> None:
    writer = server.writer
    writer.transport.set_write_buffer_limits(high=_PIECE)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * _PIECE)
    async with server.send_lock:
        try:
            for start in range(0, len(data), _PIECE):
                piece = memoryview(data)[start : start + _PIECE]
                writer.write(piece)
                await writer.drain()
                _served[key] += len(piece)
        except (ConnectionError, RuntimeError):
            gone = True
        else:
            gone = False
    if gone:
        await server.protocol.handle(Closed())


async def _report(send: Send) -> None:
    body = json.dumps(_served).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
