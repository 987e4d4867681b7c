"""The API at the root of a port of its own, as API Gateway serves it.

The engine keeps an API under `/_aws/execute-api/{id}/{stage}/`. The vendors' clients cannot carry a prefix, and a
signature covers host, path, query and body. So this door stands inside the engine, on a second port: the prefix is
put on after a request has arrived, and the function sees the path without it. Nothing is proxied or signed.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Message = MutableMapping[str, Any]
    Send = Callable[[Message], Awaitable[None]]
    App = Callable[[Message, Any, Send], Awaitable[None]]


def with_front_door(app: App, port: int) -> App:
    """The engine, plus the API on `port`."""

    async def front_door(scope: Message, receive: Any, send: Send) -> None:
        if scope["type"] != "http" or scope["server"][1] != port:
            await app(scope, receive, send)
            return
        api = _the_api()
        if api is None:
            await _not_yet(send)
            return
        prefix = f"/_aws/execute-api/{api}/$default"
        raw_path = prefix.encode() + scope["raw_path"]
        await app({**scope, "path": prefix + scope["path"], "raw_path": raw_path}, receive, send)

    return front_door


def _the_api() -> str | None:
    """The id of the stack's API. There is one stack, and it has one."""
    from ministack.services import apigateway  # noqa: PLC0415  heavy, and only the engine's process has use for it

    ids = [scoped[-1] for scoped in apigateway._apis.to_dict()]  # noqa: SLF001
    return str(ids[-1]) if ids else None


async def _not_yet(send: Send) -> None:
    body = json.dumps({"message": "The stack is not deployed yet."}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": body})
