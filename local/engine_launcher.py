"""The engine's process: ministack with its corrections, the count of served bytes and the API's front door.

Started by `local.engine`, never imported by it.
"""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sys
import threading
import time
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack import app as engine

from local import corrections
from local.front_door import with_front_door
from local.served_bytes import with_served_bytes


def main() -> None:
    """Serve until SIGTERM, or until the process that started this one is gone."""
    port, front_port = int(os.environ["GATEWAY_PORT"]), int(os.environ["FRONT_DOOR_PORT"])
    corrections.apply(os.environ["FUNCTION_PYTHON"])
    _raise_file_limit()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    config = Config()
    config.bind = [f"127.0.0.1:{port}", f"127.0.0.1:{front_port}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1
    app: Any = with_served_bytes(with_front_door(corrections.as_over_tls(engine.app), front_port))
    try:
        asyncio.run(serve(app, config))
    except OSError as problem:
        sys.exit(f"The engine cannot listen on 127.0.0.1:{port} and :{front_port}: {problem.strerror}.")


def _raise_file_limit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _end_with_parent() -> None:
    """A demo that was killed outright cannot stop its engine; the engine notices."""
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(1)
    os.killpg(os.getpgrp(), signal.SIGTERM)


if __name__ == "__main__":
    main()
