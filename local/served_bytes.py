"""How many bytes S3 sent for each object: what reading a section of a video really costs.

Counted where they leave for the socket, in small pieces and only as far as the client takes them: a reader that asks
for "from here to the end" and hangs up after a megabyte is counted for about a megabyte, not for the rest of the
file. Included are headers, and what lay in the sockets' buffers when the client hung up.
"""

from __future__ import annotations

import json
import os
import socket
from collections import Counter
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.events import Closed, RawData

if TYPE_CHECKING:
    from local.front_door import App, Message, Send

PATH = "/_served_bytes"
_PIECE = 64 * 1024
_served: Counter[str] = Counter()


@dataclass(slots=True)
class _Transfer:
    """One reply on its way."""

    key: str
    hung_up: bool = False


_transfer: ContextVar[_Transfer | None] = ContextVar("transfer", default=None)


def with_served_bytes(app: App) -> App:
    """The engine, plus a count per object (`bucket/key`) at `PATH`, with the process that counted."""
    plain_send: Any = TCPServer.protocol_send

    async def send_on_wire(server: Any, event: Any) -> None:
        transfer = _transfer.get()
        if transfer and isinstance(event, RawData):
            await _send_and_count(server, event.data, transfer)
        else:
            await plain_send(server, event)

    TCPServer.protocol_send = send_on_wire  # type: ignore[method-assign, assignment]

    async def counted(scope: Message, receive: Any, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == PATH:
            await _report(send)
        elif scope["type"] == "http" and scope["method"] == "GET" and not scope["path"].startswith("/_"):
            transfer = _Transfer(unquote(scope["raw_path"].decode("ascii")).lstrip("/"))
            _transfer.set(transfer)
            await app(scope, receive, _in_pieces(send, transfer))
        else:
            await app(scope, receive, send)

    return counted


def _in_pieces(send: Send, transfer: _Transfer) -> Send:
    """A body in pieces, until the client hangs up; the engine hands over 500 MB in one."""

    async def send_pieces(message: Message) -> None:
        body = message.get("body", b"")
        for start in range(_PIECE, len(body), _PIECE):
            if transfer.hung_up:
                return
            await send({**message, "body": body[start - _PIECE : start], "more_body": True})
        last = max(len(body) - 1, 0) // _PIECE * _PIECE
        if not transfer.hung_up:
            await send({**message, "body": body[last:]} if body else message)

    return send_pieces


async def _send_and_count(server: Any, data: bytes, transfer: _Transfer) -> None:
    writer = server.writer
    writer.transport.set_write_buffer_limits(high=_PIECE)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * _PIECE)
    async with server.send_lock:
        try:
            writer.write(data)
            await writer.drain()
        except (ConnectionError, RuntimeError):
            transfer.hung_up = True
    if transfer.hung_up:
        await server.protocol.handle(Closed())
    else:
        _served[transfer.key] += len(data)


async def _report(send: Send) -> None:
    body = json.dumps({"engine": os.getpid(), "objects": _served}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
